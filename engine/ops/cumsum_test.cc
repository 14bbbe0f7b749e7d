#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(CumsumTest, RunsAlongAnAxisOrTheFlattenedArray) {
  const Tensor x = Tensor::FromData<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  OpTester("_np_cumsum").Attr("axis", 1).Input(x).ExpectOutput(Tensor::FromData<float>({2, 3}, {1, 3, 6, 4, 9, 15}));
  OpTester("_npi_cumsum").Attr("axis", 0).Input(x).ExpectOutput(Tensor::FromData<float>({2, 3}, {1, 2, 3, 5, 7, 9}));
  OpTester("_np_cumsum").Input(x).ExpectOutput(Tensor::FromData<float>({6}, {1, 3, 6, 10, 15, 21}));
}

TEST(CumsumTest, DTypesOfTheSums) {
  const Tensor bytes = Tensor::FromData<int8_t>({2}, {100, 100});
  OpTester("_np_cumsum").Input(bytes).ExpectOutput(Tensor::FromData<int8_t>({2}, {100, -56}));
  OpTester("_np_cumsum").Attr("dtype", "int32").Input(bytes).ExpectOutput(Tensor::FromData<int32_t>({2}, {100, 200}));
  OpTester("_np_cumsum")
      .Input(Tensor::FromData<bool>({2}, {true, true}))
      .ExpectOutput(Tensor::FromData<int64_t>({2}, {1, 2}));
}

TEST(CumsumTest, RejectsAxisBeyondTheRank) {
  EXPECT_THAT(OpTester("_np_cumsum").Attr("axis", 1).Input({3}).Infer(), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
