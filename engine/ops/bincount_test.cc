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

TEST(BincountTest, CountsOrAddsUpWeights) {
  const auto counts = OpTester("_npi_bincount").Input(Tensor::FromData<int32_t>({3}, {1, 1, 3})).Run();
  ASSERT_OK(counts);
  EXPECT_THAT((*counts)[0].span<int32_t>(), testing::ElementsAre(0, 2, 0, 1));
  const auto sums = OpTester("_npi_bincount")
                        .Attr("has_weights", true)
                        .Attr("minlength", 5)
                        .Input(Tensor::FromData<int64_t>({3}, {1, 1, 3}))
                        .Input(F({3}, {0.5f, 1, 2}))
                        .Run();
  ASSERT_OK(sums);
  EXPECT_THAT((*sums)[0].span<float>(), testing::ElementsAre(0, 1.5f, 0, 2, 0));
}
TEST(BincountTest, NothingCountsAsNothing) {
  const auto counts = OpTester("_npi_bincount").Attr("minlength", 2).Input({0}, Integers(0, 1).As(DType::kInt8)).Run();
  ASSERT_OK(counts);
  EXPECT_THAT((*counts)[0].span<int8_t>(), testing::ElementsAre(0, 0));
}
TEST(BincountTest, RefusesWhatCannotBeCounted) {
  EXPECT_THAT(OpTester("_npi_bincount").Input(Tensor::FromData<int32_t>({1}, {-1})).Run(),
              StatusIs(kInvalid, HasSubstr("0 or more")));
  EXPECT_THAT(OpTester("_npi_bincount").Input({2}).Run(), StatusIs(kInvalid, HasSubstr("whole numbers")));
  EXPECT_THAT(OpTester("_npi_bincount").Input(Tensor::FromData<int64_t>({1}, {int64_t{1} << 62})).Run(),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace baryon
