#include "server/services/json_inputs.h"

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/error_details.h"
#include "server/quote.h"

namespace baryon {
namespace {

constexpr absl::string_view kBase64 = "b64";

bool IsKind(JsonValue& value, simdjson::ondemand::json_type kind) {
  simdjson::ondemand::json_type type;
  return value.type().get(type) == simdjson::SUCCESS && type == kind;
}

// The bytes of {"b64": "..."}; nothing when `value` is something else.
absl::StatusOr<std::string> ReadBase64(JsonValue value, absl::string_view where) {
  BARYON_ASSIGN_OR_RETURN(const JsonObject object, ReadObject(value, where));
  std::optional<std::string> bytes;
  BARYON_RETURN_IF_ERROR(ForEachField(object, where, [&](absl::string_view key, JsonValue field) -> absl::Status {
    if (key != kBase64) return absl::InvalidArgumentError(absl::StrCat(where, ": expected {\"b64\": ...}"));
    BARYON_ASSIGN_OR_RETURN(const std::string text, ReadString(field, where));
    std::string decoded;
    if (!absl::Base64Unescape(text, &decoded) && !absl::WebSafeBase64Unescape(text, &decoded)) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": expected base64 as b64"));
    }
    bytes = std::move(decoded);
    return absl::OkStatus();
  }));
  if (bytes.has_value()) return *std::move(bytes);
  return absl::InvalidArgumentError(absl::StrCat(where, ": expected {\"b64\": ...}"));
}

// Is the first key of `object` b64? It can be read afterwards all the same.
bool StartsWithBase64(JsonObject& object) {
  bool found = false;
  for (auto result : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (std::move(result).get(field) == simdjson::SUCCESS && field.unescaped_key().get(key) == simdjson::SUCCESS) {
      found = key == "b64";
    }
    break;
  }
  (void)object.reset();
  return found;
}

}  // namespace

JsonInputs::JsonInputs(const ServedModel& model) : model_(model) {
  for (const TensorSpec& spec : model.signature().inputs) {
    if (spec.optional) continue;
    const bool takes_pictures = model.pictures() != nullptr && model.pictures()->input == spec.name;
    const DType dtype = spec.type.dtype == DType::kUnknown ? DType::kFloat32 : spec.type.dtype;
    fields_.push_back(std::make_unique<Field>(spec.name, takes_pictures, dtype));
  }
}

absl::StatusOr<JsonInputs::Field*> JsonInputs::FieldOf(absl::string_view name) {
  std::string names;
  for (const auto& field : fields_) {
    if (field->name == name) return field.get();
    absl::StrAppend(&names, names.empty() ? "" : ", ", Quote(field->name));
  }
  return WithReason(
      WithField(absl::InvalidArgumentError(absl::StrCat("no input is called ", Quote(name), ", expected ", names)),
                "name", names, Quote(name)),
      "INPUT_UNKNOWN");
}

// One row of an input: a picture, or the elements of the row.
absl::Status JsonInputs::AddRowOf(Field& field, JsonValue value, absl::string_view where) {
  field.given = field.by_rows = true;
  if (field.takes_pictures && IsKind(value, simdjson::ondemand::json_type::string)) {
    BARYON_ASSIGN_OR_RETURN(field.pictures.emplace_back(), ReadString(value, where));
    return absl::OkStatus();
  }
  if (field.takes_pictures && IsKind(value, simdjson::ondemand::json_type::object)) {
    BARYON_ASSIGN_OR_RETURN(field.pictures.emplace_back(), ReadBase64(value, where));
    return absl::OkStatus();
  }
  return field.elements.Add(value, where);
}

absl::Status JsonInputs::AddColumnOf(Field& field, JsonValue value, absl::string_view where) {
  if (!field.takes_pictures) {
    field.given = true;
    return field.elements.Add(value, where);
  }
  BARYON_ASSIGN_OR_RETURN(const JsonArray array, ReadArray(value, where));
  return ForEachElement(array, where, [&](size_t, JsonValue row) { return AddRowOf(field, row, where); });
}

absl::Status JsonInputs::AddByName(JsonObject object, absl::string_view where, bool row) {
  return ForEachField(object, where, [&](absl::string_view name, JsonValue field_value) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(Field * field, FieldOf(name));
    const std::string there = absl::StrCat(where, ".", name);
    return row ? AddRowOf(*field, field_value, there) : AddColumnOf(*field, field_value, there);
  });
}

absl::Status JsonInputs::AddRow(JsonValue row, absl::string_view where) {
  ++num_rows_;
  if (IsKind(row, simdjson::ondemand::json_type::object)) {
    BARYON_ASSIGN_OR_RETURN(JsonObject object, ReadObject(row, where));
    if (!StartsWithBase64(object)) return AddByName(object, where, /*row=*/true);
  }
  if (only() != nullptr) return AddRowOf(*fields_[0], row, where);
  return JsonMismatch(row, where, "an object of values by input");
}

absl::Status JsonInputs::AddColumns(JsonValue columns, absl::string_view where) {
  if (IsKind(columns, simdjson::ondemand::json_type::object)) {
    BARYON_ASSIGN_OR_RETURN(JsonObject object, ReadObject(columns, where));
    if (!StartsWithBase64(object)) return AddByName(object, where, /*row=*/false);
  }
  if (only() != nullptr) return AddColumnOf(*fields_[0], columns, where);
  return JsonMismatch(columns, where, "an object of arrays by input");
}

absl::Status JsonInputs::AddColumnsByName(JsonObject columns, absl::string_view where) {
  return AddByName(columns, where, /*row=*/false);
}

absl::Status JsonInputs::AddColumn(JsonArray column, absl::string_view where) {
  if (only() == nullptr) return absl::InvalidArgumentError("expected an object of arrays by input, got an array");
  Field& field = *fields_[0];
  if (field.takes_pictures) {
    return ForEachElement(column, where, [&](size_t, JsonValue row) { return AddRowOf(field, row, where); });
  }
  field.given = true;
  return field.elements.Add(column, where);
}

absl::StatusOr<Tensors> JsonInputs::Finish() {
  InputBinder binder(model_);
  for (const auto& field : fields_) {
    if (!field->given) continue;  // the binder says so
    absl::Status status;
    if (!field->pictures.empty()) {
      status = binder.AddPictures(field->name,
                                  std::vector<absl::string_view>(field->pictures.begin(), field->pictures.end()));
    } else {
      absl::StatusOr<Tensor> tensor = field->by_rows ? field->elements.TakeRows() : field->elements.Take();
      status = tensor.ok() ? binder.AddTensor(field->name, *std::move(tensor)) : tensor.status();
    }
    if (!status.ok()) return InField(status, absl::StrCat("inputs[", Quote(field->name), "]"));
  }
  return binder.Finish();
}

}  // namespace baryon
