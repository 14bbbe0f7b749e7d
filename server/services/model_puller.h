// ModelRegistry.PullModel: fetches a model for the server, and tells by a stream how far it is.
#ifndef BARYON_SERVER_SERVICES_MODEL_PULLER_H_
#define BARYON_SERVER_SERVICES_MODEL_PULLER_H_

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "proto/registry.pb.h"

namespace baryon {

// Where models come from and go to: a repository that the server reads. `progress` is told of each step and, a few
// times a second, of bytes; `total` 0: unknown. An error it returns ends the fetching, which returns it. Blocks;
// thread-safe.
using PullProgress = std::function<absl::Status(const std::string& step, int64_t done, int64_t total)>;
using PullFunction = std::function<absl::Status(const std::string& name, const PullProgress& progress)>;

// Each fetch has a thread; there are at most kMostPulls. Thread-safe.
class ModelPuller {
 public:
  static constexpr int kMostPulls = 4;

  // `pull` may be empty: this server fetches nothing. `arrived` is called after each model.
  ModelPuller(PullFunction pull, std::function<void()> arrived);
  ~ModelPuller();  // asks fetches to end and waits for them
  ModelPuller(const ModelPuller&) = delete;
  ModelPuller& operator=(const ModelPuller&) = delete;

  // Answers a call. A client that goes ends its fetch. Errors: FAILED_PRECONDITION, the server fetches nothing;
  // RESOURCE_EXHAUSTED, it fetches enough; those of the function.
  grpc::ServerWriteReactor<v1::PullModelProgress>* Answer(const std::string& name);

 private:
  class Stream;
  absl::Status Enter();
  void Leave();

  const PullFunction pull_;
  const std::function<void()> arrived_;
  std::atomic<bool> stop_{false};
  absl::Mutex mutex_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_MODEL_PULLER_H_
