#include "server/server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/page/page.h"
#include "server/quote.h"
#include "server/security/grpc_credentials.h"
#include "server/services/grpc_calls.h"
#include "server/services/inference_service.h"
#include "server/services/predict_service.h"
#include "server/services/reflection_service.h"
#include "server/services/registry_service.h"
#include "server/services/tensorflow_service.h"
#include "server/version.h"

namespace baryon {
namespace {

// Health names beside those of models: the whole server, the probes of Kubernetes, and the services.
constexpr const char* kReadinessNames[] = {"",
                                           "readiness",
                                           "inference.GRPCInferenceService",
                                           "baryon.v1.PredictionService",
                                           "baryon.v1.ModelRegistry",
                                           "tensorflow.serving.PredictionService",
                                           "tensorflow.serving.ModelService"};
constexpr const char* kLivenessName = "liveness";

// What reflection lists.
constexpr const char* kServices[] = {"baryon.v1.ModelRegistry",
                                     "baryon.v1.PredictionService",
                                     "grpc.health.v1.Health",
                                     "grpc.reflection.v1.ServerReflection",
                                     "grpc.reflection.v1alpha.ServerReflection",
                                     "inference.GRPCInferenceService",
                                     "tensorflow.serving.ModelService",
                                     "tensorflow.serving.PredictionService"};

constexpr int kMostLoaders = 4;  // models that load at once: the disk is one

std::string Address(const std::string& host, int port) {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

// gRPC's own messages, where it has any, look like ours.
void LogGrpcMessage(gpr_log_func_args* args) {
  Log(args->severity == GPR_LOG_SEVERITY_ERROR ? LogSeverity::kWarning : LogSeverity::kInfo,
      absl::StrCat("grpc: ", args->message));
}

void Configure(grpc::ServerBuilder& builder, const ServerOptions& options) {
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(std::min<int64_t>(options.max_request_bytes, std::numeric_limits<int>::max())));
  builder.SetMaxSendMessageSize(-1);
  // gRPC compares the compressed size with the limit: a small message could inflate to anything.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  // A second server on the port is an error, not a partner.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1024);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 20000);
  // A picture's tensor, half a megabyte, travels without waiting for the client to be told to go on.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 << 20);
}

HttpServer::Options HttpOptions(const ServerOptions& options) {
  HttpServer::Options http;
  http.max_body_bytes = options.max_request_bytes;
  http.max_total_body_bytes = std::max(http.max_total_body_bytes, 2 * options.max_request_bytes);
  return http;
}

// What an administrator may have overlooked.
void WarnOfOpenDoors(const ServerOptions& options) {
  if (IsLoopback(options.host)) return;
  const bool tokens = !options.security.use_token.empty() || !options.security.control_token.empty();
  if (tokens && !options.security.tls.any()) {
    LogWarning("tokens travel in plain text: other machines reach this address, and there is no --tls-cert",
               {{"host", options.host}});
  }
  if (!tokens && options.model_control == ModelControl::kExplicit) {
    LogWarning("everybody who reaches this address may load and unload models: there is no --admin-token-file",
               {{"host", options.host}});
  }
}

ModelState StateOf(const ModelRegistry::Entry& entry) {
  if (entry.model != nullptr) return ModelState::kReady;
  switch (entry.state) {
    case ModelRegistry::State::kFailed:
      return ModelState::kFailed;
    case ModelRegistry::State::kEvicted:
      return ModelState::kEvicted;
    default:
      return ModelState::kLoading;
  }
}

}  // namespace

Server::Server(const ServerOptions& options, std::unique_ptr<Security> security, ModelRepository repository,
               ModelOpener open)
    : options_(options),
      metrics_(kServerVersion, options.instruction_set, options.revision),
      security_(std::move(security)),
      predictor_(registry_, metrics_, {options.max_queue_time, options.log_requests}),
      executor_(options.num_threads),
      loader_(std::move(open), ModelLoader::Options{options.num_threads, options.measure, options.cost_folder},
              executor_, metrics_),
      loader_pool_(std::clamp(options.num_threads, 1, kMostLoaders)),
      health_(HealthService::Create()),
      manager_(std::make_unique<ModelManager>(
          std::move(repository), loader_, registry_, loader_pool_,
          ModelManager::Options{options.model_control == ModelControl::kExplicit ? ModelManager::Choice::kByRequest
                                                                                 : ModelManager::Choice::kAll,
                                options.max_memory_bytes, options.evict})),
      puller_(options.pull, [this] { manager_->Rescan(); }),
      shared_memory_(options.shared_memory || IsLoopback(options.host)),
      inference_control_(registry_, *manager_, shared_memory_, ready_, options.uploads),
      tensorflow_control_(registry_),
      inference_routes_(inference_control_, predictor_),
      tensorflow_routes_(tensorflow_control_, predictor_),
      mms_routes_(registry_, predictor_, ready_),
      mms_management_(registry_, *manager_, mms_routes_),
      metrics_page_({"metrics"}, [this] { return MetricsPage(); }),
      monitoring_page_({"monitoring", "prometheus", "metrics"}, [this] { return MetricsPage(); }),
      router_(security_->access(), [this] { predictor_.CountUnauthorized(); }),
      metrics_router_(security_->access()),
      http_(HttpOptions(options)) {}

Server::~Server() { Drain(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, ModelOpener open,
                                                      std::function<void(const Server&)> on_ready) {
  BARYON_ASSIGN_OR_RETURN(ModelRepository repository, ModelRepository::Open(options.repository, options.models));
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<Security> security, Security::Open(options.security));
  WarnOfOpenDoors(options);
  std::unique_ptr<Server> server(new Server(options, std::move(security), std::move(repository), std::move(open)));
  BARYON_RETURN_IF_ERROR(server->StartGrpc());
  BARYON_RETURN_IF_ERROR(server->StartHttp());
  server->manager_->OnChange([self = server.get()] { self->UpdateHealth(); });
  const bool polls = options.model_control == ModelControl::kPoll;
  server->manager_->Start(polls ? options.poll_interval : absl::InfiniteDuration(),
                          [self = server.get(), on_ready = std::move(on_ready)] { self->BecomeReady(on_ready); });
  return server;
}

absl::Status Server::StartGrpc() {
  health_->Set(kLivenessName, true);
  UpdateHealth();
  gpr_set_log_function(LogGrpcMessage);
  google::protobuf::SetLogHandler(nullptr);  // who sends bytes that are no message hears of it, the log need not
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  const GrpcCalls calls(security_->access(), predictor_);
  services_.push_back(MakePredictService(calls));
  services_.push_back(MakeInferenceService(inference_control_, calls));
  services_.push_back(MakeRegistryService(registry_, *manager_, puller_, calls));
  services_.push_back(MakeTensorFlowPredictionService(tensorflow_control_, calls, options_.max_request_bytes));
  services_.push_back(MakeTensorFlowModelService(tensorflow_control_, calls));
  services_.push_back(MakeReflectionService({std::begin(kServices), std::end(kServices)}));
  grpc::ServerBuilder builder;
  Configure(builder, options_);
  const std::string address = Address(options_.host, options_.grpc_port);
  const TlsKeys* const tls = security_->tls();
  grpc_credentials_ = tls == nullptr ? grpc::InsecureServerCredentials() : MakeTlsCredentials(*tls);
  builder.AddListeningPort(address, grpc_credentials_, &grpc_port_);
  builder.RegisterService(&health_->service());
  for (const std::unique_ptr<grpc::Service>& service : services_) builder.RegisterService(service.get());
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr || grpc_port_ == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address, " for gRPC: is the port in use?"));
  }
  return absl::OkStatus();
}

absl::Status Server::StartHttp() {
  router_.Add("v2", inference_routes_);
  router_.Add("v1", tensorflow_routes_);
  for (const char* segment : {"ping", "predictions", "invocations"}) router_.Add(segment, mms_routes_);
  router_.Add("models", mms_management_);
  router_.Add("metrics", metrics_page_);
  router_.Add("monitoring", monitoring_page_);
  for (const PageFile& file : PageFiles()) {
    const std::string name(file.name);
    page_.push_back(std::make_unique<RestPage>(std::vector<std::string>{name}, [&file] { return AnswerWith(file); }));
    router_.Add(name, *page_.back());
  }
  metrics_router_.Add("metrics", metrics_page_);
  BARYON_ASSIGN_OR_RETURN(http_port_,
                          http_.Listen(options_.host, options_.http_port, router_.Handler(), security_->tls()));
  BARYON_ASSIGN_OR_RETURN(metrics_port_, http_.Listen(options_.host, options_.metrics_port, metrics_router_.Handler()));
  http_.Start();
  return absl::OkStatus();
}

void Server::BecomeReady(const std::function<void(const Server&)>& on_ready) {
  {
    absl::MutexLock lock(&state_mutex_);
    if (draining_) return;
    ready_ = true;
  }
  UpdateHealth();
  on_ready(*this);
}

// Tells those who ask for health who serves.
void Server::UpdateHealth() {
  absl::MutexLock lock(&health_mutex_);
  for (auto& [name, serves] : healthy_models_) serves = false;
  for (const ModelRegistry::Entry& entry : registry_.List()) healthy_models_[entry.name] |= entry.model != nullptr;
  for (const auto& [name, serves] : healthy_models_)
    health_->Set(absl::StrCat("baryon.model/", name), serves && ready_);
  for (const char* name : kReadinessNames) health_->Set(name, ready_);
}

std::string Server::ReadyLine() const {
  return absl::StrCat("baryon: ready grpc=", Address(options_.host, grpc_port_),
                      " http=", Address(options_.host, http_port_), " metrics=", Address(options_.host, metrics_port_),
                      " models=", registry_.num_models());
}

void Server::Drain(absl::Duration timeout, absl::Duration linger) {
  {
    absl::MutexLock lock(&state_mutex_);
    draining_ = true;
    ready_ = false;
  }
  UpdateHealth();
  manager_->GiveUp();
  AwaitQuiet(linger);
  predictor_.Close();
  health_->EndWatches();
  const absl::Time end = MonotonicNow() + timeout;
  if (grpc_ != nullptr) grpc_->Shutdown(absl::ToChronoTime(absl::Now() + timeout));
  // Health is answered to the end; clients of HTTP are told with their last answer that the connection closes.
  http_.Drain(std::max(end - MonotonicNow(), absl::ZeroDuration()));
}

void Server::AwaitQuiet(absl::Duration linger) {
  constexpr absl::Duration kLook = absl::Milliseconds(20), kQuiet = absl::Milliseconds(200);
  const absl::Time end = MonotonicNow() + linger;
  absl::Time last_change = MonotonicNow();
  for (absl::Time now = last_change; now < end && now - last_change < kQuiet; now = MonotonicNow()) {
    absl::SleepFor(kLook);
    if (predictor_.AnyCame()) last_change = MonotonicNow();
  }
}

HttpResponse Server::MetricsPage() {
  std::vector<ModelStateEntry> states;
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.model != nullptr) entry.model->UpdateGauges();
    states.push_back({entry.name, entry.version, StateOf(entry)});
  }
  metrics_.SetModelStates(states);
  metrics_.SetBusyTime(executor_.load().busy, options_.num_threads);
  return {200, metrics_.ToText(), "text/plain; version=0.0.4"};
}

std::vector<std::string> Server::DescribeState() const {
  const Executor::Load load = executor_.load();
  std::vector<std::string> lines = {absl::StrCat(ready_ ? "ready" : "not ready", ", ", load.running,
                                                 " batches running on ", load.threads, " threads, ",
                                                 load.waiting_accounts, " models waiting for one")};
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    const std::string who = absl::StrCat("model ", Quote(entry.name), " version ", entry.version, ": ");
    if (entry.model == nullptr) {
      const bool loading = entry.state == ModelRegistry::State::kLoading;
      lines.push_back(absl::StrCat(who, loading ? "loading" : entry.error.message()));
      continue;
    }
    const ModelPlan plan = entry.model->plan();
    const Batcher::Report& batching = plan.batching;
    lines.push_back(absl::StrCat(
        who, batching.queued_requests, " requests of ", batching.queued_rows, " rows and ", batching.queued_bytes,
        " bytes queued, predicted wait ", absl::FormatDuration(batching.predicted_wait), ", ", batching.running,
        " batches running, batching ", batching.policy.join ? absl::StrCat("up to ", batching.max_rows) : "off", " (",
        batching.policy.why, "), costs corrected by ", batching.correction, ", ", entry.model->memory_bytes() >> 20,
        " MB"));
  }
  return lines;
}

}  // namespace baryon
