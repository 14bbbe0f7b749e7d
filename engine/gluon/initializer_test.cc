#include "engine/gluon/initializer.h"

#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/testing/filled.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(InitializerTest, FillsWithOneValue) {
  EXPECT_EQ(Filled("zeros", {2}).ToString(), "array([0., 0.])");
  EXPECT_EQ(Filled("One", {2}).ToString(), "array([1., 1.])");
  EXPECT_EQ(Filled(init::Constant(0.25), {2}).ToString(), "array([0.25, 0.25])");
  EXPECT_EQ(Filled(init::Constant(np::Array({1, 2})), {2}).ToString(), "array([1., 2.])");
  EXPECT_THAT(Filled(init::Constant(np::Array({1, 2})), {3}).status(),
              StatusIs(StatusCode::kInvalidArgument, "expected a constant of shape (3,), got (2,)"));
}

TEST(InitializerTest, DrawsFromTheUsualDistributions) {
  const NDArray uniform = Filled("uniform", {300, 300}), normal = Filled(init::Normal(0.5), {300, 300});
  EXPECT_LE(Largest(uniform), 0.07);
  EXPECT_NEAR(Std(uniform), 0.07 / std::sqrt(3), 5e-4);
  EXPECT_NEAR(*np::Mean(uniform).Item<double>(), 0, 1e-3);
  EXPECT_NEAR(Std(normal), 0.5, 0.01);
  EXPECT_NEAR(Std(Filled("normal", {300, 300})), 0.01, 2e-4);
  EXPECT_LE(Largest(Filled(init::Uniform(2), {100})), 2);
  EXPECT_GE(Largest(Filled(init::Uniform(2), {100})), 1.5);
}

TEST(InitializerTest, IsFoundByName) {
  ASSERT_OK_AND_ASSIGN(const init::Initializer xavier, init::Create("Xavier"));
  EXPECT_EQ(xavier.name(), "xavier");
  EXPECT_THAT(init::Create("xaviar").status(),
              StatusIs(StatusCode::kNotFound, HasSubstr("\"xaviar\" is not registered")));
  EXPECT_TRUE(init::Initializer().empty());
}

TEST(InitializerTest, MayBeOfYourOwn) {
  const init::Initializer counting("counting", [](const init::Request& request) {
    return init::FillElements(request.type, [](int64_t i) { return static_cast<double>(i); });
  });
  EXPECT_EQ(Filled(counting, {3}).ToString(), "array([0., 1., 2.])");
}

}  // namespace
}  // namespace baryon
