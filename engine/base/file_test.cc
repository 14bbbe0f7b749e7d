#include "engine/base/file.h"

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "engine/base/testing/looks_for_others.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

std::string TempPath(const std::string& name) { return testing::TempDir() + "/" + name; }

TEST(FileTest, WritesAndReadsBack) {
  const std::string path = TempPath("round_trip");
  const std::string contents("a\0b\n", 4);
  ASSERT_OK(WriteFileAtomically(path, contents));
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadFile(path));
  EXPECT_EQ(read, contents);
}

TEST(FileTest, WritingReplacesWhatWasThere) {
  const std::string path = TempPath("replaced");
  ASSERT_OK(WriteFileAtomically(path, "a long first text"));
  ASSERT_OK(WriteFileAtomically(path, "short"));
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadFile(path));
  EXPECT_EQ(read, "short");
}

TEST(FileTest, WhatIsNotCommittedLeavesNothingBehind) {
  const std::string folder = TempPath("atomic");
  std::filesystem::create_directory(folder);
  {
    ASSERT_OK_AND_ASSIGN(const auto file, AtomicFile::Create(folder + "/file"));
    ASSERT_OK(file->Append("half of it"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  {
    ASSERT_OK_AND_ASSIGN(const auto file, AtomicFile::Create(folder + "/file"));
    ASSERT_OK(file->Append("all "));
    ASSERT_OK(file->Append("of it"));
    EXPECT_FALSE(std::filesystem::exists(folder + "/file"));
    ASSERT_OK(file->Commit());
  }
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadFile(folder + "/file"));
  EXPECT_EQ(read, "all of it");
}

TEST(FileTest, ReaderReadsAnyPieceAndReportsTheEnd) {
  const std::string path = TempPath("pieces");
  ASSERT_OK(WriteFileAtomically(path, "0123456789"));
  ASSERT_OK_AND_ASSIGN(const auto reader, FileReader::Open(path));
  EXPECT_EQ(reader->size(), 10);
  char piece[4] = {};
  ASSERT_OK(reader->Read(3, 4, piece));
  EXPECT_EQ(std::string(piece, 4), "3456");
  EXPECT_THAT(reader->Read(8, 4, piece), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ends at byte 10")));
}

TEST(FileTest, LongReadsGiveWay) {
  const std::string path = TempPath("long");
  ASSERT_OK(WriteFileAtomically(path, std::string(1 << 20, 'x')));
  const LooksForOthers looks;
  ASSERT_OK(ReadFile(path));
  EXPECT_GE(looks.count(), 16);
}

TEST(FileTest, AReaderNoticesThatItsFileWasWrittenTo) {
  const std::string path = TempPath("overwritten");
  ASSERT_OK(WriteFileAtomically(path, "0123456789"));
  ASSERT_OK_AND_ASSIGN(const auto reader, FileReader::Open(path));
  const auto before = std::filesystem::last_write_time(path);
  char piece[4] = {};
  ASSERT_OK(reader->Read(0, 4, piece));
  std::filesystem::last_write_time(path, before + std::chrono::seconds(1));
  EXPECT_THAT(reader->Read(0, 4, piece), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("was written to")));
}

TEST(FileTest, AReaderKeepsAFileThatIsReplacedOrRemoved) {
  const std::string path = TempPath("replaced");
  ASSERT_OK(WriteFileAtomically(path, "0123456789"));
  ASSERT_OK_AND_ASSIGN(const auto reader, FileReader::Open(path));
  ASSERT_OK(WriteFileAtomically(path, "abc"));
  std::filesystem::remove(path);
  char piece[4] = {};
  ASSERT_OK(reader->Read(3, 4, piece));
  EXPECT_EQ(std::string(piece, 4), "3456");
}

TEST(FileTest, EmptyFileHasNoBytes) {
  const std::string path = TempPath("empty");
  ASSERT_OK(WriteFileAtomically(path, ""));
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadFile(path));
  EXPECT_EQ(read, "");
}

TEST(FileTest, ErrorsNameThePath) {
  EXPECT_THAT(ReadFile(TempPath("absent")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
  EXPECT_THAT(FileReader::Open(TempPath("absent")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
  EXPECT_THAT(ReadFile(testing::TempDir()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a folder")));
  EXPECT_THAT(WriteFileAtomically(TempPath("no/such/folder"), "x"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/such/folder")));
}

TEST(FileTest, RefusesMoreThanTheLimit) {
  const std::string path = TempPath("large");
  ASSERT_OK(WriteFileAtomically(path, "12345"));
  EXPECT_THAT(ReadFile(path, 4), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("expected at most 4")));
}

}  // namespace
}  // namespace baryon
