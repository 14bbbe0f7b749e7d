// Reading JSON that came over the network, on simdjson's on-demand parser: strict about syntax, duplicate keys and
// depth, and linear in time. Values are read in the order in which they stand, each once.
#ifndef BARYON_SERVER_JSON_JSON_READER_H_
#define BARYON_SERVER_JSON_JSON_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "simdjson.h"

namespace baryon {

using JsonValue = simdjson::ondemand::value;
using JsonObject = simdjson::ondemand::object;
using JsonArray = simdjson::ondemand::array;

// Bytes behind a text that must be readable, whatever they are.
constexpr size_t kJsonPadding = simdjson::SIMDJSON_PADDING;
constexpr int kMostJsonDepth = 100;  // of arrays and objects in each other

// A text while it is read. One thread.
class JsonText {
 public:
  // `text` stays as it is while this object lives, and kJsonPadding more bytes can be read behind it. Errors:
  // INVALID_ARGUMENT, it is no UTF-8 or has no structure; RESOURCE_EXHAUSTED, no memory.
  absl::Status Open(absl::string_view text);

  // The one value of the text. Errors of all: INVALID_ARGUMENT, it is something else.
  absl::StatusOr<JsonObject> Object();
  absl::StatusOr<JsonArray> Array();

  // INVALID_ARGUMENT unless the value was read to its end and nothing follows.
  absl::Status Finish();

 private:
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
};

// The functions below take `where`, the place of the value in the text, for their errors, which are INVALID_ARGUMENT:
//   parameters.timeout: expected an integer, got "soon"

// Calls `fn` with each key of `object`, unescaped, and its value, which `fn` has to read. Errors: those of `fn`; the
// same key twice; syntax.
absl::Status ForEachField(JsonObject object, absl::string_view where,
                          absl::FunctionRef<absl::Status(absl::string_view key, JsonValue value)> fn);
// The same for the elements of an array.
absl::Status ForEachElement(JsonArray array, absl::string_view where,
                            absl::FunctionRef<absl::Status(size_t index, JsonValue value)> fn);

absl::StatusOr<JsonObject> ReadObject(JsonValue value, absl::string_view where);
absl::StatusOr<JsonArray> ReadArray(JsonValue value, absl::string_view where);
absl::StatusOr<std::string> ReadString(JsonValue value, absl::string_view where);
absl::StatusOr<int64_t> ReadInteger(JsonValue value, absl::string_view where);
absl::StatusOr<bool> ReadBool(JsonValue value, absl::string_view where);
absl::StatusOr<std::vector<int64_t>> ReadIntegers(JsonValue value, absl::string_view where);

// Reads past a value that is not wanted; it has to be well formed all the same.
absl::Status SkipValue(JsonValue value, absl::string_view where);

// "expected `expected`, got `text of value`" at `where`.
absl::Status JsonMismatch(JsonValue value, absl::string_view where, absl::string_view expected);
// What simdjson found wrong.
absl::Status JsonSyntaxError(simdjson::error_code error, absl::string_view where);

}  // namespace baryon

#endif  // BARYON_SERVER_JSON_JSON_READER_H_
