// Tensors: dense, row-major arrays with a dtype and a shape. Axis 0 of a model's inputs and outputs is the batch.
#ifndef BARYON_ENGINE_TENSOR_TENSOR_H_
#define BARYON_ENGINE_TENSOR_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/base/check.h"
#include "engine/tensor/dtype.h"
#include "engine/tensor/shape.h"

namespace baryon {

// What is known of a tensor before it exists.
struct TensorType {
  DType dtype = DType::kUnknown;
  Shape shape = Shape::Unknown();

  bool IsFullyKnown() const { return dtype != DType::kUnknown && shape.IsFullyKnown(); }
  int64_t size_bytes() const { return shape.num_elements() * DTypeSize(dtype); }  // when fully known
  std::string ToString() const;                                                   // "float32 [8, 3, 64, 64]"

  friend bool operator==(const TensorType& a, const TensorType& b) { return a.dtype == b.dtype && a.shape == b.shape; }
  friend bool operator!=(const TensorType& a, const TensorType& b) { return !(a == b); }
};
using TensorTypes = std::vector<TensorType>;

// Every tensor of the engine starts at a multiple of this, so that vector loads never cross a cache line needlessly.
constexpr size_t kTensorAlignment = 64;

// The next multiple of it: where what follows `bytes` bytes may begin.
constexpr int64_t AlignedSize(int64_t bytes) {
  constexpr int64_t kAlignment = kTensorAlignment;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Elements somebody else owns, as kernels see them. A value of three words; `shape` outlives it.
class TensorView {
 public:
  TensorView() = default;
  TensorView(DType dtype, const Shape* shape, void* data) : data_(data), shape_(shape), dtype_(dtype) {}

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return *shape_; }
  int64_t num_elements() const { return shape_->num_elements(); }
  int64_t size_bytes() const { return num_elements() * DTypeSize(dtype_); }
  void* raw_data() const { return data_; }
  bool has_data() const { return data_ != nullptr; }  // false for an output that nobody reads

  // The elements; T is the dtype's type, const or not.
  template <typename T>
  T* data() const {
    BARYON_DCHECK(DTypeOf<std::remove_const_t<T>>() == dtype_);
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
  const Shape* shape_ = nullptr;
  DType dtype_ = DType::kUnknown;
};

// A value: copies share the elements. Elements are written only by whoever allocated the tensor, before handing it on;
// from then on the tensor is immutable and may be read by any number of threads.
class Tensor {
 public:
  Tensor() = default;  // no elements, kUnknown

  // Elements not initialised. Errors: RESOURCE_EXHAUSTED, the size is beyond what can be had; INVALID_ARGUMENT, `type`
  // is not fully known.
  static absl::StatusOr<Tensor> TryAllocate(TensorType type);
  // The same for sizes that are known to be sound.
  static Tensor Allocate(TensorType type);
  static Tensor Zeros(TensorType type);

  // Elements that live elsewhere, kept alive by `owner` (which may be empty when they outlive all copies).
  static Tensor Borrow(TensorType type, const void* data, std::shared_ptr<const void> owner);

  template <typename T>
  static Tensor FromData(Shape shape, absl::Span<const T> values) {
    Tensor tensor = Allocate({DTypeOf<T>(), std::move(shape)});
    BARYON_CHECK(static_cast<int64_t>(values.size()) == tensor.num_elements());
    std::copy(values.begin(), values.end(), tensor.mutable_data<T>());
    return tensor;
  }
  template <typename T>
  static Tensor FromData(Shape shape, std::initializer_list<T> values) {
    return FromData<T>(std::move(shape), absl::Span<const T>(values.begin(), values.size()));
  }

  const TensorType& type() const { return type_; }
  DType dtype() const { return type_.dtype; }
  const Shape& shape() const { return type_.shape; }
  int64_t num_elements() const { return type_.shape.num_elements(); }
  int64_t size_bytes() const { return num_elements() * DTypeSize(dtype()); }
  bool empty() const { return data_ == nullptr; }

  const void* raw_data() const { return data_; }
  void* mutable_raw_data() { return data_; }
  template <typename T>
  const T* data() const {
    BARYON_DCHECK(DTypeOf<T>() == dtype());
    return static_cast<const T*>(data_);
  }
  template <typename T>
  T* mutable_data() {
    BARYON_DCHECK(DTypeOf<T>() == dtype());
    return static_cast<T*>(data_);
  }
  template <typename T>
  absl::Span<const T> span() const {
    return absl::Span<const T>(data<T>(), num_elements());
  }
  TensorView view() const { return TensorView(type_.dtype, &type_.shape, data_); }  // of this object, not a copy

  // The same elements under another shape with as many elements.
  Tensor Reshaped(Shape shape) const;
  // Rows [begin, end) of axis 0, sharing the elements.
  Tensor Rows(int64_t begin, int64_t end) const;
  // The elements converted, as a C cast does.
  Tensor Cast(DType dtype) const;

 private:
  TensorType type_;
  std::shared_ptr<const void> owner_;
  void* data_ = nullptr;
};

// Arrays in the order of a model's signature.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// The tensor called `name`, or nullptr.
const Tensor* FindTensor(const NamedTensors& tensors, absl::string_view name);

}  // namespace baryon

#endif  // BARYON_ENGINE_TENSOR_TENSOR_H_
