// Where a model came from and what its files were then: provenance.json beside them.
//
//   {"name": "resnet18_v1", "source": "https://.../gluon/models/resnet18_v1-a0666292.zip", "digest": "a06662...",
//    "architecture": "resnet18_v1", "time": "2026-11-28T11:00:00Z",
//    "files": {"resnet18_v1-0000.params": {"bytes": 46803592, "sha256": "9f86d0..."}, ...}}
#ifndef BARYON_ENGINE_STORE_PROVENANCE_H_
#define BARYON_ENGINE_STORE_PROVENANCE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace baryon::store {

constexpr char kProvenanceName[] = "provenance.json";

struct Provenance {
  struct File {
    int64_t bytes = 0;
    std::string sha256;
  };
  std::string name;
  std::string source;        // address or path, without secrets
  std::string digest;        // of what the source holds, as its publisher names it: SHA-1 of the zoo's, else SHA-256
  std::string architecture;  // network of the zoo that the symbol was made from; empty: the source had a symbol
  std::string time;          // RFC 3339, UTC
  std::map<std::string, File> files;

  int64_t bytes() const;  // of all files
};

// Writes provenance.json for the files that lie in `folder` now; `files` of the argument are ignored. Errors: those of
// reading and writing.
absl::Status WriteProvenance(const std::string& folder, Provenance provenance);

// Errors: NOT_FOUND, there is none; DATA_LOSS and INVALID_ARGUMENT, it is none.
absl::StatusOr<Provenance> ReadProvenance(const std::string& folder);

// A sentence for each file of `folder` that is not what provenance.json says. Errors: as ReadProvenance.
absl::StatusOr<std::vector<std::string>> FindChanges(const std::string& folder);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_PROVENANCE_H_
