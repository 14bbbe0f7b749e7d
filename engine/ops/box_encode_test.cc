#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

OpTester Encode(float match) {
  return OpTester("_contrib_box_encode")
      .Input(F({1, 2}, {1, 0}))
      .Input(F({1, 2}, {match, 7}))
      .Input(F({1, 2, 4}, {8, 17, 12, 23, 0, 0, 1, 1}))
      .Input(F({1, 2, 4}, {0, 0, 1, 1, 10, 11, 18, 17}))
      .Input(F({4}, {0, 0, 0.5f, 0}))
      .Input(F({4}, {0.5f, 0.25f, 1, 1}));
}

TEST(BoxEncodeTest, SaysTheMatchedBoxRelativeToTheAnchor) {
  Encode(1).ExpectOutputs(
      {F({1, 2, 4}, {2, -4, std::log(2.0f) - 0.5f, 0, 0, 0, 0, 0}), F({1, 2, 4}, {1, 1, 1, 1, 0, 0, 0, 0})},
      {1e-6, 1e-6});
}

TEST(BoxEncodeTest, RefusesMatchesBeyondTheBoxes) {
  EXPECT_THAT(Encode(2).Run(), StatusIs(kInvalid, HasSubstr("2")));
  EXPECT_THAT(Encode(-1).Run(), StatusIs(kInvalid));
}

TEST(BoxEncodeTest, RefusesOtherShapes) {
  EXPECT_THAT(OpTester("_contrib_box_encode")
                  .Input({1, 2})
                  .Input({1, 3})
                  .Input({1, 2, 4})
                  .Input({1, 2, 4})
                  .Input({4})
                  .Input({4})
                  .Infer(),
              StatusIs(kInvalid, HasSubstr("\"matches\": expected float32 [1, 2]")));
}

}  // namespace
}  // namespace baryon
