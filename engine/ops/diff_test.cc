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

OpTester Diff(int64_t n, int64_t axis, Tensor data) {
  OpTester tester("_npi_diff");
  tester.Attr("n", n).Attr("axis", axis).Input(std::move(data));
  return tester;
}

TEST(DiffTest, SubtractsNeighboursAlongAnAxis) {
  const Tensor data = F({2, 3}, {1, 4, 9, 0, 2, 8});
  Diff(0, -1, data).ExpectOutput(data);
  Diff(1, -1, data).ExpectOutput(F({2, 2}, {3, 5, 2, 6}));
  Diff(2, 1, data).ExpectOutput(F({2, 1}, {2, 4}));
  Diff(1, 0, data).ExpectOutput(F({1, 3}, {-1, -2, -1}));
  Diff(5, 1, data).ExpectOutput(F({2, 0}, {}));
  Diff(1, 0, Tensor::FromData<uint8_t>({2}, {3, 1})).ExpectOutput(Tensor::FromData<uint8_t>({1}, {254}));
  EXPECT_THAT(Diff(-1, 0, data).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Diff(1, 2, data).Infer(), StatusIs(kInvalid));
}
TEST(DiffTest, FlattenedDifferencesMayHaveEnds) {
  const Tensor data = F({2, 2}, {1, 4, 9, 3});
  OpTester("_npi_ediff1d").Input(data).ExpectOutput(F({3}, {3, 5, -6}));
  OpTester("_npi_ediff1d")
      .Attr("to_begin_scalar", -1.0)
      .Attr("to_end_arr_given", true)
      .Input(data)
      .Input(F({2}, {7, 8}))
      .ExpectOutput(F({6}, {-1, 3, 5, -6, 7, 8}));
  OpTester("_npi_ediff1d")
      .Attr("to_begin_arr_given", true)
      .Attr("to_end_arr_given", true)
      .Input(F({1}, {5}))
      .Input(F({1}, {7}))
      .Input(F({1}, {8}))
      .ExpectOutput(F({2}, {7, 8}));
}

}  // namespace
}  // namespace baryon
