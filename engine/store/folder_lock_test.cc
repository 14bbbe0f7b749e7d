#include "engine/store/folder_lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "engine/base/testing/status_matchers.h"
#include "engine/store/testing/store_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

class FolderLockTest : public StoreTest {
 protected:
  const std::string path_ = folder() + "/lock";
};

absl::Status DoNotWait() { return absl::CancelledError("somebody else has it"); }

TEST_F(FolderLockTest, OneHolderAtATimeEvenInOneProcess) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<FolderLock> first, FolderLock::Take(path_, DoNotWait));
  EXPECT_THAT(FolderLock::Take(path_, DoNotWait), StatusIs(absl::StatusCode::kCancelled));
  first = nullptr;
  EXPECT_OK(FolderLock::Take(path_, DoNotWait));
}

TEST_F(FolderLockTest, WhoeverWaitsComesNext) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<FolderLock> first, FolderLock::Take(path_, DoNotWait));
  int asked = 0;
  const auto waiting = [&] {
    if (++asked == 2) first = nullptr;
    return absl::OkStatus();
  };
  EXPECT_OK(FolderLock::Take(path_, waiting));
  EXPECT_EQ(asked, 2);
}

TEST_F(FolderLockTest, AProcessThatIsKilledLetsGo) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FolderLock::Take(path_, DoNotWait);
    const char byte = lock.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) == 1) pause();
    _exit(1);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  EXPECT_THAT(FolderLock::Take(path_, DoNotWait), StatusIs(absl::StatusCode::kCancelled));
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_OK(FolderLock::Take(path_, DoNotWait));
}

TEST_F(FolderLockTest, NoFolderNoLock) {
  EXPECT_THAT(FolderLock::Take(folder() + "/absent/lock", DoNotWait), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace baryon::store
