#include "engine/tensor/tensor.h"

#include <cstdlib>
#include <cstring>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "engine/base/memory.h"

namespace baryon {
namespace {

// Up to this size elements and their count of owners are one piece of memory: aligned_alloc takes as long as four
// allocations of any other kind, a part of what a small request takes. Nowhere while somebody watches what is read
// behind the elements.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
constexpr size_t kSmallBytes = 0;
#else
constexpr size_t kSmallBytes = 16 << 10;
#endif

std::shared_ptr<const void> SmallBlock(size_t bytes) {
  std::shared_ptr<std::byte[]> block = std::make_shared_for_overwrite<std::byte[]>(bytes + kTensorAlignment - 1);
  const size_t beyond = reinterpret_cast<uintptr_t>(block.get()) % kTensorAlignment;
  const void* const start = block.get() + (kTensorAlignment - beyond) % kTensorAlignment;
  return std::shared_ptr<const void>(std::move(block), start);
}

// nullptr: there is no memory.
std::shared_ptr<const void> Block(size_t bytes) {
  void* const start = std::aligned_alloc(kTensorAlignment, bytes);
  if (start == nullptr) return nullptr;
  return std::shared_ptr<const void>(start, [](const void* p) { std::free(const_cast<void*>(p)); });
}

}  // namespace

std::string TensorType::ToString() const { return absl::StrCat(DTypeName(dtype), " ", shape.ToString()); }

absl::StatusOr<Tensor> Tensor::TryAllocate(TensorType type) {
  if (!type.IsFullyKnown()) {
    return absl::InvalidArgumentError(absl::StrCat("expected a known dtype and shape, got ", type.ToString()));
  }
  const std::optional<int64_t> count = type.shape.CheckedNumElements();
  const auto refuse = [&] {
    return absl::ResourceExhaustedError(absl::StrCat("no memory for a tensor of ", type.ToString()));
  };
  if (!count.has_value()) return refuse();
  // One element at least, so that data() is never null; rounded up, so that whole vectors may be read at the end.
  const size_t bytes = std::max<int64_t>(*count, 1) * DTypeSize(type.dtype);
  if (static_cast<int64_t>(bytes) > UsableMemoryBytes()) return refuse();
  const size_t rounded = AlignedSize(bytes);
  std::shared_ptr<const void> owner = rounded <= kSmallBytes ? SmallBlock(rounded) : Block(rounded);
  if (owner == nullptr) return refuse();
  Tensor tensor;
  tensor.type_ = std::move(type);
  tensor.data_ = const_cast<void*>(owner.get());
  tensor.owner_ = std::move(owner);
  return tensor;
}

Tensor Tensor::Allocate(TensorType type) {
  absl::StatusOr<Tensor> tensor = TryAllocate(std::move(type));
  BARYON_CHECK(tensor.ok());
  return *std::move(tensor);
}

Tensor Tensor::Zeros(TensorType type) {
  Tensor tensor = Allocate(std::move(type));
  std::memset(tensor.data_, 0, tensor.size_bytes());
  return tensor;
}

Tensor Tensor::Borrow(TensorType type, const void* data, std::shared_ptr<const void> owner) {
  Tensor tensor;
  tensor.type_ = std::move(type);
  tensor.owner_ = std::move(owner);
  tensor.data_ = const_cast<void*>(data);
  return tensor;
}

Tensor Tensor::Reshaped(Shape shape) const {
  BARYON_CHECK(shape.num_elements() == num_elements());
  Tensor result = *this;
  result.type_.shape = std::move(shape);
  return result;
}

Tensor Tensor::Rows(int64_t begin, int64_t end) const {
  BARYON_CHECK(0 <= begin && begin <= end && end <= shape()[0]);
  Tensor result = *this;
  result.type_.shape[0] = end - begin;
  result.data_ = static_cast<char*>(data_) + begin * shape().Product(1, shape().rank()) * DTypeSize(dtype());
  return result;
}

Tensor Tensor::Cast(DType to) const {
  if (to == dtype()) return *this;
  Tensor result = Allocate({to, shape()});
  const int64_t count = num_elements();
  DispatchDType(dtype(), [&](auto from_tag) {
    using From = typename decltype(from_tag)::type;
    DispatchDType(to, [&](auto to_tag) {
      using To = typename decltype(to_tag)::type;
      const From* x = data<From>();
      To* y = result.mutable_data<To>();
      for (int64_t i = 0; i < count; ++i) y[i] = static_cast<To>(static_cast<ComputeType<From>>(x[i]));
    });
  });
  return result;
}

const Tensor* FindTensor(const NamedTensors& tensors, absl::string_view name) {
  for (const auto& [key, tensor] : tensors) {
    if (absl::string_view(key) == name) return &tensor;
  }
  return nullptr;
}

}  // namespace baryon
