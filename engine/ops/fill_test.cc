#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

// 0, 1, 2, ...
[[maybe_unused]] Tensor Count(Shape shape) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, std::move(shape)});
  for (int64_t i = 0; i < tensor.num_elements(); ++i) tensor.mutable_data<float>()[i] = static_cast<float>(i);
  return tensor;
}

TEST(FillTest, ArraysOfOneValue) {
  OpTester("_zeros").Attr("shape", IntTuple{2}).ExpectOutput(F({2}, {0, 0}));
  OpTester("_ones")
      .Attr("shape", IntTuple{2})
      .Attr("dtype", "int32")
      .ExpectOutput(Tensor::FromData<int32_t>({2}, {1, 1}));
  OpTester("_full").Attr("shape", IntTuple{2}).Attr("value", 2.5).ExpectOutput(F({2}, {2.5f, 2.5f}));
  OpTester("zeros_like").Attr("dtype", "int32").Input({2}).ExpectOutput(F({2}, {0, 0}));
  OpTester("ones_like").Input({2}).ExpectOutput(F({2}, {1, 1}));
}

}  // namespace
}  // namespace baryon
