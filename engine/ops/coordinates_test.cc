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

// 0, 1, 2, ...
[[maybe_unused]] Tensor Count(Shape shape) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, std::move(shape)});
  for (int64_t i = 0; i < tensor.num_elements(); ++i) tensor.mutable_data<float>()[i] = static_cast<float>(i);
  return tensor;
}

TEST(CoordinatesTest, ShapesAndSizesAreArrays) {
  OpTester("shape_array").Input({2, 3}).ExpectOutput(Tensor::FromData<int64_t>({2}, {2, 3}));
  OpTester("size_array").Input({2, 3}).ExpectOutput(Tensor::FromData<int64_t>({1}, {6}));
}
TEST(CoordinatesTest, EveryElementHasItsPlace) {
  OpTester("_contrib_index_array").Input({1, 2}).ExpectOutput(Tensor::FromData<int64_t>({1, 2, 2}, {0, 0, 0, 1}));
}

}  // namespace
}  // namespace baryon
