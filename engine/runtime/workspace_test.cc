#include "engine/runtime/workspace.h"

#include <atomic>
#include <memory>
#include <thread>  // NOLINT: tests start plain threads
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/runtime/compile.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

std::unique_ptr<const Plan> MakePlan(int64_t batch) {
  PreparedCache cache;
  return *Compile(*GraphFromText(R"(
                      input data: float32 [-1, 64]
                      a = softmax(data)
                      y = log_softmax(a)
                      output y_output = y)"),
                  {{DType::kFloat32, {batch, 64}}}, 1, {}, cache);
}

TEST(WorkspacePoolTest, GivesBackTheWorkspaceThatIsBoundToThePlan) {
  ThreadPool threads(1);
  WorkspacePool pool(threads);
  const auto small = MakePlan(1), large = MakePlan(100);
  auto first = pool.Take(*small), second = pool.Take(*large);
  ASSERT_OK(first);
  ASSERT_OK(second);
  Workspace* const bound_to_small = first->get();
  pool.Return(*std::move(second));
  pool.Return(*std::move(first));
  const auto again = pool.Take(*small);
  ASSERT_OK(again);
  EXPECT_EQ(again->get(), bound_to_small);
  EXPECT_EQ((*again)->plan_id(), small->id());
}

TEST(WorkspacePoolTest, CountsTheBytesThatWait) {
  ThreadPool threads(1);
  WorkspacePool pool(threads);
  const auto plan = MakePlan(10);
  EXPECT_EQ(pool.idle_bytes(), 0);
  auto workspace = pool.Take(*plan);
  ASSERT_OK(workspace);
  const int64_t size = (*workspace)->size_bytes();
  EXPECT_GE(size, plan->arena_bytes());
  pool.Return(*std::move(workspace));
  EXPECT_EQ(pool.idle_bytes(), size);
}

TEST(WorkspacePoolTest, NoTwoThreadsHoldTheSameWorkspace) {
  ThreadPool threads(1);
  WorkspacePool pool(threads);
  const auto plan = MakePlan(2);
  std::vector<std::thread> takers;
  std::atomic<int> failures{0};
  std::atomic<Workspace*> held[8] = {};
  for (int t = 0; t < 8; ++t) {
    takers.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        auto workspace = pool.Take(*plan);
        if (!workspace.ok()) {
          ++failures;
          return;
        }
        held[t] = workspace->get();
        for (int other = 0; other < 8; ++other) failures += other != t && held[other] == workspace->get();
        held[t] = nullptr;
        pool.Return(*std::move(workspace));
      }
    });
  }
  for (std::thread& taker : takers) taker.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace baryon
