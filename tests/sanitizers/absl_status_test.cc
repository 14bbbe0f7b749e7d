// Under ThreadSanitizer this fails when the counting of those who have a status is not told of.
#include <thread>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(AbslStatusTest, TheLastToLetGoComesAfterAllWhoReadIt) {
  for (int round = 0; round < 200; ++round) {
    absl::Status status = absl::NotFoundError("model \"a\"");
    std::thread other([copy = status]() mutable {
      EXPECT_EQ(copy.message(), "model \"a\"");
      copy = absl::OkStatus();
    });
    EXPECT_EQ(status.message(), "model \"a\"");
    status = absl::OkStatus();
    other.join();
  }
}

}  // namespace
}  // namespace baryon
