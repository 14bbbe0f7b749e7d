#include "clients/cpp/tensors.h"

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TensorsTest, ComesBackAsItWent) {
  const v1::Tensor tensor = MakeTensor<int32_t>("x", {2, 2}, {1, 2, 3, -4});
  EXPECT_EQ(tensor.name(), "x");
  EXPECT_EQ(tensor.dtype(), "int32");
  EXPECT_THAT(tensor.shape(), ElementsAre(2, 2));
  const auto elements = ElementsOf<int32_t>(tensor);
  ASSERT_OK(elements.status());
  EXPECT_THAT(*elements, ElementsAre(1, 2, 3, -4));
  const auto none = ElementsOf<double>(MakeTensor<double>("", {3, 0}, {}));
  ASSERT_OK(none.status());
  EXPECT_THAT(*none, IsEmpty());
}

TEST(TensorsTest, PicturesAreRows) {
  const v1::Tensor tensor = MakePictures("x", {"first", "second"});
  EXPECT_THAT(tensor.pictures(), ElementsAre("first", "second"));
  EXPECT_EQ(tensor.shape_size(), 0);
}

TEST(TensorsTest, RefusesAnotherTypeAndBytesThatDoNotFit) {
  v1::Tensor tensor = MakeTensor<float>("y", {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(ElementsOf<double>(tensor).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"y\": expected float64, got float32")));
  tensor.mutable_data()->pop_back();
  EXPECT_THAT(ElementsOf<float>(tensor).status(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("23 bytes do not fill float32[2, 3]")));
  for (const int64_t size : {int64_t{-1}, int64_t{1} << 62}) {
    tensor.set_shape(0, size);
    EXPECT_THAT(ElementsOf<float>(tensor).status(), StatusIs(absl::StatusCode::kDataLoss));
  }
}

}  // namespace
}  // namespace baryon
