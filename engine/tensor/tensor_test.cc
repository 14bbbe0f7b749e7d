#include "engine/tensor/tensor.h"

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TensorTest, CopiesShareElementsAndViewsReshape) {
  const Tensor a = Tensor::FromData<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = a.Reshaped({3, 2});
  EXPECT_EQ(a.raw_data(), b.raw_data());
  EXPECT_EQ(b.shape(), (Shape{3, 2}));
  EXPECT_THAT(a.Rows(1, 2).span<float>(), ElementsAre(4, 5, 6));
  EXPECT_EQ(a.type().ToString(), "float32 [2, 3]");
}

TEST(TensorTest, CastConvertsAsC) {
  const Tensor a = Tensor::FromData<float>({3}, {-1.75f, 0.f, 2.5f});
  EXPECT_THAT(a.Cast(DType::kInt32).span<int32_t>(), ElementsAre(-1, 0, 2));
  EXPECT_THAT(a.Cast(DType::kBool).span<bool>(), ElementsAre(true, false, true));
  EXPECT_THAT(a.Cast(DType::kFloat16).Cast(DType::kFloat64).span<double>(), ElementsAre(-1.75, 0, 2.5));
}

TEST(TensorTest, RefusesWhatCannotBeAllocated) {
  EXPECT_THAT(Tensor::TryAllocate({DType::kFloat32, {int64_t{1} << 50, 1 << 20}}),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("float32 [1125899906842624, 1048576]")));
  EXPECT_THAT(Tensor::TryAllocate({DType::kFloat32, {int64_t{1} << 55}}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Tensor::TryAllocate({DType::kFloat32, {-1}}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(TensorTest, EmptyTensorHasNoElementsButAnAddress) {
  const Tensor a = Tensor::Zeros({DType::kInt8, {0, 4}});
  EXPECT_EQ(a.num_elements(), 0);
  EXPECT_NE(a.raw_data(), nullptr);
}

}  // namespace
}  // namespace baryon
