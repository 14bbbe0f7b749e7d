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

TEST(SliceTest, CutsFromBeginToEndInSteps) {
  OpTester("slice")
      .Attr("begin", IntTuple{0, 1})
      .Attr("end", IntTuple{1, 3})
      .Input(Count({2, 3}))
      .ExpectOutput(F({1, 2}, {1, 2}));
  OpTester("slice")
      .Attr("begin", "(None,)")
      .Attr("end", "(None,)")
      .Attr("step", IntTuple{-1})
      .Input(F({3}, {1, 2, 3}))
      .ExpectOutput(F({3}, {3, 2, 1}));
  OpTester("_slice_assign_scalar")
      .Attr("begin", IntTuple{1})
      .Attr("end", IntTuple{3})
      .Attr("scalar", 9.0)
      .Input(F({3}, {1, 2, 3}))
      .ExpectOutput(F({3}, {1, 9, 9}));
  OpTester("_slice_assign")
      .Attr("begin", IntTuple{0})
      .Attr("end", IntTuple{1})
      .Input(F({2}, {1, 2}))
      .Input(F({1}, {7}))
      .ExpectOutput(F({2}, {7, 2}));
}
TEST(SliceTest, RefusesAStepOfZero) {
  EXPECT_THAT(OpTester("slice")
                  .Attr("begin", IntTuple{0})
                  .Attr("end", IntTuple{1})
                  .Attr("step", IntTuple{0})
                  .Input({2})
                  .Infer(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
