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

Tensor D(std::initializer_list<double> values) {
  return Tensor::FromData<double>({static_cast<int64_t>(values.size())}, values);
}

OpTester Interp(std::initializer_list<double> x) {
  OpTester tester("_npi_interp");
  tester.Input(D({1, 2, 4})).Input(D({10, 20, 0})).Input(D(x));
  return tester;
}

TEST(InterpTest, ReadsBetweenPlaces) {
  Interp({0, 1, 1.5, 2, 3, 4, 9}).ExpectOutput(D({10, 10, 15, 20, 10, 0, 0}));
  Interp({0, 3, 9}).Attr("left", -1.0).Attr("right", -2.0).ExpectOutput(D({-1, 10, -2}));
  OpTester("_npi_interp")
      .Attr("x_is_scalar", true)
      .Attr("x_scalar", 1.25)
      .Input(D({1, 2}))
      .Input(D({10, 20}))
      .ExpectOutput(Tensor::FromData<double>({}, {12.5}));
}
TEST(InterpTest, GoesRoundWithAPeriod) {
  // 4 is 1 too late for a period of 3, as 1 is: places -1, 1, 1, 2, 4 with values 20, 10, 0, 20, 10.
  Interp({2.5, 3, -1}).Attr("period", 3.0).ExpectOutput(D({17.5, 15, 20}));
}
TEST(InterpTest, TakesOtherTypesAndRefusesOtherShapes) {
  OpTester("_npi_interp").Input(F({2}, {0, 1})).Input(F({2}, {0, 2})).Input(F({1}, {0.5f})).ExpectOutput(D({1}));
  EXPECT_THAT(OpTester("_npi_interp").Input({2}).Input({3}).Input({1}).Infer(),
              StatusIs(kInvalid, HasSubstr("\"fp\"")));
  EXPECT_THAT(OpTester("_npi_interp").Input({0}).Input({0}).Input({1}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Interp({1}).Attr("period", 0.0).Infer(), StatusIs(kInvalid, HasSubstr("period")));
}

}  // namespace
}  // namespace baryon
