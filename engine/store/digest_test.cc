#include "engine/store/digest.h"

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Examples of FIPS 180-2.
constexpr char kSha1OfAbc[] = "a9993e364706816aba3e25717850c26c9cd0d89d";
constexpr char kSha256OfAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(DigestTest, KnowsTheExamplesOfTheStandard) {
  EXPECT_EQ(DigestOfBytes(DigestKind::kSha1, "abc"), kSha1OfAbc);
  EXPECT_EQ(DigestOfBytes(DigestKind::kSha256, "abc"), kSha256OfAbc);
}

TEST(DigestTest, AFileOfManyPiecesHasTheDigestOfItsBytes) {
  const std::string path = testing::TempDir() + "/digest";
  std::string bytes((1 << 20) * 2 + 17, 'a');
  for (size_t i = 0; i < bytes.size(); i += 1000) bytes[i] = static_cast<char>(i);
  ASSERT_OK(WriteFileAtomically(path, bytes));
  ASSERT_OK_AND_ASSIGN(const std::string got, DigestOfFile(DigestKind::kSha1, path));
  EXPECT_EQ(got, DigestOfBytes(DigestKind::kSha1, bytes));
  EXPECT_OK(CheckDigest(DigestKind::kSha1, path, got));
}

TEST(DigestTest, AnotherDigestIsAnErrorThatShowsBoth) {
  const std::string path = testing::TempDir() + "/abc";
  ASSERT_OK(WriteFileAtomically(path, "abc"));
  EXPECT_OK(CheckDigest(DigestKind::kSha1, path, "A9993E364706816ABA3E25717850C26C9CD0D89D"));
  EXPECT_THAT(CheckDigest(DigestKind::kSha1, path, std::string(40, '0')),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr(std::string(40, '0')), HasSubstr(kSha1OfAbc))));
  EXPECT_THAT(CheckDigest(DigestKind::kSha1, path + "absent", kSha1OfAbc), StatusIs(absl::StatusCode::kNotFound));
}

TEST(DigestTest, DigestsAreHexadecimalOfTheirLength) {
  EXPECT_TRUE(IsDigest(DigestKind::kSha1, kSha1OfAbc));
  EXPECT_FALSE(IsDigest(DigestKind::kSha256, kSha1OfAbc));
  EXPECT_FALSE(IsDigest(DigestKind::kSha1, std::string(40, 'g')));
}

}  // namespace
}  // namespace baryon::store
