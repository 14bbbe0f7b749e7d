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

TEST(WindowsTest, WindowsAreSymmetric) {
  OpTester("_npi_hanning").Attr("M", 3).ExpectOutput(F({3}, {0, 1, 0}), Tolerance{1e-6, 1e-7});
  OpTester("_npi_hamming").Attr("M", 3).ExpectOutput(F({3}, {0.08f, 1, 0.08f}), Tolerance{1e-6, 1e-7});
}

}  // namespace
}  // namespace baryon
