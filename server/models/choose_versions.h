// Which versions of a model to load, keep and retire.
#ifndef BARYON_SERVER_MODELS_CHOOSE_VERSIONS_H_
#define BARYON_SERVER_MODELS_CHOOSE_VERSIONS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/models/version_policy.h"

namespace baryon {

// A version that is on disk.
struct VersionFacts {
  int64_t number = 0;
  bool serves = false;    // from some files
  bool current = false;   // from the files that are there now
  bool loading = false;   // these files are being loaded
  bool may_load = false;  // they seem to be whole, and were not refused before
};

struct VersionChoice {
  std::vector<int64_t> load;  // now
  std::vector<int64_t> keep;  // those that should serve in the end, the ones to load among them
  bool settled = true;        // none of them is being loaded: all others may go
};

// Availability first: nothing that serves is retired before what replaces it serves. The policy's most wanted versions
// are taken, each from its newest files where these can be loaded, else as it serves; one that can do neither gives its
// place to the next. When nothing is left to take, what serves goes on (`keep` is empty). `versions` are ascending.
VersionChoice ChooseVersions(absl::Span<const VersionFacts> versions, const VersionPolicy& policy);

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_CHOOSE_VERSIONS_H_
