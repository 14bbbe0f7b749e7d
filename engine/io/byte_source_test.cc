#include "engine/io/byte_source.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ByteSourceTest, MemoryIsReadInOrder) {
  MemorySource source("abcdef");
  char two[2];
  ASSERT_OK(source.Read(2, two));
  EXPECT_EQ(std::string(two, 2), "ab");
  ASSERT_OK(source.Read(2, two));
  EXPECT_EQ(std::string(two, 2), "cd");
  EXPECT_EQ(source.position(), 4);
  EXPECT_EQ(source.remaining(), 2);
}

TEST(ByteSourceTest, EndIsReportedWithByteExpectedAndGot) {
  MemorySource source("abcdef");
  uint32_t number;
  ASSERT_OK(source.ReadNumber(number));
  EXPECT_EQ(number, 0x64636261u);
  EXPECT_THAT(source.ReadNumber(number), StatusIs(absl::StatusCode::kDataLoss, "byte 4: expected 4 bytes, got 2"));
  EXPECT_EQ(source.position(), 4);
  EXPECT_THAT(source.ExpectBytes(-1), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ByteSourceTest, TensorIsReadOnlyWhenItsBytesAreThere) {
  MemorySource source(absl::string_view("\1\0\0\0\2\0\0\0", 8));
  EXPECT_THAT(ReadTensor(source, {DType::kInt32, Shape{int64_t{1} << 40}}), StatusIs(absl::StatusCode::kDataLoss));
  ASSERT_OK_AND_ASSIGN(const Tensor tensor, ReadTensor(source, {DType::kInt32, Shape{2}}));
  EXPECT_THAT(tensor.span<int32_t>(), ElementsAre(1, 2));
}

TEST(ByteSourceTest, BooleansAreZeroOrOneWhateverTheBytesSay) {
  MemorySource source(absl::string_view("\0\1\7\xFF", 4));
  ASSERT_OK_AND_ASSIGN(const Tensor tensor, ReadTensor(source, {DType::kBool, Shape{4}}));
  const auto* bytes = static_cast<const uint8_t*>(tensor.raw_data());
  EXPECT_THAT(std::vector<int>(bytes, bytes + 4), ElementsAre(0, 1, 1, 1));
}

class FileSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 20000; ++i) contents_ += static_cast<char>(i % 251);
    path_ = testing::TempDir() + "/file_source";
    ASSERT_OK(WriteFileAtomically(path_, contents_));
    auto file = FileReader::Open(path_);
    ASSERT_OK(file);
    file_ = *std::move(file);
  }

  std::string Read(FileSource& source, int64_t count) {
    std::string bytes(count, '\0');
    EXPECT_OK(source.Read(count, bytes.data()));
    return bytes;
  }

  std::string path_, contents_;
  std::unique_ptr<const FileReader> file_;
};

TEST_F(FileSourceTest, SmallAndLargeReadsAndSkipsAgreeWithTheFile) {
  FileSource source(*file_);
  size_t at = 0;
  for (int64_t count : {1, 8, 4000, 200, 5000, 3, 4096, 4095, 7}) {
    EXPECT_EQ(Read(source, count), contents_.substr(at, count));
    at += count;
    ASSERT_OK(source.Skip(11));
    at += 11;
    EXPECT_EQ(source.position(), static_cast<int64_t>(at));
  }
}

TEST_F(FileSourceTest, PartOfAFileEndsWhereItEnds) {
  FileSource source(*file_, 100, 50);
  EXPECT_EQ(Read(source, 10), contents_.substr(100, 10));
  EXPECT_THAT(source.Skip(41), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("byte 10: expected 41 bytes, got 40")));
  EXPECT_EQ(Read(source, 40), contents_.substr(110, 40));
}

TEST_F(FileSourceTest, FileThatWasCutShortSinceIsAnError) {
  FileSource source(*file_);
  ASSERT_EQ(truncate(path_.c_str(), 10), 0);
  char bytes[20];
  EXPECT_THAT(source.Read(20, bytes), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace baryon
