// Many threads at once, on a real clock.
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/batching/clock.h"
#include "server/batching/executor.h"
#include "server/batching/testing/batcher_tester.h"

namespace baryon {
namespace {

using testing::ElementsAre;

// The same whether passes run where requests come in or not.
class BatcherThreadsTest : public testing::TestWithParam<absl::Duration> {};
INSTANTIATE_TEST_SUITE_P(, BatcherThreadsTest, testing::Values(absl::ZeroDuration(), absl::InfiniteDuration()));

TEST_P(BatcherThreadsTest, ManyClientsAtOnceGetTheirOwnAnswers) {
  ThreadExecutor executor(2);
  Batcher::Options options;
  options.costs.Set(1, 1, {kMs, kMs});
  options.policy.run_here = GetParam();
  options.policy.join = true;
  options.policy.max_rows = 4;
  options.policy.slots = 2;
  Batcher batcher(
      options, [](const Tensors& inputs, int) -> absl::StatusOr<Tensors> { return inputs; }, executor);
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([&batcher, client] {
      for (int i = 0; i < 200; ++i) {
        const float value = static_cast<float>(client * 1000 + i);
        absl::Notification answered;
        Batcher::Request request;
        request.may_run_here = true;
        request.inputs = {Tensor::FromData<float>({1, 1}, {value})};
        request.done = [&](absl::StatusOr<Tensors> outputs, const Batcher::Timing&) {
          ASSERT_OK(outputs);
          EXPECT_THAT((*outputs)[0].span<float>(), ElementsAre(value));
          answered.Notify();
        };
        batcher.Submit(std::move(request));
        answered.WaitForNotification();
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

// Clients go at any moment: each request is answered exactly once, and rows are computed for no more than were answered
// or had started to be computed when their client went.
TEST_P(BatcherThreadsTest, ClientsThatGoAtAnyMomentAreAnsweredOnce) {
  std::atomic<int64_t> rows_computed{0}, rows_told{0}, answers{0};
  constexpr int kClients = 4, kRequests = 300;
  {
    ThreadExecutor executor(2);
    Batcher::Options options;
    options.costs.Set(1, 1, {kMs, kMs});
    options.policy.run_here = GetParam();
    options.policy.join = true;
    options.policy.max_rows = 8;
    Batcher batcher(
        options,
        [&](const Tensors& inputs, int) -> absl::StatusOr<Tensors> {
          rows_computed += inputs[0].shape()[0];
          return inputs;
        },
        executor);
    std::vector<std::thread> clients;
    for (int client = 0; client < kClients; ++client) {
      clients.emplace_back([&, client] {
        for (int i = 0; i < kRequests; ++i) {
          std::stop_source source;
          Batcher::Request request;
          request.may_run_here = true;
          request.inputs = {Tensor::FromData<float>({1, 1}, {1})};
          request.stop = source.get_token();
          request.done = [&](absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
            ++answers;
            rows_told += timing.batch_rows > 0 ? 1 : 0;
            EXPECT_EQ(outputs.ok(), timing.batch_rows > 0);
          };
          batcher.Submit(std::move(request));
          if ((i + client) % 3 != 0) source.request_stop();
        }
      });
    }
    for (std::thread& client : clients) client.join();
  }
  EXPECT_EQ(answers, kClients * kRequests);
  EXPECT_EQ(rows_computed, rows_told);
}

}  // namespace
}  // namespace baryon
