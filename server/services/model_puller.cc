// The thread that fetches and the reactions of gRPC meet in Stream. One write is under way at any time; of what there
// is to say meanwhile only the latest is kept.
#include "server/services/model_puller.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/quote.h"
#include "server/services/grpc_status.h"

namespace baryon {

class ModelPuller::Stream final : public grpc::ServerWriteReactor<v1::PullModelProgress> {
 public:
  // Keeps itself alive until gRPC has done with it.
  static std::shared_ptr<Stream> Create() {
    std::shared_ptr<Stream> stream(new Stream);
    stream->self_ = stream;
    return stream;
  }

  // Says how far it is. CANCELLED when nobody listens any more.
  absl::Status Say(const std::string& step, int64_t done, int64_t total) {
    if (gone_) return absl::CancelledError("the client has gone");
    v1::PullModelProgress progress;
    progress.set_step(step);
    progress.set_bytes_done(done);
    progress.set_bytes_total(total);
    {
      absl::MutexLock lock(&mutex_);
      next_ = std::move(progress);
    }
    GoOn();
    return absl::OkStatus();
  }

  // Ends the call when all is said. Once.
  void End(const absl::Status& status) {
    {
      absl::MutexLock lock(&mutex_);
      end_ = ToGrpcStatus(status);
    }
    GoOn();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) gone_ = true;
    {
      absl::MutexLock lock(&mutex_);
      busy_ = false;
      if (!ok) next_.reset();
    }
    GoOn();
  }
  void OnCancel() override { gone_ = true; }
  void OnDone() override { const std::shared_ptr<Stream> last = std::move(self_); }

 private:
  Stream() = default;

  // Does what is next, unless something is under way. Whoever sets busy_ alone calls gRPC.
  void GoOn() {
    std::optional<grpc::Status> end;
    {
      absl::MutexLock lock(&mutex_);
      if (busy_ || (!next_.has_value() && !end_.has_value())) return;
      busy_ = true;
      if (next_.has_value()) {
        written_ = *std::exchange(next_, std::nullopt);
      } else {
        end = end_;
      }
    }
    if (end.has_value()) return Finish(*end);
    StartWrite(&written_);
  }

  std::shared_ptr<Stream> self_;
  std::atomic<bool> gone_{false};
  v1::PullModelProgress written_;  // of whoever has set busy_
  absl::Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<v1::PullModelProgress> next_ ABSL_GUARDED_BY(mutex_);
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
};

ModelPuller::ModelPuller(PullFunction pull, std::function<void()> arrived)
    : pull_(std::move(pull)), arrived_(std::move(arrived)) {}

ModelPuller::~ModelPuller() {
  stop_ = true;
  const auto idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return running_ == 0; };
  absl::MutexLock lock(&mutex_, absl::Condition(&idle));
}

absl::Status ModelPuller::Enter() {
  if (!pull_) {
    return absl::FailedPreconditionError(
        "this server fetches no models: it was started without --pull and --repository");
  }
  absl::MutexLock lock(&mutex_);
  if (running_ == kMostPulls) {
    return absl::ResourceExhaustedError(absl::StrCat(kMostPulls, " models are being pulled, limit ", kMostPulls));
  }
  ++running_;
  return absl::OkStatus();
}

void ModelPuller::Leave() {
  absl::MutexLock lock(&mutex_);
  --running_;
}

grpc::ServerWriteReactor<v1::PullModelProgress>* ModelPuller::Answer(const std::string& name) {
  const std::shared_ptr<Stream> stream = Stream::Create();
  if (const absl::Status status = Enter(); !status.ok()) {
    stream->End(absl::Status(status.code(), absl::StrCat("model ", Quote(name), ": ", status.message())));
    return stream.get();
  }
  std::thread([this, stream, name] {
    const auto progress = [&](const std::string& step, int64_t done, int64_t total) -> absl::Status {
      if (stop_) return absl::CancelledError("the server stops");
      return stream->Say(step, done, total);
    };
    const absl::Status status = pull_(name, progress);
    if (status.ok()) arrived_();
    stream->End(status);
    Leave();
  }).detach();
  return stream.get();
}

}  // namespace baryon
