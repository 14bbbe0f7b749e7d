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
constexpr Tolerance kTolerance = {1e-6, 1e-6};

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

TEST(LeastSquaresTest, PseudoInversesInvertWhatCanBe) {
  OpTester("_npi_pinv_scalar_rcond")
      .Input(F({2, 2, 2}, {0, 2, 4, 0, 1, 1, 0, 1}))
      .ExpectOutput(F({2, 2, 2}, {0, 0.25f, 0.5f, 0, 1, -1, 0, 1}), kTolerance);
  OpTester("_npi_pinv_scalar_rcond").Input(F({1, 2}, {3, 4})).ExpectOutput(F({2, 1}, {0.12f, 0.16f}), kTolerance);
  OpTester("_npi_pinv_scalar_rcond").Input(F({2, 1}, {3, 4})).ExpectOutput(F({1, 2}, {0.12f, 0.16f}), kTolerance);
}
TEST(LeastSquaresTest, SmallSingularValuesCountAsZero) {
  OpTester("_npi_pinv_scalar_rcond")
      .Attr("rcond", 0.5)
      .Input(F({2, 2}, {4, 0, 0, 1}))
      .ExpectOutput(F({2, 2}, {0.25f, 0, 0, 0}), kTolerance);
  OpTester("_npi_pinv")
      .Input(F({2, 2, 2}, {4, 0, 0, 1, 4, 0, 0, 1}))
      .Input(F({2}, {0.5f, 0.1f}))
      .ExpectOutput(F({2, 2, 2}, {0.25f, 0, 0, 0, 0.25f, 0, 0, 1}), kTolerance);
  EXPECT_THAT(OpTester("_npi_pinv").Input({2, 2, 2}).Input({3}).Infer(), StatusIs(kInvalid, HasSubstr("\"rcond\"")));
}
TEST(LeastSquaresTest, RanksCountSingularValues) {
  const Tensor a = F({2, 2, 2}, {1, 2, 2, 4, 1, 0, 0, 0.25f});
  OpTester("_npi_matrix_rank_none_tol").Input(a).ExpectOutput(Tensor::FromData<int64_t>({2}, {1, 2}));
  OpTester("_npi_matrix_rank").Input(a).Input(F({}, {0.5f})).ExpectOutput(Tensor::FromData<int64_t>({2}, {1, 1}));
  OpTester("_npi_matrix_rank_none_tol").Input(F({2}, {0, 3})).ExpectOutput(Tensor::FromData<int64_t>({}, {1}));
}
TEST(LeastSquaresTest, FitsALine) {
  // y = 1 + 2 x at 0, 1, 2 and one more point that is off.
  ASSERT_OK_AND_ASSIGN(
      const std::vector<Tensor> fit,
      OpTester("_npi_lstsq").Input(F({4, 2}, {1, 0, 1, 1, 1, 2, 1, 3})).Input(F({4}, {1, 3, 5, 8})).Run());
  EXPECT_EQ(Difference(fit[0], F({2}, {0.8f, 2.3f}), kTolerance), "");
  EXPECT_EQ(Difference(fit[1], F({1}, {0.3f}), kTolerance), "");
  EXPECT_EQ(fit[2].data<int32_t>()[0], 2);
  EXPECT_EQ(fit[3].shape(), Shape({2}));
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> exact,
                       OpTester("_npi_lstsq").Input(F({1, 1}, {2})).Input(F({1, 2}, {4, 6})).Run());
  EXPECT_EQ(Difference(exact[0], F({1, 2}, {2, 3}), kTolerance), "");
  EXPECT_EQ(exact[1].shape(), Shape({0}));
  EXPECT_THAT(OpTester("_npi_lstsq").Input({2, 2}).Input({3}).Infer(), StatusIs(kInvalid, HasSubstr("\"B\"")));
}

}  // namespace
}  // namespace baryon
