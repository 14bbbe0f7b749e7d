#include "engine/io/model_name.h"

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ModelNameTest, KnowsNamesFromPathsAndTricks) {
  for (const char* good : {"resnet50_v2", "mobilenetv2_1.0", "a", "A-b"}) EXPECT_OK(CheckModelName(good)) << good;
  for (const char* bad : {"", "1a", ".", "..", "a..b", "a/b", "-x", "a b", "a\n"}) {
    EXPECT_THAT(CheckModelName(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
  EXPECT_OK(CheckModelName(std::string(128, 'x')));
  EXPECT_FALSE(CheckModelName(std::string(129, 'x')).ok());
}

}  // namespace
}  // namespace baryon
