#include "engine/store/provenance.h"

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/store/digest.h"
#include "engine/store/testing/store_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ProvenanceTest : public StoreTest {
 protected:
  void SetUp() override {
    Write("a", "abc");
    Write("b", "");
    ASSERT_OK(
        WriteProvenance(folder(), {"m", "https://zoo.example/m.zip", "12ab", "lenet", "2026-11-28T11:00:00Z", {}}));
  }
  void Write(const std::string& name, const std::string& contents) {
    ASSERT_OK(WriteFileAtomically(folder() + "/" + name, contents));
  }
};

TEST_F(ProvenanceTest, SaysWhatTheFilesAre) {
  ASSERT_OK_AND_ASSIGN(const Provenance got, ReadProvenance(folder()));
  EXPECT_EQ(got.name, "m");
  EXPECT_EQ(got.source, "https://zoo.example/m.zip");
  EXPECT_EQ(got.digest, "12ab");
  EXPECT_EQ(got.architecture, "lenet");
  EXPECT_EQ(got.time, "2026-11-28T11:00:00Z");
  ASSERT_EQ(got.files.size(), 2u);
  EXPECT_EQ(got.files.at("a").bytes, 3);
  EXPECT_EQ(got.files.at("a").sha256, DigestOfBytes(DigestKind::kSha256, "abc"));
  EXPECT_EQ(got.bytes(), 3);
}

TEST_F(ProvenanceTest, FindsFilesThatChangedOrWent) {
  EXPECT_THAT(*FindChanges(folder()), IsEmpty());
  Write("a", "abd");
  EXPECT_THAT(*FindChanges(folder()), ElementsAre(HasSubstr("/a\": expected SHA-256")));
  ASSERT_EQ(remove((folder() + "/a").c_str()), 0);
  EXPECT_THAT(*FindChanges(folder()), ElementsAre(HasSubstr("No such file")));
}

TEST_F(ProvenanceTest, OtherFilesAreNone) {
  for (const char* text : {"[]", "{}", R"({"files": 3})", R"({"files": {"../x": {"bytes": 1, "sha256": ""}}})",
                           R"({"name": 3, "files": {}})", R"({"files": {"a": {"bytes": "1", "sha256": ""}}})"}) {
    Write(kProvenanceName, text);
    EXPECT_THAT(ReadProvenance(folder()), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  Write(kProvenanceName, "x");
  EXPECT_THAT(ReadProvenance(folder()), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ReadProvenance(folder() + "/absent"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace baryon::store
