// Python code in model archives: known, or somebody's own.
#ifndef BARYON_ENGINE_STORE_ARCHIVE_CODE_H_
#define BARYON_ENGINE_STORE_ARCHIVE_CODE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace baryon::store {

// The SHA-256 of the files that Multi Model Server offers as templates (examples/model_service_template), in every form
// they had.
absl::Span<const absl::string_view> KnownTemplates();

// OK when every file of code in the unpacked archive `folder` is one of `known`, to the byte. Errors:
// FAILED_PRECONDITION, naming the first other file and saying what to do; those of reading.
absl::Status CheckCode(const std::string& folder, absl::Span<const absl::string_view> known = KnownTemplates());

// What MAR-INF/MANIFEST.json calls the model; nothing when there is none or it is no such name. Errors:
// INVALID_ARGUMENT and DATA_LOSS, a manifest that is none.
absl::StatusOr<std::optional<std::string>> ManifestName(const std::string& folder);

// preprocess.json for what the templates do with a picture, by signature.json: resized to the shape of the first input
// by bicubic interpolation, levels from 0 to 255. "" when the archive takes no pictures. Errors: INVALID_ARGUMENT, a
// signature that is none.
absl::StatusOr<std::string> SignaturePreprocess(const std::string& folder);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_ARCHIVE_CODE_H_
