#include "clients/cli/options.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::HasSubstr;

Signature TwoInputs() {
  Signature signature;
  signature.inputs = {{"data", {DType::kFloat32, Shape{-1, 3}}}, {"label", {}, true}};
  return signature;
}

TEST(OptionsTest, ShapesAreNumbersWithCommasBetweenThem) {
  ASSERT_OK_AND_ASSIGN(const Shape shape, ParseShape("1,3,-1,224"));
  EXPECT_EQ(shape, Shape({1, 3, -1, 224}));
  for (const char* wrong : {"", "1,", "a", "1,0", "1,-2", "1x3", "99999999999999999999"}) {
    EXPECT_THAT(ParseShape(wrong), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected a shape")))
        << wrong;
  }
}

TEST(OptionsTest, AShapeWithoutANameIsThatOfTheOnlyInputThatIsNoLabel) {
  ASSERT_OK_AND_ASSIGN(const std::vector<TensorSpec> hints, ShapeHints({"2,3"}, TwoInputs()));
  ASSERT_EQ(hints.size(), 1u);
  EXPECT_EQ(hints[0].name, "data");
  EXPECT_EQ(hints[0].type.shape, Shape({2, 3}));
}

TEST(OptionsTest, AShapeOfNoInputIsRefused) {
  EXPECT_THAT(ShapeHints({"image=2,3"}, TwoInputs()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no input is called \"image\"")));
}

TEST(OptionsTest, SeveralInputsWantNames) {
  Signature signature = TwoInputs();
  signature.inputs[1].optional = false;
  EXPECT_THAT(OnlyInput(signature, "x.npy"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "x.npy: expected NAME= in front, the inputs are \"data\", \"label\""));
}

TEST(OptionsTest, MeasurementsAreKeptInTheCacheAndNowhereWithoutAHome) {
  unsetenv("BARYON_CACHE");
  unsetenv("HOME");
  EXPECT_EQ(CostFolder(), "");
  setenv("HOME", "/home/somebody", /*overwrite=*/1);
  EXPECT_EQ(CostFolder(), "/home/somebody/.cache/baryon/costs");
  setenv("BARYON_CACHE", "/cache", /*overwrite=*/1);
  EXPECT_EQ(CostFolder(), "/cache/costs");
  unsetenv("BARYON_CACHE");
}

}  // namespace
}  // namespace baryon
