#include "engine/base/memory.h"

#include <unistd.h>

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(MemoryTest, IsSomeAndNotMoreThanTheMachineHas) {
  EXPECT_GT(UsableMemoryBytes(), int64_t{1} << 24);
  EXPECT_LE(UsableMemoryBytes(), int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE));
}

}  // namespace
}  // namespace baryon
