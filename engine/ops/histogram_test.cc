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

TEST(HistogramTest, CountsBetweenBounds) {
  OpTester("_histogram")
      .Input(F({4}, {0, 1, 2.5f, 9}))
      .Input(F({3}, {0, 2, 3}))
      .ExpectOutputs({Tensor::FromData<int64_t>({2}, {2, 1}), F({3}, {0, 2, 3})});
}
TEST(HistogramTest, CountsInBinsOfOneWidth) {
  OpTester("_histogram")
      .Attr("bin_cnt", 2)
      .Attr("range", "(0, 4)")
      .Input(F({4}, {0, 1, 2, 4}))
      .ExpectOutputs({Tensor::FromData<int64_t>({2}, {2, 2}), F({3}, {0, 2, 4})});
}
TEST(HistogramTest, RefusesBinsWithoutARange) {
  EXPECT_THAT(OpTester("_histogram").Attr("bin_cnt", 2).Input({4}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
