#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

const Tensor kX = Tensor::FromData<float>({2, 2}, {1, 2, 3, 4});
const Tensor kY = Tensor::FromData<float>({2, 2}, {-1, -2, -3, -4});

TEST(WhereTest, ChoosesElements) {
  OpTester("where")
      .Input(Tensor::FromData<int32_t>({2, 2}, {1, 0, 0, 5}))
      .Input(kX)
      .Input(kY)
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {1, -2, -3, 4}));
}

TEST(WhereTest, AVectorChoosesRows) {
  OpTester("where")
      .Input(Tensor::FromData<float>({2}, {0, 1}))
      .Input(kX)
      .Input(kY)
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {-1, -2, 3, 4}));
}

TEST(WhereTest, NumpyBroadcasts) {
  OpTester("_npi_where")
      .Input(Tensor::FromData<bool>({2}, {false, true}))
      .Input(kX)
      .Input(Tensor::FromData<float>({2, 1}, {8, 9}))
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {8, 2, 9, 4}));
}

TEST(WhereTest, NumbersTakeThePlaceOfArrays) {
  const Tensor condition = Tensor::FromData<int32_t>({2, 1}, {1, 0});
  OpTester("_npi_where_lscalar")
      .Attr("scalar", 1.5)
      .Input(condition)
      .Input(kX)
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {1.5f, 1.5f, 3, 4}));
  OpTester("_npi_where_rscalar")
      .Attr("scalar", 1.5)
      .Input(condition)
      .Input(kX)
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {1, 2, 1.5f, 1.5f}));
  OpTester("_npi_where_scalar2")
      .Attr("x", 2.0)
      .Attr("y", -1.0)
      .Input(condition)
      .ExpectOutput(Tensor::FromData<float>({2, 1}, {2, -1}));
}

TEST(WhereTest, RejectsConditionsThatDoNotFit) {
  EXPECT_THAT(OpTester("where").Input({3}).Input({2, 2}).Input({2, 2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("where").Input({2, 1}).Input({2, 2}).Input({2, 2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_where").Input({3}).Input({2, 2}).Input({2, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
