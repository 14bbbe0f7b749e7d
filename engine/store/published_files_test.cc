#include "engine/store/published_files.h"

#include <set>
#include <string>

#include "engine/base/testing/status_matchers.h"
#include "engine/store/digest.h"
#include "engine/zoo/zoo.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(PublishedFilesTest, EveryNetworkHasOneCurrentFile) {
  for (const std::string& name : zoo::NetworkNames()) {
    int current = 0;
    for (const PublishedFile& file : PublishedFiles())
      current += file.name == name && file.release == Release::kCurrent;
    EXPECT_EQ(current, 1) << name;
  }
}

TEST(PublishedFilesTest, EveryFileIsOfANetworkAndHasADigestOfItsOwn) {
  std::set<std::string> stems;
  for (const PublishedFile& file : PublishedFiles()) {
    EXPECT_EQ(zoo::NetworkName(file.name), std::string(file.name));
    EXPECT_TRUE(IsDigest(DigestKind::kSha1, file.sha1)) << file.stem();
    EXPECT_TRUE(stems.insert(file.stem()).second) << file.stem();
  }
}

TEST(PublishedFilesTest, NamesAreThoseOfMxnetInBothSpellings) {
  for (const char* name : {"mobilenetv2_1.0", "mobilenet_v2_1_0", "MobileNetV2_1.0"}) {
    ASSERT_OK_AND_ASSIGN(const PublishedFile file, FindPublished(name));
    EXPECT_EQ(file.stem(), "mobilenetv2_1.0-36da4ff1");
  }
}

TEST(PublishedFilesTest, ATagChoosesAmongTheFilesOfAName) {
  ASSERT_OK_AND_ASSIGN(const PublishedFile current, FindPublished("resnet50_v1"));
  EXPECT_EQ(current.sha1, "0aee57f96768c0a2d5b23a6ec91eb08dfb0a45ce");
  ASSERT_OK_AND_ASSIGN(const PublishedFile of_gluon_cv, FindPublished("resnet50_v1-cc729d95"));
  EXPECT_EQ(of_gluon_cv.release, Release::kGluonCv);
  ASSERT_OK_AND_ASSIGN(const PublishedFile old, FindPublished("resnet50_v1-2A903AB2"));
  EXPECT_EQ(old.release, Release::kSuperseded);
}

TEST(PublishedFilesTest, UnknownNamesAndTagsAreNotFoundAndTheOthersNamed) {
  EXPECT_THAT(FindPublished("resnet50"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("resnet50_v2")));
  EXPECT_THAT(FindPublished("resnet50_v1-00000000"),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("resnet50_v1-0aee57f9"), HasSubstr("resnet50_v1-cc729d95"))));
}

}  // namespace
}  // namespace baryon::store
