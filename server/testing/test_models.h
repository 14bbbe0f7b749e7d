// Small models for tests, made of operators that exist in tests only. All take and give float32:
//
//   _test_double            y = 2 x
//   _test_mix_rows          y = x plus the sum of all rows: rows of a batch see each other
//   _test_refuse_negative   y = x; fails on a negative element
//   _test_at_most_two_rows  y = 2 x; fails on more than two rows
//   _test_odd_columns       y = 2 x; fails unless there are 12347 columns, which nobody guesses
//   _test_sum_rows          the sum of all elements, a scalar
//   _test_gate              y = x, once TestGate is open
#ifndef BARYON_SERVER_TESTING_TEST_MODELS_H_
#define BARYON_SERVER_TESTING_TEST_MODELS_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "engine/base/thread_pool.h"
#include "engine/runtime/executable.h"
#include "server/models/served_model.h"

namespace baryon {

// The executable of a graph text. Ends the test run when the text is wrong.
std::shared_ptr<const Executable> MakeExecutable(absl::string_view graph_text, ThreadPool& pool);

// The text of a graph that applies `op` to an input "data" of type `type` ("float32 [-1, 2]") and gives "out".
std::string GraphOf(absl::string_view op, absl::string_view type);

// Holds every `_test_gate` back while it is closed. One test at a time closes it; it opens at the end of its scope.
class TestGate {
 public:
  TestGate();  // closes it
  ~TestGate() { Open(); }
  void Open();
  // Returns once a model waits at the gate.
  void WaitForArrival();
};

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_TEST_MODELS_H_
