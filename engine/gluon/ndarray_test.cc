#include "engine/gluon/ndarray.h"

#include <sstream>

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<float> Floats(const NDArray& array) {
  const auto values = array.Values<float>();
  EXPECT_TRUE(values.ok()) << values.status();
  return values.ok() ? std::vector<float>(values->begin(), values->end()) : std::vector<float>();
}

TEST(NDArrayTest, RemembersTheFirstError) {
  const NDArray bad = np::Ones({2}) + np::Ones({3});
  const NDArray worse = np::Exp(bad * 2)[7];
  EXPECT_THAT(worse.status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("broadcast_add: expected shapes")));
  EXPECT_EQ(worse.status(), bad.status());
  EXPECT_EQ(worse.AsTensor().status(), bad.status());
  EXPECT_THAT(worse.ToString(), HasSubstr("expected shapes that broadcast"));
}

TEST(NDArrayTest, IsNoneUntilItHasSomething) {
  const NDArray none;
  EXPECT_TRUE(none.is_none());
  EXPECT_TRUE(none.ok());
  EXPECT_EQ(none.ToString(), "None");
  EXPECT_THAT((none + 1).status(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("got none")));
}

TEST(NDArrayTest, GivesRowsAndSlices) {
  const NDArray x = np::Arange(12).Reshape({4, 3});
  EXPECT_THAT(Floats(x[1]), ElementsAre(3, 4, 5));
  EXPECT_EQ(x[1].shape(), Shape({3}));
  EXPECT_THAT(Floats(x[-1]), ElementsAre(9, 10, 11));
  EXPECT_EQ(x[2][1].shape(), Shape({}));
  EXPECT_EQ(x[2][1].ToString(), "array(7.)");
  EXPECT_THAT(Floats(x.Slice(1, 3)), ElementsAre(3, 4, 5, 6, 7, 8));
  EXPECT_THAT(Floats(x.Slice(-1)), ElementsAre(9, 10, 11));
  EXPECT_EQ(x.Slice(3, 100).shape(), Shape({1, 3}));
  EXPECT_EQ(x.Slice(3, 1).shape(), Shape({0, 3}));
  EXPECT_THAT(x[4].status(), StatusIs(StatusCode::kOutOfRange, "index 4 is out of bounds for axis 0 with size 4"));
  EXPECT_THAT(x[0][0][0].status(), StatusIs(StatusCode::kOutOfRange, HasSubstr("too many indices")));
}

TEST(NDArrayTest, GivesElements) {
  const NDArray x = np::Arange(6).Reshape({2, 3});
  EXPECT_EQ(*x.At<float>({1, 2}), 5);
  EXPECT_EQ(*x.At<int>({-1, 0}), 3);
  EXPECT_THAT(x.At<float>({0, 3}),
              StatusIs(StatusCode::kOutOfRange, "index 3 is out of bounds for axis 1 with size 3"));
  EXPECT_THAT(x.At<float>({0}), StatusIs(StatusCode::kOutOfRange, HasSubstr("2 numbers")));
  EXPECT_EQ(*np::Sum(x).Item<double>(), 15);
  EXPECT_THAT(x.Item<float>(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("size 1")));
  EXPECT_THAT(x.Values<int32_t>(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("float32")));
}

TEST(NDArrayTest, ReshapesWithGluonsCodes) {
  const NDArray x = np::Arange(24).Reshape({2, 3, 4});
  EXPECT_EQ(x.Reshape({-1, 4}).shape(), Shape({6, 4}));
  EXPECT_EQ(x.Reshape({-2, -1}).shape(), Shape({2, 12}));
  EXPECT_EQ(x.Reshape({-5, -2}).shape(), Shape({6, 4}));
  EXPECT_EQ(x.Reshape({-2, -2, -6, 2, -1}).shape(), Shape({2, 3, 2, 2}));
  EXPECT_EQ(x.Reshape({-4, 1}).shape(), Shape({2, 3, 4, 1}));
  EXPECT_EQ(x.Reshape({5, 5}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(x.T().shape(), Shape({4, 3, 2}));
  EXPECT_EQ(x.Transpose({0, 2, 1}).shape(), Shape({2, 4, 3}));
}

TEST(NDArrayTest, ConvertsDTypes) {
  const NDArray x = np::Array({1.5, -2.5, 3});
  EXPECT_EQ(x.AsType(DType::kInt32).ToString(), "array([ 1, -2,  3], dtype=int32)");
  EXPECT_EQ(x.AsType(DType::kFloat64).dtype(), DType::kFloat64);
  EXPECT_EQ(x.AsType(DType::kFloat32).tensor().raw_data(), x.tensor().raw_data());
}

TEST(NDArrayTest, PrintsToStreams) {
  std::ostringstream out;
  out << np::Array({1, 2.5});
  EXPECT_EQ(out.str(), "array([1. , 2.5])");
}

}  // namespace
}  // namespace baryon
