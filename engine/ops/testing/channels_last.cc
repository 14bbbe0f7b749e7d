#include "engine/ops/testing/channels_last.h"

#include <algorithm>

#include "engine/base/thread_pool.h"
#include "engine/graph/op_registry.h"
#include "engine/graph/run_op.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// result[..., i, ...] = tensor[...]: the middle and the last of three axes change places.
Tensor SwapLastTwo(const Tensor& tensor, int64_t outer, int64_t middle, int64_t last, const Shape& shape) {
  Tensor result = Tensor::Allocate({tensor.dtype(), shape});
  DispatchBySize(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = static_cast<const T*>(tensor.raw_data());
    T* y = static_cast<T*>(result.mutable_raw_data());
    for (int64_t n = 0; n < outer; ++n) {
      for (int64_t i = 0; i < middle; ++i) {
        for (int64_t j = 0; j < last; ++j) y[(n * last + j) * middle + i] = x[(n * middle + i) * last + j];
      }
    }
  });
  return result;
}

std::vector<Tensor> RunOrDie(const OpDef& op, const Attrs& attrs, const std::vector<Tensor>& inputs) {
  static ThreadPool* pool = new ThreadPool(1);
  const absl::StatusOr<BoundAttrs> bound = op.bind(attrs, /*from_file=*/false);
  EXPECT_TRUE(bound.ok()) << bound.status();
  absl::StatusOr<std::vector<Tensor>> outputs = RunOp(op, *bound, inputs, *pool);
  EXPECT_TRUE(outputs.ok()) << outputs.status() << " " << attrs.ToString();
  return outputs.ok() ? *std::move(outputs) : std::vector<Tensor>();
}

std::optional<Attrs> ChannelsLastAttrs(const OpDef& op, const Attrs& attrs, int rank) {
  const absl::StatusOr<BoundAttrs> bound = op.bind(attrs, /*from_file=*/false);
  EXPECT_TRUE(bound.ok()) << bound.status();
  if (!op.to_channels_last) return std::nullopt;
  return op.to_channels_last(bound->get(), rank);
}

}  // namespace

Tensor ToChannelsLast(const Tensor& tensor) {
  const Shape& from = tensor.shape();
  if (from.rank() < 3) return tensor;
  Shape shape = from;
  shape.Erase(1);
  shape.Append(from[1]);
  return SwapLastTwo(tensor, from[0], from[1], from.Product(2, from.rank()), shape);
}

Tensor ToChannelsFirst(const Tensor& tensor) {
  const Shape& from = tensor.shape();
  if (from.rank() < 3) return tensor;
  Shape shape = from;
  shape.Erase(from.rank() - 1);
  shape.Insert(1, from.back());
  return SwapLastTwo(tensor, from[0], from.Product(1, from.rank() - 1), from.back(), shape);
}

void ExpectSameChannelsLast(const std::string& op_name, const Attrs& attrs, const std::vector<Tensor>& inputs,
                            Tolerance tolerance) {
  const OpDef* op = FindOp(op_name);
  ASSERT_NE(op, nullptr) << op_name;
  int64_t rank = 0;
  for (const Tensor& input : inputs) rank = std::max(rank, input.shape().rank());
  const std::optional<Attrs> changed = ChannelsLastAttrs(*op, attrs, static_cast<int>(rank));
  ASSERT_TRUE(changed.has_value()) << op_name << " {" << attrs.ToString() << "} has no channels-last form";
  std::vector<Tensor> permuted = inputs;
  for (Tensor& input : permuted) {
    if (input.shape().rank() == rank) input = ToChannelsLast(input);
  }
  const std::vector<Tensor> want = RunOrDie(*op, attrs, inputs), got = RunOrDie(*op, *changed, permuted);
  ASSERT_EQ(want.size(), got.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const Tensor restored = got[i].shape().rank() == rank ? ToChannelsFirst(got[i]) : got[i];
    EXPECT_EQ(Difference(restored, want[i], tolerance), "")
        << op_name << " {" << changed->ToString() << "} output " << i;
  }
}

bool HasChannelsLast(const std::string& op_name, const Attrs& attrs, int rank) {
  const OpDef* op = FindOp(op_name);
  return op != nullptr && ChannelsLastAttrs(*op, attrs, rank).has_value();
}

}  // namespace baryon
