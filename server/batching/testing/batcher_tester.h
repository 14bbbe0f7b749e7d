// A batcher on a thread and a clock of the test's own.
#ifndef BARYON_SERVER_BATCHING_TESTING_BATCHER_TESTER_H_
#define BARYON_SERVER_BATCHING_TESTING_BATCHER_TESTER_H_

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "server/batching/batcher.h"
#include "server/refusal.h"
#include "server/testing/manual_executor.h"

namespace baryon {

inline constexpr absl::Duration kMs = absl::Milliseconds(1);

// A model that doubles its input [rows, 1] and refuses negative elements; notes the rows of every batch. A pass takes
// `compute_time_`.
class BatcherTest : public testing::Test {
 protected:
  // What one request got.
  struct Answer {
    std::optional<absl::StatusOr<Tensors>> outputs;
    Batcher::Timing timing;

    std::vector<float> values() const {
      const absl::Span<const float> elements = (**outputs)[0].span<float>();
      return {elements.begin(), elements.end()};
    }
    absl::Status status() const { return outputs->status(); }
    std::optional<Refusal> refusal() const { return RefusalOf(status()); }
  };

  static Batcher::Options Joining(int64_t max_rows = 32) {
    Batcher::Options options;
    options.model = "model \"double\"";
    options.policy.join = true;
    options.policy.max_rows = max_rows;
    return options;
  }
  // The same, and it is known that passes take that long.
  static Batcher::Options Measured(absl::Duration pass, int64_t max_rows = 32) {
    Batcher::Options options = Joining(max_rows);
    for (int64_t rows : {int64_t{1}, max_rows}) options.costs.Set(1, rows, {pass, pass});
    return options;
  }

  // The same for passes of 1 ms, which run on the thread that brings a request.
  Batcher::Options RunningHere() {
    executor_.set_runs_here(true);
    Batcher::Options options = Measured(kMs);
    options.policy.run_here = kMs;
    return options;
  }

  Batcher Make(Batcher::Options options) {
    return Batcher(
        std::move(options), [this](const Tensors& inputs, int) { return Double(inputs); }, executor_,
        executor_.clock());
  }

  absl::StatusOr<Tensors> Double(const Tensors& inputs) {
    batches_.push_back(inputs[0].shape()[0]);
    last_input_ = inputs[0].raw_data();
    executor_.Advance(compute_time_);
    Tensor output = Tensor::Allocate(inputs[0].type());
    for (int64_t i = 0; i < output.num_elements(); ++i) {
      if (inputs[0].data<float>()[i] < 0) return absl::InvalidArgumentError("negative");
      output.mutable_data<float>()[i] = 2 * inputs[0].data<float>()[i];
    }
    return Tensors{std::move(output)};
  }

  static Batcher::Request RequestOf(std::vector<float> rows, Answer& answer) {
    Batcher::Request request;
    request.inputs = {Tensor::FromData<float>({static_cast<int64_t>(rows.size()), 1}, rows)};
    request.may_run_here = true;
    request.done = [&answer](absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
      EXPECT_FALSE(answer.outputs.has_value()) << "answered twice";
      answer = {std::move(outputs), timing};
    };
    return request;
  }
  Batcher::Request RequestDue(absl::Duration time, Answer& answer) {
    Batcher::Request request = RequestOf({1}, answer);
    request.deadline = executor_.now() + time;
    return request;
  }

  ManualExecutor executor_;
  absl::Duration compute_time_;
  std::vector<int64_t> batches_;
  const void* last_input_ = nullptr;
};

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_TESTING_BATCHER_TESTER_H_
