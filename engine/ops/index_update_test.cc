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

TEST(IndexUpdateTest, RowsAreCopiedToTheirPlaces) {
  OpTester("_contrib_index_copy")
      .Input(F({3, 1}, {0, 0, 0}))
      .Input(F({2}, {2, 0}))
      .Input(F({2, 1}, {5, 6}))
      .ExpectOutput(F({3, 1}, {6, 0, 5}));
}
TEST(IndexUpdateTest, PlacesBeyondTheArrayAreRefused) {
  EXPECT_FALSE(
      OpTester("_contrib_index_copy").Input(F({1, 1}, {0})).Input(F({1}, {3})).Input(F({1, 1}, {5})).Run().ok());
}

}  // namespace
}  // namespace baryon
