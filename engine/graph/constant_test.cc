#include "engine/graph/constant.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ConstantTest, LazyElementsAreMadeWhenNeededAndAgainWhenNobodyHoldsThem) {
  int made = 0;
  const TensorType type = {DType::kFloat32, {2}};
  const auto constant = Constant::Lazy(type, "w", [&]() -> absl::StatusOr<Tensor> {
    ++made;
    return Tensor::FromData<float>({2}, {1, 2});
  });
  EXPECT_EQ(made, 0);
  {
    ASSERT_OK_AND_ASSIGN(const Tensor first, constant->Get());
    ASSERT_OK_AND_ASSIGN(const Tensor second, constant->Get());
    EXPECT_EQ(first.raw_data(), second.raw_data());
    EXPECT_EQ(made, 1);
  }
  ASSERT_OK_AND_ASSIGN(const Tensor again, constant->Get());
  EXPECT_EQ(made, 2);
  EXPECT_EQ(again.span<float>()[1], 2);
}

TEST(ConstantTest, LiteralsHaveKeysOfTheirOwn) {
  const Tensor tensor = Tensor::FromData<float>({1}, {1});
  EXPECT_NE(Constant::Literal(tensor)->key(), Constant::Literal(tensor)->key());
}

TEST(ConstantTest, ReportsErrorsAndBrokenPromises) {
  const TensorType type = {DType::kFloat32, {2}};
  EXPECT_THAT(Constant::Lazy(type, "a", [] { return absl::DataLossError("cut"); })->Get(),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Constant::Lazy(type, "b", [] { return Tensor::FromData<float>({1}, {1}); })->Get(),
              StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace baryon
