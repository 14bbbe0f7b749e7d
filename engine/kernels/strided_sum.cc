#include "engine/kernels/strided_sum.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "engine/base/check.h"

namespace baryon::kernels {
namespace {

// Steps through the positions of nested axes, the last one fastest, moving a pointer into each operand along.
template <typename T>
class Walk {
 public:
  Walk(const std::vector<StridedSum::Axis>& axes, int num_operands) : axes_(axes), num_operands_(num_operands) {}

  // Starts at `position`, operand i at `first[i]`.
  void Start(const T* const* first, int64_t position) {
    std::copy_n(first, num_operands_, at);
    output_offset = 0;
    for (size_t i = axes_.size(); i-- > 0;) {
      index_[i] = position % axes_[i].size;
      position /= axes_[i].size;
      Move(axes_[i], index_[i]);
    }
  }

  void Step() {
    for (size_t i = axes_.size(); i-- > 0;) {
      Move(axes_[i], 1);
      if (++index_[i] < axes_[i].size) return;
      Move(axes_[i], -axes_[i].size);
      index_[i] = 0;
    }
  }

  const T* at[StridedSum::kMaxOperands];
  int64_t output_offset = 0;

 private:
  void Move(const StridedSum::Axis& axis, int64_t steps) {
    for (int i = 0; i < num_operands_; ++i) at[i] += steps * axis.strides[i];
    output_offset += steps * axis.output_stride;
  }

  const std::vector<StridedSum::Axis>& axes_;
  const int num_operands_;
  int64_t index_[StridedSum::kMaxAxes];
};

}  // namespace

StridedSum::StridedSum(std::vector<Axis> axes, int num_operands) : num_operands_(num_operands) {
  BARYON_CHECK(axes.size() <= kMaxAxes && num_operands <= kMaxOperands);
  for (Axis& axis : axes) {
    (axis.summed ? num_terms_ : num_outputs_) *= axis.size;
    (axis.summed ? summed_ : outer_).push_back(std::move(axis));
  }
}

template <typename T>
void StridedSum::RunAs(absl::Span<const void* const> operands, double alpha, bool accumulate, int64_t begin,
                       int64_t end, T* c) const {
  using Sum = std::conditional_t<kIsFloating<T>, double, uint64_t>;  // uint64_t wraps around as int64_t does
  const T* first[kMaxOperands];
  for (int i = 0; i < num_operands_; ++i) first[i] = static_cast<const T*>(operands[i]);
  Walk<T> outer(outer_, num_operands_), inner(summed_, num_operands_);
  if (begin < end) outer.Start(first, begin);
  for (int64_t output = begin; output < end; ++output) {
    Sum sum = 0;
    if (num_terms_ > 0) inner.Start(outer.at, 0);
    for (int64_t term = 0; term < num_terms_; ++term) {
      Sum product = 1;
      for (int i = 0; i < num_operands_; ++i) product *= static_cast<Sum>(static_cast<ComputeType<T>>(*inner.at[i]));
      sum += product;
      inner.Step();
    }
    T& result = c[outer.output_offset];
    if constexpr (kIsFloating<T>) {
      sum = alpha * sum + (accumulate ? static_cast<double>(static_cast<ComputeType<T>>(result)) : 0);
      result = static_cast<T>(sum);
    } else {
      result = static_cast<T>(static_cast<int64_t>(sum + (accumulate ? static_cast<Sum>(result) : 0)));
    }
    outer.Step();
  }
}

void StridedSum::Run(DType dtype, absl::Span<const void* const> operands, double alpha, bool accumulate, int64_t begin,
                     int64_t end, void* c) const {
  DispatchDType(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    RunAs(operands, alpha, accumulate, begin, end, static_cast<T*>(c));
  });
}

}  // namespace baryon::kernels
