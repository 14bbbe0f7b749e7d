// Arrays in JSON to tensors and back, element by element where they belong.
#ifndef BARYON_SERVER_JSON_JSON_TENSOR_H_
#define BARYON_SERVER_JSON_JSON_TENSOR_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/tensor/tensor.h"
#include "server/json/json_reader.h"

namespace baryon {

// Elements are numbers for numeric dtypes and true or false for booleans. Integers have to be whole and in range,
// floats in range once rounded. Errors are INVALID_ARGUMENT and start with `where`.
struct JsonNumbers {
  bool allow_not_finite = false;  // the bare words NaN, Infinity and -Infinity, which are no JSON
};

// Fills `tensor`, which is allocated, from arrays nested as its shape says, or from one flat array.
absl::Status ReadElements(JsonArray array, absl::string_view where, JsonNumbers numbers, Tensor& tensor);

// Reads arrays nested however they are, and a scalar as rank 0, and finds the shape out. Rows can come one by one. One
// thread.
class JsonTensorBuilder {
 public:
  JsonTensorBuilder(DType dtype, JsonNumbers numbers);
  ~JsonTensorBuilder();

  // Adds the elements of `value`. Errors: its shape is not that of the values before.
  absl::Status Add(JsonValue value, absl::string_view where);
  // The same for an array that stands at the top of the text.
  absl::Status Add(JsonArray array, absl::string_view where);

  // The only value added; or all of them, one after another along a new axis 0. Errors: there are no elements.
  absl::StatusOr<Tensor> Take();
  absl::StatusOr<Tensor> TakeRows();

 private:
  class Elements;
  template <typename T>
  class ElementsOf;
  std::unique_ptr<Elements> elements_;
};

// Appends the elements as JSON: nested as the shape says, or flat. What is not finite is written as those bare words.
void AppendNested(const Tensor& tensor, std::string& json);
void AppendFlat(const Tensor& tensor, std::string& json);

// True when a floating tensor holds NaN or infinity: JSON has no way to say so.
bool HasNotFinite(const Tensor& tensor);

}  // namespace baryon

#endif  // BARYON_SERVER_JSON_JSON_TENSOR_H_
