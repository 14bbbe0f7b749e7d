// One reader for nested arrays serves both directions: it hands elements to a sink, which is the memory of a tensor of
// known size or a vector that grows, and finds the shape on its way.
#include "server/json/json_tensor.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

constexpr size_t kMostAxes = 32;

// --- Elements

// NaN, Infinity, -Infinity: simdjson takes such a word for a scalar of no type.
bool ReadNotFinite(JsonValue& value, double& number) {
  const std::string_view token = value.raw_json_token();
  const absl::string_view word = absl::StripAsciiWhitespace(absl::string_view(token.data(), token.size()));
  if (word == "NaN") {
    number = std::numeric_limits<double>::quiet_NaN();
  } else if (word == "Infinity" || word == "-Infinity") {
    number = word[0] == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  } else {
    return false;
  }
  return true;
}

template <typename T>
bool ReadElement(JsonValue& value, JsonNumbers numbers, T& element) {
  if constexpr (std::is_same_v<T, bool>) {
    return value.get_bool().get(element) == simdjson::SUCCESS;
  } else if constexpr (kIsFloating<T>) {
    double number;
    if (value.get_double().get(number) != simdjson::SUCCESS) {
      if (!numbers.allow_not_finite || !ReadNotFinite(value, number)) return false;
      element = static_cast<T>(static_cast<ComputeType<T>>(number));
      return true;
    }
    element = static_cast<T>(static_cast<ComputeType<T>>(number));
    return std::isfinite(static_cast<ComputeType<T>>(element));
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return value.get_uint64().get(element) == simdjson::SUCCESS;
  } else {
    int64_t number;
    if (value.get_int64().get(number) != simdjson::SUCCESS) return false;
    element = static_cast<T>(number);
    return static_cast<int64_t>(element) == number;
  }
}

// --- Nesting

// Reads arrays in arrays. Sink: bool Push(T), false when there is no room.
template <typename T, typename Sink>
class NestedReader {
 public:
  NestedReader(absl::string_view where, JsonNumbers numbers, Sink& sink)
      : where_(where), numbers_(numbers), sink_(sink) {}

  // The sizes of the arrays, outermost first; -1 for those that nothing was in.
  const std::vector<int64_t>& dims() const { return dims_; }

  absl::Status ReadArrayAt(JsonArray array, size_t depth) {
    if (depth >= kMostAxes) return Refuse(absl::StrCat("expected at most ", kMostAxes, " arrays in each other"));
    if (dims_.size() <= depth) dims_.resize(depth + 1, kUnread);
    int64_t count = 0;
    for (auto result : array) {
      JsonValue value;
      if (const auto error = std::move(result).get(value)) return JsonSyntaxError(error, where_);
      BARYON_RETURN_IF_ERROR(ReadValueAt(value, depth + 1));
      ++count;
    }
    if (dims_[depth] == kUnread) dims_[depth] = count;
    if (dims_[depth] == count) return absl::OkStatus();
    return Refuse(absl::StrCat("expected ", dims_[depth], " values in each array of axis ", depth, ", got ", count));
  }

  absl::Status ReadValueAt(JsonValue value, size_t depth) {
    // Once a number was met, all others stand at its depth.
    if (leaf_depth_ == kUnread || depth < static_cast<size_t>(leaf_depth_)) {
      JsonArray array;
      const auto error = value.get_array().get(array);
      if (error == simdjson::SUCCESS) return ReadArrayAt(array, depth);
      if (error != simdjson::INCORRECT_TYPE) return JsonSyntaxError(error, where_);
      if (leaf_depth_ != kUnread || depth < dims_.size()) return JsonMismatch(value, where_, "an array, as before");
      leaf_depth_ = static_cast<int64_t>(depth);
    }
    T element;
    if (!ReadElement(value, numbers_, element)) return JsonMismatch(value, where_, DTypeName(DTypeOf<T>()));
    return sink_.Push(element) ? absl::OkStatus() : Refuse("more elements than its shape has");
  }

 private:
  static constexpr int64_t kUnread = -1;

  absl::Status Refuse(absl::string_view message) const {
    return absl::InvalidArgumentError(absl::StrCat(std::string(where_), ": ", std::string(message)));
  }

  const absl::string_view where_;
  const JsonNumbers numbers_;
  Sink& sink_;
  std::vector<int64_t> dims_;
  int64_t leaf_depth_ = kUnread;
};

template <typename T>
struct FixedSink {
  T* next;
  T* end;
  bool Push(T element) {
    if (next == end) return false;
    *next++ = element;
    return true;
  }
};

std::string ShapeText(const std::vector<int64_t>& dims) { return Shape(absl::MakeConstSpan(dims)).ToString(); }

template <typename T>
absl::Status FillTensor(JsonArray array, absl::string_view where, JsonNumbers numbers, Tensor& tensor) {
  T* const data = tensor.mutable_data<T>();
  FixedSink<T> sink{data, data + tensor.num_elements()};
  NestedReader<T, FixedSink<T>> reader(where, numbers, sink);
  BARYON_RETURN_IF_ERROR(reader.ReadArrayAt(array, 0));
  const std::vector<int64_t>& dims = reader.dims();
  const bool flat = dims.size() == 1, nested = Shape(absl::MakeConstSpan(dims)) == tensor.shape();
  if ((flat || nested) && sink.next == sink.end) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(where), ": expected arrays of ", tensor.shape().ToString(),
                                                 ", nested or flat, got ", ShapeText(dims)));
}

}  // namespace

absl::Status ReadElements(JsonArray array, absl::string_view where, JsonNumbers numbers, Tensor& tensor) {
  return DispatchDType(tensor.dtype(), [&](auto tag) {
    return FillTensor<typename decltype(tag)::type>(array, where, numbers, tensor);
  });
}

// --- Building

class JsonTensorBuilder::Elements {
 public:
  virtual ~Elements() = default;
  virtual absl::Status Add(JsonValue value, absl::string_view where) = 0;
  virtual absl::Status Add(JsonArray array, absl::string_view where) = 0;
  virtual absl::StatusOr<Tensor> Take(bool rows) = 0;
};

template <typename T>
class JsonTensorBuilder::ElementsOf final : public Elements {
 public:
  explicit ElementsOf(JsonNumbers numbers) : numbers_(numbers) {}

  absl::Status Add(JsonValue value, absl::string_view where) override {
    NestedReader<T, ElementsOf> reader(where, numbers_, *this);
    BARYON_RETURN_IF_ERROR(reader.ReadValueAt(value, 0));
    return CheckShape(reader.dims(), where);
  }

  absl::Status Add(JsonArray array, absl::string_view where) override {
    NestedReader<T, ElementsOf> reader(where, numbers_, *this);
    BARYON_RETURN_IF_ERROR(reader.ReadArrayAt(array, 0));
    return CheckShape(reader.dims(), where);
  }

  bool Push(T element) {
    elements_->push_back(element);
    return true;
  }

  absl::StatusOr<Tensor> Take(bool rows) override {
    Shape shape(absl::MakeConstSpan(dims_));
    if (rows) shape.Insert(0, count_);
    if (shape.CheckedNumElements() != static_cast<int64_t>(elements_->size()) || elements_->empty()) {
      return absl::InvalidArgumentError("expected arrays with elements in them, got an empty one");
    }
    const Stored* const data = elements_->data();
    return Tensor::Borrow({DTypeOf<T>(), std::move(shape)}, data, std::move(elements_));
  }

 private:
  // A vector of bool has no array of them inside.
  using Stored = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;

  absl::Status CheckShape(const std::vector<int64_t>& dims, absl::string_view where) {
    if (count_++ == 0) dims_ = dims;
    if (dims == dims_) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(std::string(where), ": expected a value of shape ", ShapeText(dims_),
                                                   " as before, got ", ShapeText(dims)));
  }

  const JsonNumbers numbers_;
  int64_t count_ = 0;
  std::vector<int64_t> dims_;
  std::shared_ptr<std::vector<Stored>> elements_ = std::make_shared<std::vector<Stored>>();
};

JsonTensorBuilder::JsonTensorBuilder(DType dtype, JsonNumbers numbers) {
  DispatchDType(dtype,
                [&](auto tag) { elements_ = std::make_unique<ElementsOf<typename decltype(tag)::type>>(numbers); });
}

JsonTensorBuilder::~JsonTensorBuilder() = default;

absl::Status JsonTensorBuilder::Add(JsonValue value, absl::string_view where) { return elements_->Add(value, where); }

absl::Status JsonTensorBuilder::Add(JsonArray array, absl::string_view where) { return elements_->Add(array, where); }

absl::StatusOr<Tensor> JsonTensorBuilder::Take() { return elements_->Take(/*rows=*/false); }

absl::StatusOr<Tensor> JsonTensorBuilder::TakeRows() { return elements_->Take(/*rows=*/true); }

// --- Writing

namespace {

template <typename T>
void AppendElement(T element, std::string& json) {
  if constexpr (std::is_same_v<T, bool>) {
    json += element ? "true" : "false";
  } else if constexpr (kIsFloating<T>) {
    const ComputeType<T> number = static_cast<ComputeType<T>>(element);
    if (!std::isfinite(number)) {
      json += std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
      return;
    }
    char text[32];
    const char* const end = std::to_chars(text, text + sizeof(text), number).ptr;  // the shortest that reads back
    json.append(text, end - text);
    // Readers tell floats from integers by it.
    if (std::none_of(static_cast<const char*>(text), end, [](char c) { return c == '.' || c == 'e'; })) json += ".0";
  } else {
    char text[24];
    json.append(text, std::to_chars(text, text + sizeof(text), element).ptr - text);
  }
}

template <typename T>
void AppendArray(const T*& next, const Shape& shape, int64_t axis, std::string& json) {
  if (axis == shape.rank()) return AppendElement(*next++, json);
  json += '[';
  for (int64_t i = 0; i < shape[axis]; ++i) {
    if (i > 0) json += ',';
    AppendArray(next, shape, axis + 1, json);
  }
  json += ']';
}

void AppendAs(const Tensor& tensor, const Shape& shape, std::string& json) {
  DispatchDType(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* next = tensor.data<T>();
    AppendArray(next, shape, 0, json);
  });
}

}  // namespace

void AppendNested(const Tensor& tensor, std::string& json) { AppendAs(tensor, tensor.shape(), json); }

void AppendFlat(const Tensor& tensor, std::string& json) { AppendAs(tensor, Shape{tensor.num_elements()}, json); }

bool HasNotFinite(const Tensor& tensor) {
  if (!IsFloating(tensor.dtype())) return false;
  return DispatchFloating(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const absl::Span<const T> elements = tensor.span<T>();
    return std::any_of(elements.begin(), elements.end(),
                       [](T element) { return !std::isfinite(static_cast<ComputeType<T>>(element)); });
  });
}

}  // namespace baryon
