// Pretrained models from a zoo: that of MXNet, a mirror of it, or a private one with a zoo.json.
#ifndef BARYON_ENGINE_STORE_PULL_H_
#define BARYON_ENGINE_STORE_PULL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/store/fetch.h"
#include "engine/store/installation.h"
#include "engine/store/published_files.h"

namespace baryon::store {

// MXNET_GLUON_REPO, as MXNet reads it, else MXNet's own address.
std::string DefaultZoo();

struct PullOptions {
  // An address or a path: of a folder with a zoo.json or with MXNet's layout, gluon/models/STEM.zip; or of one such
  // .zip or .params itself.
  std::string from = DefaultZoo();
  FetchOptions fetch;  // but for `progress`: that is the watcher's
  // The files of the public zoo and its mirrors.
  absl::Span<const PublishedFile> published = PublishedFiles();
};

struct PulledModel {
  std::string folder;
  bool was_there = false;  // nothing was fetched
};

// The model `name` of the zoo into `root`. Names are those of zoo.json, else those of FindPublished. What was fetched
// is compared with the published digest before anything of it is used, and the model is shown once it has been checked
// that it loads. After an error nothing is visible that was not before; a transfer that broke goes on next time.
// Any number of threads and processes may pull the same at once: one works, the others wait and find it there. Errors:
// NOT_FOUND, no such model; DATA_LOSS, it is not what was published; those of FetchFile, ExtractArchive, Installation.
absl::StatusOr<PulledModel> Pull(const std::string& name, const ModelRoot& root, const PullOptions& options,
                                 const Watcher& watcher);

// What a zoo offers.
struct OfferedModel {
  std::string name;
  std::string architecture;  // "" for files with a symbol of their own
  std::string digest;
};

// The models of the zoo's index, in its order; without an index the 34 of MXNet. Errors: those of FetchFile, of
// ParseZooIndex.
absl::StatusOr<std::vector<OfferedModel>> ListOffered(const PullOptions& options);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_PULL_H_
