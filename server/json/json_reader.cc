#include "server/json/json_reader.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/quote.h"

namespace baryon {
namespace {

using simdjson::ondemand::json_type;

absl::string_view View(std::string_view text) { return absl::string_view(text.data(), text.size()); }

absl::Status TooDeep(absl::string_view where) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(where), ": expected at most ", kMostJsonDepth, " arrays and objects in each other"));
}

absl::Status SkipNested(JsonValue value, absl::string_view where, int depth);

absl::Status SkipScalar(JsonValue value, absl::string_view where) {
  json_type type;
  if (const auto error = value.type().get(type)) return JsonSyntaxError(error, where);
  simdjson::error_code error = simdjson::SUCCESS;
  if (type == json_type::string) {
    error = value.get_string().error();
  } else if (type == json_type::number) {
    error = value.get_number().error();
  } else if (type == json_type::boolean) {
    error = value.get_bool().error();
  } else {
    bool is_null = false;
    error = value.is_null().get(is_null);
    if (error == simdjson::SUCCESS && !is_null) error = simdjson::N_ATOM_ERROR;
  }
  return error == simdjson::SUCCESS ? absl::OkStatus() : JsonSyntaxError(error, where);
}

absl::Status SkipNested(JsonValue value, absl::string_view where, int depth) {
  json_type type;
  if (const auto error = value.type().get(type)) return JsonSyntaxError(error, where);
  if (type != json_type::array && type != json_type::object) return SkipScalar(value, where);
  if (depth > kMostJsonDepth) return TooDeep(where);
  if (type == json_type::array) {
    BARYON_ASSIGN_OR_RETURN(const JsonArray array, ReadArray(value, where));
    return ForEachElement(array, where,
                          [&](size_t, JsonValue element) { return SkipNested(element, where, depth + 1); });
  }
  BARYON_ASSIGN_OR_RETURN(const JsonObject object, ReadObject(value, where));
  return ForEachField(object, where,
                      [&](absl::string_view, JsonValue field) { return SkipNested(field, where, depth + 1); });
}

}  // namespace

absl::Status JsonSyntaxError(simdjson::error_code error, absl::string_view where) {
  if (error == simdjson::MEMALLOC) return absl::ResourceExhaustedError("no memory to read JSON");
  return absl::InvalidArgumentError(absl::StrCat(where.empty() ? "" : absl::StrCat(std::string(where), ": "),
                                                 "expected JSON: ", simdjson::error_message(error)));
}

absl::Status JsonMismatch(JsonValue value, absl::string_view where, absl::string_view expected) {
  const absl::string_view token = absl::StripTrailingAsciiWhitespace(View(value.raw_json_token()));
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(where), ": expected ", std::string(expected), ", got ", Quote(token)));
}

absl::Status JsonText::Open(absl::string_view text) {
  if (const auto error = parser_.iterate(text.data(), text.size(), text.size() + kJsonPadding).get(document_)) {
    return JsonSyntaxError(error, "");
  }
  return absl::OkStatus();
}

absl::StatusOr<JsonObject> JsonText::Object() {
  JsonObject object;
  if (const auto error = document_.get_object().get(object)) {
    return error == simdjson::INCORRECT_TYPE ? absl::InvalidArgumentError("expected a JSON object")
                                             : JsonSyntaxError(error, "");
  }
  return object;
}

absl::StatusOr<JsonArray> JsonText::Array() {
  JsonArray array;
  if (const auto error = document_.get_array().get(array)) {
    return error == simdjson::INCORRECT_TYPE ? absl::InvalidArgumentError("expected a JSON array")
                                             : JsonSyntaxError(error, "");
  }
  return array;
}

absl::Status JsonText::Finish() {
  if (document_.current_location().error() == simdjson::OUT_OF_BOUNDS) return absl::OkStatus();
  return absl::InvalidArgumentError("expected one JSON value, got more behind it");
}

absl::Status ForEachField(JsonObject object, absl::string_view where,
                          absl::FunctionRef<absl::Status(absl::string_view key, JsonValue value)> fn) {
  absl::flat_hash_set<std::string> seen;
  for (auto result : object) {
    simdjson::ondemand::field field;
    if (const auto error = std::move(result).get(field)) return JsonSyntaxError(error, where);
    std::string_view unescaped;
    if (const auto error = field.unescaped_key().get(unescaped)) return JsonSyntaxError(error, where);
    const auto [key, is_new] = seen.insert(std::string(unescaped));
    if (!is_new) {
      return absl::InvalidArgumentError(absl::StrCat(where.empty() ? "" : absl::StrCat(std::string(where), ": "),
                                                     "the key ", Quote(*key), " stands there twice"));
    }
    BARYON_RETURN_IF_ERROR(fn(*key, field.value()));
  }
  return absl::OkStatus();
}

absl::Status ForEachElement(JsonArray array, absl::string_view where,
                            absl::FunctionRef<absl::Status(size_t index, JsonValue value)> fn) {
  size_t index = 0;
  for (auto result : array) {
    JsonValue element;
    if (const auto error = std::move(result).get(element)) return JsonSyntaxError(error, where);
    BARYON_RETURN_IF_ERROR(fn(index++, element));
  }
  return absl::OkStatus();
}

absl::StatusOr<JsonObject> ReadObject(JsonValue value, absl::string_view where) {
  JsonObject object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return JsonMismatch(value, where, "an object");
  return object;
}

absl::StatusOr<JsonArray> ReadArray(JsonValue value, absl::string_view where) {
  JsonArray array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return JsonMismatch(value, where, "an array");
  return array;
}

absl::StatusOr<std::string> ReadString(JsonValue value, absl::string_view where) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return JsonMismatch(value, where, "a string");
  return std::string(text);
}

absl::StatusOr<int64_t> ReadInteger(JsonValue value, absl::string_view where) {
  int64_t integer;
  if (value.get_int64().get(integer) != simdjson::SUCCESS) return JsonMismatch(value, where, "an integer");
  return integer;
}

absl::StatusOr<bool> ReadBool(JsonValue value, absl::string_view where) {
  bool boolean;
  if (value.get_bool().get(boolean) != simdjson::SUCCESS) return JsonMismatch(value, where, "true or false");
  return boolean;
}

absl::StatusOr<std::vector<int64_t>> ReadIntegers(JsonValue value, absl::string_view where) {
  BARYON_ASSIGN_OR_RETURN(const JsonArray array, ReadArray(value, where));
  std::vector<int64_t> integers;
  BARYON_RETURN_IF_ERROR(ForEachElement(array, where, [&](size_t, JsonValue element) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(const int64_t integer, ReadInteger(element, where));
    integers.push_back(integer);
    return absl::OkStatus();
  }));
  return integers;
}

absl::Status SkipValue(JsonValue value, absl::string_view where) { return SkipNested(value, where, 2); }

}  // namespace baryon
