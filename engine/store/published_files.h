// What the pretrained zoo has published: a table of facts. Whoever fetches a file compares it with the SHA-1 here.
#ifndef BARYON_ENGINE_STORE_PUBLISHED_FILES_H_
#define BARYON_ENGINE_STORE_PUBLISHED_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace baryon::store {

enum class Release {
  kCurrent,     // what MXNet's get_model(pretrained=True) loads since 1.3
  kSuperseded,  // what it loaded before; still on mirrors
  kGluonCv,     // the same network, trained again for GluonCV
};

// A parameter file. Its archive is gluon/models/STEM.zip below the zoo's address, with the one member STEM.params.
struct PublishedFile {
  absl::string_view name;  // of the network, as zoo::NetworkName gives it
  absl::string_view sha1;  // of the unpacked .params
  Release release;

  absl::string_view tag() const;  // the first 8 digits of `sha1`
  std::string stem() const;       // "resnet50_v2-ecdde353"
};

// All of them, those of one release together.
absl::Span<const PublishedFile> PublishedFiles();

// The current file of a network among `files`, under any of the network's names; or, for "NAME-TAG", the file of that
// tag. Errors: NOT_FOUND, with what there is.
absl::StatusOr<PublishedFile> FindPublished(absl::string_view name,
                                            absl::Span<const PublishedFile> files = PublishedFiles());

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_PUBLISHED_FILES_H_
