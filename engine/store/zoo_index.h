// zoo.json: what a private zoo has. A folder with this file and those it names, served by any web server, is a zoo.
//
//   {"models": [
//     {"name": "flowers", "file": "flowers-3.zip", "sha256": "9f86d0...", "architecture": "resnet18_v1",
//      "classes": 5, "labels": ["daisy", "rose", ...], "preprocess": {"input": "data", "resize": 256, ...}},
//     {"name": "trees", "file": "trees.params", "sha256": "60303a...", "architecture": "vgg11", "labels": "trees.txt"},
//     {"name": "digits", "file": "mnist/digits.tar.gz", "sha256": "fcde2b..."}
//   ]}
//
// `file` lies below the folder of zoo.json: a .params, or an archive as ReadModelParts takes it. `architecture`, a
// network of the zoo, is for files without a symbol; `classes` are its outputs (1000). `labels` are texts, or the name
// of a file below the same folder with one a line. They and `preprocess` may be left out.
#ifndef BARYON_ENGINE_STORE_ZOO_INDEX_H_
#define BARYON_ENGINE_STORE_ZOO_INDEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baryon::store {

struct ZooEntry {
  std::string name;
  std::string file;          // relative to the index
  std::string sha256;        // of the file, 64 digits
  std::string architecture;  // as zoo::NetworkName gives it; empty: the file has a symbol
  int64_t classes = 1000;
  std::vector<std::string> labels;
  std::string labels_file;  // relative to the index; empty: `labels` are all
  std::string preprocess;   // JSON, sound as a preprocess.json; empty: none
};

constexpr char kIndexName[] = "zoo.json";
constexpr int64_t kMostIndexBytes = 16 << 20;

// The models that `json` lists, in its order; fields it does not know are left alone, for what comes later. Errors:
// DATA_LOSS, no JSON; INVALID_ARGUMENT, naming the model and field, or a name that comes twice.
absl::StatusOr<std::vector<ZooEntry>> ParseZooIndex(absl::string_view json);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_ZOO_INDEX_H_
