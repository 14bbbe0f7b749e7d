#include "server/services/health_service.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "proto/health.grpc.pb.h"
#include "server/quote.h"
#include "server/services/grpc_calls.h"

namespace baryon {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::health::v1::HealthListRequest;
using grpc::health::v1::HealthListResponse;
using Status = HealthCheckResponse::ServingStatus;

class Watcher;

// What is known, and who wants to hear of changes. One mutex guards it and the state of every watcher.
struct HealthState {
  absl::Mutex mutex;
  std::map<std::string, Status> statuses ABSL_GUARDED_BY(mutex);
  std::set<std::shared_ptr<Watcher>> watchers ABSL_GUARDED_BY(mutex);
  bool ended ABSL_GUARDED_BY(mutex) = false;

  Status StatusOf(const std::string& name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto found = statuses.find(name);
    return found == statuses.end() ? HealthCheckResponse::SERVICE_UNKNOWN : found->second;
  }
};

// One stream of Watch. It sends the newest state only: what changes while a message is on its way is sent after it.
class Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse>,
                      public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(HealthState& state, std::string name) : state_(state), name_(std::move(name)) {}

  // Does what is to be done next, if anything. Thread-safe.
  void Advance() {
    bool write = false;
    {
      absl::MutexLock lock(&state_.mutex);
      if (writing_ || finished_) return;
      const Status status = state_.StatusOf(name_);
      if (!broken_ && sent_ != status) {
        response_.set_status(status);
        sent_ = status;
        write = writing_ = true;
      } else if (broken_ || state_.ended) {
        finished_ = true;
      } else {
        return;
      }
    }
    if (write) {
      StartWrite(&response_);
    } else {
      Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server stops"));
    }
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&state_.mutex);
      writing_ = false;
      broken_ = broken_ || !ok;
    }
    Advance();
  }

  void OnCancel() override {
    {
      absl::MutexLock lock(&state_.mutex);
      broken_ = true;
    }
    Advance();
  }

  void OnDone() override {
    const std::shared_ptr<Watcher> self = shared_from_this();  // goes after the lock
    absl::MutexLock lock(&state_.mutex);
    state_.watchers.erase(self);
  }

 private:
  HealthState& state_;
  const std::string name_;
  HealthCheckResponse response_;  // of the thread that may write
  std::optional<Status> sent_;
  bool writing_ = false, finished_ = false, broken_ = false;
};

class HealthServiceImpl final : public HealthService, public grpc::health::v1::Health::CallbackService {
 public:
  void Set(const std::string& name, bool serving) override {
    {
      absl::MutexLock lock(&state_.mutex);
      state_.statuses[name] = serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
    }
    AdvanceAll();
  }

  void EndWatches() override {
    {
      absl::MutexLock lock(&state_.mutex);
      state_.ended = true;
    }
    AdvanceAll();
  }

  grpc::Service& service() override { return *this; }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context, const HealthCheckRequest* request,
                                  HealthCheckResponse* response) override {
    Status status;
    {
      absl::MutexLock lock(&state_.mutex);
      status = state_.StatusOf(request->service());
    }
    response->set_status(status);
    if (status != HealthCheckResponse::SERVICE_UNKNOWN) return GrpcCalls::AnswerAnybody(context, absl::OkStatus());
    return GrpcCalls::AnswerAnybody(
        context, absl::NotFoundError(absl::StrCat("no service is called ", Quote(request->service()))));
  }

  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context, const HealthListRequest*,
                                 HealthListResponse* response) override {
    {
      absl::MutexLock lock(&state_.mutex);
      for (const auto& [name, status] : state_.statuses) (*response->mutable_statuses())[name].set_status(status);
    }
    return GrpcCalls::AnswerAnybody(context, absl::OkStatus());
  }

  grpc::ServerWriteReactor<HealthCheckResponse>* Watch(grpc::CallbackServerContext*,
                                                       const HealthCheckRequest* request) override {
    const auto watcher = std::make_shared<Watcher>(state_, request->service());
    {
      absl::MutexLock lock(&state_.mutex);
      state_.watchers.insert(watcher);
    }
    watcher->Advance();
    return watcher.get();  // owned by the state until OnDone
  }

 private:
  void AdvanceAll() {
    std::vector<std::shared_ptr<Watcher>> watchers;
    {
      absl::MutexLock lock(&state_.mutex);
      watchers.assign(state_.watchers.begin(), state_.watchers.end());
    }
    for (const std::shared_ptr<Watcher>& watcher : watchers) watcher->Advance();
  }

  HealthState state_;
};

}  // namespace

std::unique_ptr<HealthService> HealthService::Create() { return std::make_unique<HealthServiceImpl>(); }

}  // namespace baryon
