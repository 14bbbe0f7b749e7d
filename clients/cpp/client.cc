// One way for all calls: bytes go out and come back on gRPC's threads (Call), types are put on around it (Start), and
// those who want to wait, wait for it (Ask).
#include "clients/cpp/client.h"

#include <grpcpp/alarm.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "engine/base/status_macros.h"
#include "proto/health.pb.h"
#include "proto/registry.grpc.pb.h"

namespace baryon {

struct Client::Shared {
  Shared(std::string target, ClientOptions options, std::shared_ptr<grpc::Channel> channel)
      : target(std::move(target)), options(std::move(options)), channel(channel), stub(std::move(channel)) {}

  ~Shared() {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(
        +[](int* calls) { return *calls == 0; }, &calls));
  }

  void CountCall(int more) {
    absl::MutexLock lock(&mutex);
    calls += more;
  }

  const std::string target;
  const ClientOptions options;
  const std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;
  absl::Mutex mutex;
  int calls ABSL_GUARDED_BY(mutex) = 0;  // under way
};

Client::Client(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;

// One call with all its attempts. Owns itself until `done` has been called.
class Client::Call {
 public:
  using BytesDone = absl::AnyInvocable<void(const absl::Status& status, grpc::ByteBuffer& response)>;

  Call(Shared& shared, const char* method, grpc::ByteBuffer request, absl::Time deadline, const RetryPolicy& retry,
       BytesDone done)
      : shared_(shared),
        method_(method),
        request_(std::move(request)),
        deadline_(deadline),
        retry_(retry),
        done_(std::move(done)) {
    shared_.CountCall(1);
  }

  void Attempt() {
    ++attempt_;
    context_.emplace();
    if (deadline_ < absl::InfiniteFuture()) context_->set_deadline(absl::ToChronoTime(deadline_));
    AddToken(shared_.options.connection, *context_);
    response_.Clear();
    shared_.stub.UnaryCall(&*context_, method_, {}, &request_, &response_,
                           [this](const grpc::Status& status) { Finish(status); });
  }

 private:
  void Finish(const grpc::Status& status) {
    if (!status.ok()) {
      const FailedAttempt failed{attempt_, static_cast<absl::StatusCode>(status.error_code()), PushBack()};
      const auto pause = PauseAfter(failed, retry_, deadline_ - absl::Now(), absl::Uniform(random_, 0.0, 1.0));
      if (pause.has_value()) {
        alarm_.Set(absl::ToChronoTime(absl::Now() + *pause), [this](bool) { Attempt(); });
        return;
      }
    }
    done_(ToAbslStatus(status, shared_.target), response_);
    Shared& shared = shared_;
    delete this;
    shared.CountCall(-1);
  }

  std::optional<absl::Duration> PushBack() const {
    const auto& trailers = context_->GetServerTrailingMetadata();
    const auto found = trailers.find("grpc-retry-pushback-ms");
    if (found == trailers.end()) return std::nullopt;
    return ParsePushBack(absl::string_view(found->second.data(), found->second.size()));
  }

  Shared& shared_;
  const std::string method_;
  const grpc::ByteBuffer request_;
  const absl::Time deadline_;
  const RetryPolicy retry_;
  BytesDone done_;
  int attempt_ = 0;
  std::optional<grpc::ClientContext> context_;  // of the attempt that is under way
  grpc::ByteBuffer response_;
  grpc::Alarm alarm_;
  absl::InsecureBitGen random_;
};

template <typename Response, typename Request>
void Client::Start(const char* method, const Request& request, absl::Duration timeout, const RetryPolicy& retry,
                   Done<Response> done) const {
  KeepCallbackThread(shared_->channel);
  grpc::ByteBuffer bytes;
  bool own = false;
  const grpc::Status serialized = grpc::SerializationTraits<Request>::Serialize(request, &bytes, &own);
  if (!serialized.ok()) return done(ToAbslStatus(serialized, shared_->target));
  auto* const call = new Call(
      *shared_, method, std::move(bytes), absl::Now() + timeout, retry,
      [&shared = *shared_, done = std::move(done)](const absl::Status& status, grpc::ByteBuffer& answer) mutable {
        if (!status.ok()) return done(status);
        Response response;
        const grpc::Status parsed = grpc::SerializationTraits<Response>::Deserialize(&answer, &response);
        if (!parsed.ok()) return done(ToAbslStatus(parsed, shared.target));
        done(std::move(response));
      });
  call->Attempt();
}

template <typename Response, typename Request>
absl::StatusOr<Response> Client::Ask(const char* method, const Request& request, absl::Duration timeout,
                                     const RetryPolicy& retry) const {
  absl::Notification answered;
  absl::StatusOr<Response> result;
  Start<Response>(method, request, timeout, retry, [&](absl::StatusOr<Response> response) {
    result = std::move(response);
    answered.Notify();
  });
  answered.WaitForNotification();
  return result;
}

template <typename Response, typename Request>
absl::StatusOr<Response> Client::Ask(const char* method, const Request& request) const {
  return Ask<Response>(method, request, shared_->options.timeout, shared_->options.retry);
}

absl::StatusOr<Client> Client::Connect(const std::string& target, const ClientOptions& options) {
  BARYON_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, OpenChannel(target, options.connection));
  return Client(std::make_unique<Shared>(target, options, std::move(channel)));
}

constexpr char kPredict[] = "/baryon.v1.PredictionService/Predict";

absl::StatusOr<v1::PredictResponse> Client::Predict(const v1::PredictRequest& request,
                                                    std::optional<absl::Duration> timeout) const {
  return Ask<v1::PredictResponse>(kPredict, request, timeout.value_or(shared_->options.timeout),
                                  shared_->options.retry);
}

void Client::PredictAsync(const v1::PredictRequest& request, Predicted done,
                          std::optional<absl::Duration> timeout) const {
  Start<v1::PredictResponse>(kPredict, request, timeout.value_or(shared_->options.timeout), shared_->options.retry,
                             std::move(done));
}

absl::StatusOr<std::vector<v1::ModelInfo>> Client::ListModels() const {
  BARYON_ASSIGN_OR_RETURN(const auto response,
                          Ask<v1::ListModelsResponse>("/baryon.v1.ModelRegistry/ListModels", v1::ListModelsRequest()));
  return std::vector<v1::ModelInfo>(response.models().begin(), response.models().end());
}

absl::StatusOr<std::vector<v1::ModelInfo>> Client::GetModel(const std::string& name) const {
  v1::GetModelRequest request;
  request.set_name(name);
  BARYON_ASSIGN_OR_RETURN(const auto response, Ask<v1::GetModelResponse>("/baryon.v1.ModelRegistry/GetModel", request));
  return std::vector<v1::ModelInfo>(response.versions().begin(), response.versions().end());
}

absl::Status Client::LoadModel(const std::string& name) const {
  v1::LoadModelRequest request;
  request.set_name(name);
  return Ask<v1::LoadModelResponse>("/baryon.v1.ModelRegistry/LoadModel", request).status();
}

absl::Status Client::UnloadModel(const std::string& name) const {
  v1::UnloadModelRequest request;
  request.set_name(name);
  return Ask<v1::UnloadModelResponse>("/baryon.v1.ModelRegistry/UnloadModel", request).status();
}

absl::Status Client::PullModel(const std::string& name,
                               absl::FunctionRef<void(const v1::PullModelProgress& progress)> on_progress) const {
  grpc::ClientContext context;
  AddToken(shared_->options.connection, context);
  if (const absl::Time deadline = absl::Now() + shared_->options.timeout; deadline < absl::InfiniteFuture()) {
    context.set_deadline(absl::ToChronoTime(deadline));
  }
  v1::PullModelRequest request;
  request.set_name(name);
  const auto stub = v1::ModelRegistry::NewStub(shared_->channel);
  const auto reader = stub->PullModel(&context, request);
  for (v1::PullModelProgress progress; reader->Read(&progress);) on_progress(progress);
  return ToAbslStatus(reader->Finish(), shared_->target);
}

absl::StatusOr<bool> Client::IsReady(const std::string& model) const {
  grpc::health::v1::HealthCheckRequest request;
  if (!model.empty()) request.set_service("baryon.model/" + model);
  using Health = grpc::health::v1::HealthCheckResponse;
  BARYON_ASSIGN_OR_RETURN(const Health response, Ask<Health>("/grpc.health.v1.Health/Check", request,
                                                             shared_->options.timeout, RetryPolicy{.attempts = 1}));
  return response.status() == Health::SERVING;
}

}  // namespace baryon
