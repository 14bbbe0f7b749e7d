#include "engine/store/archive.h"

#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/mutations.h"
#include "engine/store/testing/archives.h"
#include "engine/store/testing/store_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

// What both kinds of archive must keep to.
class ArchiveTest : public StoreTest, public testing::WithParamInterface<bool> {
 protected:
  ArchiveTest() { fs::create_directories(out_); }

  std::string Write(const std::vector<TestMember>& members) const {
    return GetParam() ? WriteZip(path_, members) : WriteTarGz(path_, members);
  }
  absl::Status Extract() const { return ExtractArchive(path_, out_, limits_).status(); }
  // Refused, with nothing written anywhere.
  void ExpectRefused(const std::vector<TestMember>& members, const testing::Matcher<absl::Status>& error) const {
    Write(members);
    EXPECT_THAT(Extract(), error);
    EXPECT_TRUE(fs::is_empty(out_));
    EXPECT_FALSE(fs::exists(folder() + "/evil"));
  }

  const std::string path_ = folder() + "/archive", out_ = folder() + "/deep/out";
  ArchiveLimits limits_;
};

absl::StatusCode CodeOf(const absl::Status& status) { return status.code(); }

TEST_P(ArchiveTest, FilesComeOutAsTheyWentIn) {
  const std::string large(3 << 20, 'x');
  limits_.max_ratio = 10000;
  Write({{"a.txt", "one"}, {"d/", "", 040755}, {"d/e/b.bin", large}, {"./c", ""}});
  ASSERT_OK_AND_ASSIGN(const std::vector<ArchiveMember> members, ExtractArchive(path_, out_, limits_));
  EXPECT_EQ(members.size(), 4u);
  EXPECT_EQ(*ReadFile(out_ + "/a.txt"), "one");
  EXPECT_EQ(*ReadFile(out_ + "/d/e/b.bin"), large);
  EXPECT_EQ(*ReadFile(out_ + "/c"), "");
}

TEST_P(ArchiveTest, ModesDoNotComeAlong) {
  Write({{"a", "x", 0100777}});
  ASSERT_OK(Extract());
  struct stat info;
  ASSERT_EQ(stat((out_ + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0111, 0u);
}

TEST_P(ArchiveTest, NothingClimbsOut) {
  for (const char* name : {"../evil", "../../evil", "a/../../evil", "/evil", "C:/evil", "..\\evil"}) {
    ExpectRefused({{"good", "x"}, {name, "x"}}, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("evil")));
  }
}

TEST_P(ArchiveTest, LinksAndSetuidFilesAreRefused) {
  ExpectRefused({{"a", "", 0120777, "/etc"}, {"a/evil", "x"}},
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("link")));
  ExpectRefused({{"a", "x", 0104755}}, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("setuid")));
  ExpectRefused({{"a", "", 0010644}}, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("device")));
}

TEST_P(ArchiveTest, NamesThatDifferInCaseAloneAreRefused) {
  ExpectRefused({{"a", "x"}, {"A", "y"}}, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("name of its own")));
}

TEST_P(ArchiveTest, BombsAreRefused) {
  ExpectRefused({{"a", std::string(20 << 20, '\0')}}, StatusIs(absl::StatusCode::kResourceExhausted));
  limits_.max_members = 100;
  std::vector<TestMember> many;
  for (int i = 0; i <= 100; ++i) many.push_back({absl::StrCat("m", i)});
  ExpectRefused(many, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("100 members")));
}

TEST_P(ArchiveTest, DamageIsFound) {
  std::string bytes;
  for (int i = 0; i < 40000; ++i) bytes += static_cast<char>(i * i % 251 + i / 999);
  const std::string good = *ReadFile(Write({{"a", bytes}}));
  for (const size_t length : {good.size() - 1, good.size() / 2, size_t{40}}) {
    ASSERT_OK(WriteFileAtomically(path_, good.substr(0, length)));
    EXPECT_FALSE(Extract().ok()) << length;
  }
  std::string changed = good;
  changed[good.size() / 2] ^= 1;
  ASSERT_OK(WriteFileAtomically(path_, changed));
  EXPECT_THAT(CodeOf(Extract()), AnyOf(absl::StatusCode::kDataLoss, absl::StatusCode::kInvalidArgument));
}

TEST_P(ArchiveTest, DamagedArchivesNeverCrash) {
  const std::string good = *ReadFile(Write({{"a", "abcabcabcabcabc"}, {"d/", "", 040755}, {"d/b", "x"}}));
  ForEachMutation(good, [](const std::string& bytes) { ListArchive(MemoryFile(bytes).path()).status().IgnoreError(); });
}

INSTANTIATE_TEST_SUITE_P(Kinds, ArchiveTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Zip" : "TarGz"; });

class OneKindTest : public StoreTest {
 protected:
  const std::string path_ = folder() + "/archive", out_ = folder() + "/out";

  absl::Status ListBytes(const std::string& bytes) {
    EXPECT_OK(WriteFileAtomically(path_, bytes));
    return ListArchive(path_).status();
  }
  std::string Replaced(std::string bytes, const std::string& from, const std::string& to) {
    for (size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + to.size())) {
      bytes.replace(at, from.size(), to);
    }
    return bytes;
  }
};

TEST_F(OneKindTest, AZipWithANameTwiceIsRefused) {
  const std::string good = *ReadFile(WriteZip(path_, {{"one", "x"}, {"two", "y"}}));
  ASSERT_OK(ListBytes(good));
  EXPECT_THAT(ListBytes(Replaced(good, "two", "one")), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("exists")));
}

TEST_F(OneKindTest, AZipWhosePartsDisagreeIsRefused) {
  const std::string good = *ReadFile(WriteZip(path_, {{"one", "x"}}));
  std::string renamed = good;
  renamed.replace(good.find("one"), 3, "two");  // in front of the member, not in the directory
  EXPECT_THAT(ListBytes(renamed), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ListBytes(good + "and more"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(OneKindTest, ABombAmongPlainBytesIsFound) {
  std::string noise(4 << 20, '\0');
  uint32_t state = 1;
  for (char& byte : noise) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  WriteZip(path_, {{"noise", noise}, {"bomb", std::string(8 << 20, '\0')}});
  EXPECT_THAT(ListArchive(path_), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("member \"bomb\"")));
}

TEST_F(OneKindTest, AHardLinkIsRefused) {
  WriteTarGz(path_, {{"a", "x"}, {.name = "b", .hard_link = "a"}});
  EXPECT_THAT(ListArchive(path_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("hard link")));
}

TEST_F(OneKindTest, OtherBytesAreNoArchive) {
  EXPECT_THAT(ListBytes(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected a zip or tar file")));
  EXPECT_THAT(ListBytes(" <!DOCTYPE html><html>"),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr(path_), HasSubstr("web page"))));
  EXPECT_THAT(ListBytes(std::string(100000, 'x')), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ListArchive(path_ + "absent"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace baryon::store
