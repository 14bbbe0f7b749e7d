#include "server/services/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/shared_object.h"

namespace baryon {
namespace {

using testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

TEST(SharedMemoryTest, ReadsAndWritesAPart) {
  SharedObject object("0123456789");
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::Open(object.key(), 2, 6));
  std::string bytes(3, ' ');
  ASSERT_OK(memory->Read(1, absl::MakeSpan(bytes)));
  EXPECT_EQ(bytes, "345");
  ASSERT_OK(memory->Write(4, "ab"));
  EXPECT_EQ(object.Contents(), "012345ab89");
}

TEST(SharedMemoryTest, StaysInsideItsPart) {
  SharedObject object("0123456789");
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::Open(object.key(), 2, 6));
  std::string bytes(3, ' ');
  for (int64_t offset : {int64_t{-1}, int64_t{4}, int64_t{6}, std::numeric_limits<int64_t>::max(),
                         std::numeric_limits<int64_t>::min()}) {
    EXPECT_THAT(memory->Read(offset, absl::MakeSpan(bytes)), StatusIs(kInvalid, HasSubstr("a part of its 6 bytes")));
    EXPECT_THAT(memory->Write(offset, "abc"), StatusIs(kInvalid));
  }
}

TEST(SharedMemoryTest, RefusesPartsOutsideOfTheObject) {
  SharedObject object("0123456789");
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  for (const auto& [offset, size] : std::initializer_list<std::pair<uint64_t, uint64_t>>{
           {0, 0}, {0, 11}, {1, 10}, {10, 1}, {kMost, 1}, {1, kMost}, {kMost, kMost}, {0, kMost}, {5, kMost - 3}}) {
    EXPECT_THAT(SharedMemory::Open(object.key(), offset, size), StatusIs(kInvalid)) << offset << " " << size;
  }
}

TEST(SharedMemoryTest, RefusesNamesThatArePaths) {
  for (const char* key : {"", "/", "..", "/..", "/../etc/passwd", "a/b", "//x", "/.hidden", "x y", "x\n"}) {
    EXPECT_THAT(SharedMemory::Open(key, 0, 1), StatusIs(kInvalid, HasSubstr("expected a key"))) << key;
  }
  EXPECT_THAT(SharedMemory::Open(std::string("a\0b", 3), 0, 1), StatusIs(kInvalid));
  EXPECT_THAT(SharedMemory::Open(std::string(300, 'x'), 0, 1), StatusIs(kInvalid));
  EXPECT_THAT(SharedMemory::Open("/baryon_no_such_object", 0, 1), StatusIs(absl::StatusCode::kNotFound));
}

TEST(SharedMemoryTest, AnObjectThatIsCutShortIsAnError) {
  SharedObject object(std::string(1 << 16, 'x'));
  ASSERT_OK_AND_ASSIGN(const auto memory, SharedMemory::Open(object.key(), 0, 1 << 16));
  object.Truncate(10);
  std::string bytes(1 << 16, ' ');
  EXPECT_THAT(memory->Read(0, absl::MakeSpan(bytes)), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(SharedMemoryRegistryTest, KnowsWhatWasRegistered) {
  SharedObject object("0123456789");
  SharedMemoryRegistry registry(/*allowed=*/true);
  ASSERT_OK(registry.Register("in", object.key(), 0, 4));
  ASSERT_OK(registry.Register("out", object.key(), 4, 6));
  EXPECT_THAT(registry.Register("in", object.key(), 0, 4), StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const auto in, registry.Find("in"));
  EXPECT_EQ(in->size(), 4);
  EXPECT_EQ(registry.List("")->size(), 2u);
  EXPECT_EQ(registry.List("out")->size(), 1u);
  EXPECT_THAT(registry.List("x"), StatusIs(absl::StatusCode::kNotFound));
  registry.Unregister("in");
  registry.Unregister("in");
  EXPECT_THAT(registry.Find("in"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("registered as \"in\"")));
  std::string bytes(4, ' ');
  EXPECT_OK(in->Read(0, absl::MakeSpan(bytes)));  // who has it keeps it
  registry.Unregister("");
  EXPECT_TRUE(registry.List("")->empty());
}

TEST(SharedMemoryRegistryTest, TakesNothingUnlessAllowed) {
  SharedObject object("0123456789");
  SharedMemoryRegistry registry(/*allowed=*/false);
  EXPECT_THAT(registry.Register("in", object.key(), 0, 4), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(SharedMemoryRegistryTest, IsBounded) {
  SharedObject object("0123456789");
  SharedMemoryRegistry registry(/*allowed=*/true);
  EXPECT_THAT(registry.Register("", object.key(), 0, 4), StatusIs(kInvalid));
  EXPECT_THAT(registry.Register(std::string(1 << 20, 'x'), object.key(), 0, 4), StatusIs(kInvalid));
  absl::Status status;
  int count = 0;
  while ((status = registry.Register(absl::StrCat(count), object.key(), 0, 4)).ok()) ++count;
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_LE(count, 1024);
}

}  // namespace
}  // namespace baryon
