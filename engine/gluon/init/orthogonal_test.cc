#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/initializer.h"
#include "engine/gluon/testing/filled.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;

TEST(OrthogonalTest, MakesTheShorterSideOrthonormal) {
  for (const char* kind : {"uniform", "normal"}) {
    const NDArray wide = Filled(init::Orthogonal({.scale = 2, .rand_type = kind}), {4, 3, 3});
    const NDArray rows = wide.Reshape({4, 9});
    EXPECT_TRUE(np::AllClose(np::Dot(rows, rows.T()), np::Eye(4) * 4, 1e-5, 1e-5));
    const NDArray tall = Filled(init::Orthogonal({.scale = 1, .rand_type = kind}), {9, 4});
    EXPECT_TRUE(np::AllClose(np::Dot(tall.T(), tall), np::Eye(4), 1e-5, 1e-5));
  }
  EXPECT_EQ(Filled(init::Orthogonal({.rand_type = "cauchy"}), {2, 2}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon
