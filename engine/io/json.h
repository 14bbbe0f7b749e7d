// JSON from files that anybody may have written.
#ifndef BARYON_ENGINE_IO_JSON_H_
#define BARYON_ENGINE_IO_JSON_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace baryon {

using Json = nlohmann::json;

// The value that `text` is. Errors: DATA_LOSS, "line 3: expected JSON, got ...", where it is none, or is nested more
// than kMostJsonDepth deep; RESOURCE_EXHAUSTED beyond kMostJsonValues, which take some hundred megabytes.
absl::StatusOr<Json> ParseJson(absl::string_view text);
constexpr int kMostJsonDepth = 64;
constexpr int kMostJsonValues = 1 << 22;

// What kind of value `json` is, for messages: "an array".
absl::string_view JsonKind(const Json& json);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_JSON_H_
