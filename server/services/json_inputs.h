// The inputs of a model in JSON that says neither dtype nor shape: they follow from the model and the nesting.
#ifndef BARYON_SERVER_SERVICES_JSON_INPUTS_H_
#define BARYON_SERVER_SERVICES_JSON_INPUTS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/batching/rows.h"
#include "server/json/json_reader.h"
#include "server/json/json_tensor.h"
#include "server/models/served_model.h"
#include "server/services/tensor_codec.h"

namespace baryon {

// Gathers values by input, as the row and the column format of TensorFlow Serving's REST API have them. A picture is a
// text of its bytes, or {"b64": "..."}. Numbers may be NaN, Infinity and -Infinity. Errors are INVALID_ARGUMENT and
// name the input. One thread.
class JsonInputs {
 public:
  explicit JsonInputs(const ServedModel& model);

  // The only input that a request has to give, or nullptr when there are several.
  const std::string* only() const { return fields_.size() == 1 ? &fields_[0]->name : nullptr; }

  // One row: a value, of a model with one input, or an object of values by input.
  absl::Status AddRow(JsonValue row, absl::string_view where);
  // Whole inputs: a value, of a model with one input, or an object.
  absl::Status AddColumns(JsonValue columns, absl::string_view where);
  // The same for what stands at the top of the text: the only input, or an object.
  absl::Status AddColumn(JsonArray column, absl::string_view where);
  absl::Status AddColumnsByName(JsonObject columns, absl::string_view where);

  // What was given, one row at least.
  absl::StatusOr<Tensors> Finish();
  int64_t num_rows() const { return num_rows_; }  // that were added one by one

 private:
  // An input on its way.
  struct Field {
    std::string name;
    bool takes_pictures = false;
    bool given = false;
    bool by_rows = false;  // values were added one by one
    JsonTensorBuilder elements;
    std::vector<std::string> pictures;

    Field(std::string name, bool takes_pictures, DType dtype)
        : name(std::move(name)), takes_pictures(takes_pictures), elements(dtype, {.allow_not_finite = true}) {}
  };

  absl::StatusOr<Field*> FieldOf(absl::string_view name);
  absl::Status AddRowOf(Field& field, JsonValue value, absl::string_view where);
  absl::Status AddColumnOf(Field& field, JsonValue value, absl::string_view where);
  absl::Status AddByName(JsonObject object, absl::string_view where, bool row);

  const ServedModel& model_;
  std::vector<std::unique_ptr<Field>> fields_;
  int64_t num_rows_ = 0;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_JSON_INPUTS_H_
