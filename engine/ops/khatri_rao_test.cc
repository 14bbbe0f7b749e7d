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

TEST(KhatriRaoTest, ColumnsAreKroneckerProducts) {
  OpTester("khatri_rao")
      .Attr("num_args", 2)
      .Input(F({2, 2}, {1, 2, 3, 4}))
      .Input(F({2, 2}, {5, 6, 7, 8}))
      .ExpectOutput(F({4, 2}, {5, 12, 7, 16, 15, 24, 21, 32}));
}
TEST(KhatriRaoTest, RefusesOtherNumbersOfColumns) {
  EXPECT_THAT(OpTester("khatri_rao").Attr("num_args", 2).Input({2, 2}).Input({2, 3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
