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

const Tensor kA = F({2, 3}, {1, 2, 3, 4, 5, 6}), kB = F({3, 2}, {1, 0, 0, 1, 1, 1});

TEST(MatrixProductTest, DotContractsLastWithFirst) {
  const Tensor want = F({2, 2}, {4, 5, 10, 11});
  OpTester("dot").Input(kA).Input(kB).ExpectOutput(want);
  OpTester("_npi_matmul").Input(kA).Input(kB).ExpectOutput(want);
  OpTester("_np_dot").Input(kA).Input(kB).ExpectOutput(want);
  OpTester("_npi_tensordot_int_axes").Attr("axes", 1).Input(kA).Input(kB).ExpectOutput(want);
  OpTester("dot")
      .Attr("transpose_a", true)
      .Attr("transpose_b", true)
      .Input(F({3, 2}, {1, 4, 2, 5, 3, 6}))
      .Input(F({2, 3}, {1, 0, 1, 0, 1, 1}))
      .ExpectOutput(want);
}
TEST(MatrixProductTest, VectorsGiveANumber) {
  OpTester("dot").Input(F({2}, {1, 2})).Input(F({2}, {3, 4})).ExpectOutput(F({1}, {11}));
  OpTester("_npi_dot").Input(F({2}, {1, 2})).Input(F({2}, {3, 4})).ExpectOutput(F({}, {11}));
}
TEST(MatrixProductTest, BatchesAreMultipliedApart) {
  OpTester("batch_dot")
      .Input(F({2, 1, 2}, {1, 2, 3, 4}))
      .Input(F({2, 2, 1}, {1, 1, 2, 2}))
      .ExpectOutput(F({2, 1, 1}, {3, 14}));
  OpTester("_npi_matmul").Input(F({2, 1, 2}, {1, 2, 3, 4})).Input(F({2, 1}, {1, 1})).ExpectOutput(F({2, 1, 1}, {3, 7}));
}
TEST(MatrixProductTest, GemmScalesAndAdds) {
  OpTester("_linalg_gemm")
      .Attr("alpha", 2.0)
      .Attr("beta", 3.0)
      .Input(F({1, 2}, {1, 2}))
      .Input(F({2, 1}, {1, 1}))
      .Input(F({1, 1}, {10}))
      .ExpectOutput(F({1, 1}, {36}));
  OpTester("_linalg_gemm2")
      .Attr("alpha", 0.5)
      .Input(F({1, 2}, {1, 2}))
      .Input(F({2, 1}, {1, 1}))
      .ExpectOutput(F({1, 1}, {1.5f}));
}
TEST(MatrixProductTest, RefusesAxesThatDoNotMeet) {
  EXPECT_THAT(OpTester("dot").Input({2, 3}).Input({2, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("batch_dot").Input({2, 2, 3}).Input({3, 3, 2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_matmul").Input({2, 2, 3}).Input({3, 3, 2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_tensordot_int_axes").Attr("axes", 3).Input({2, 3}).Input({2, 3}).Infer(),
              StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_linalg_gemm").Input({1, 2}).Input({2, 1}).Input({2, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
