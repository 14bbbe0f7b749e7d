// Chooses the algorithms of convolutions by timing instead of by rule.
//
// Several algorithms can compute most convolutions (see kernels/conv.h), and which one is fastest depends on caches and
// memory. The rule that takes one of them was made on a few machines. A Tuner times them on this one, when a graph is
// compiled: each distinct convolution once, with one row of data and one thread, weights coming from memory as they do
// within a network. A choice holds for every batch size and any number of threads, so that a row gives the same bits in
// any batch, and is kept in a file, so that it is the same in the next run. Another algorithm than the rule's must be
// faster by a few percent: noise must not decide, and the rule looks at memory too.
#ifndef BARYON_ENGINE_RUNTIME_TUNER_H_
#define BARYON_ENGINE_RUNTIME_TUNER_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/graph.h"

namespace baryon {

// Thread-safe; graphs are tuned one after the other.
class Tuner {
 public:
  // `file` keeps choices from run to run; empty: they are kept for the life of the object. What of it cannot be read is
  // timed again. `budget`: how long a single graph may be timed; convolutions that are not timed by then stay with the
  // rule.
  explicit Tuner(std::string file, absl::Duration budget = absl::Seconds(30));

  // Sets the algorithm of the convolutions of `graph`, which has passed the passes and has all types, where it is not
  // the rule's. Errors: of the file system; those of preparing a convolution.
  absl::Status Tune(Numerics numerics, Graph& graph);

  // What was chosen for a convolution by its description, "" for the rule's, so far. For tests.
  std::map<std::string, std::string> choices() const;

 private:
  static absl::StatusOr<std::string> Choose(const Graph& graph, const Node& node, Numerics numerics, ThreadPool& pool);
  absl::Status Save() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string file_;
  const absl::Duration budget_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::string> choices_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_TUNER_H_
