// The server: everything wired together.
#ifndef BARYON_SERVER_SERVER_H_
#define BARYON_SERVER_SERVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/batching/executor.h"
#include "server/http/http_server.h"
#include "server/metrics/metrics.h"
#include "server/models/loader_pool.h"
#include "server/models/model_loader.h"
#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/security/security.h"
#include "server/services/health_service.h"
#include "server/services/inference_control.h"
#include "server/services/inference_routes.h"
#include "server/services/mms_management.h"
#include "server/services/mms_routes.h"
#include "server/services/model_puller.h"
#include "server/services/predictor.h"
#include "server/services/rest_protocol.h"
#include "server/services/shared_memory.h"
#include "server/services/tensorflow_control.h"
#include "server/services/tensorflow_routes.h"

namespace grpc {
class Server;
class ServerCredentials;
class Service;
}  // namespace grpc

namespace baryon {

enum class ModelControl { kNone, kPoll, kExplicit };

// The options of `baryon serve`; see there for what they mean.
struct ServerOptions {
  std::string host = "127.0.0.1";
  int grpc_port = 8001, http_port = 8000, metrics_port = 8002;  // 0 picks a free one
  std::string repository;                                       // empty: none
  std::vector<std::string> models;                              // folders, symbol files, export prefixes
  ModelControl model_control = ModelControl::kPoll;
  absl::Duration poll_interval = absl::Seconds(2);
  int num_threads = 1;                            // that compute
  absl::Duration measure = absl::ZeroDuration();  // longest that the costs of a model's passes are measured; none: not
  std::string cost_folder;                        // where measurements are kept between runs; empty: nowhere
  int64_t max_memory_bytes = 0;                   // of all models; 0: no limit
  bool evict = false;                             // models make room that were not used for longest
  int64_t max_request_bytes = int64_t{64} << 20;
  absl::Duration max_queue_time = absl::Seconds(1);
  PullFunction pull;           // into the repository, for PullModel; empty: the server fetches nothing
  SecurityFiles security;      // TLS and tokens, of gRPC and HTTP; the port of metrics is plain and open
  bool uploads = false;        // requests that load a model may bring its files along
  bool shared_memory = false;  // clients may register it; on loopback addresses they may anyway
  std::string instruction_set, revision = "unknown";  // for baryon_build_info
  bool log_requests = false;
};

// Listens and loads from the moment it starts; is ready when everything that can be loaded is. Thread-safe.
class Server {
 public:
  // `open` reads models. `on_ready` is called once, when the server is ready, on a thread of the server's. Errors:
  // UNAVAILABLE, an address cannot be had; NOT_FOUND, there is no such repository; INVALID_ARGUMENT, names of models;
  // those of Security::Open.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, ModelOpener open,
                                                       std::function<void(const Server&)> on_ready);
  ~Server();  // cuts off what is still running
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int grpc_port() const { return grpc_port_; }
  int http_port() const { return http_port_; }
  int metrics_port() const { return metrics_port_; }

  // "baryon: ready grpc=127.0.0.1:8001 http=127.0.0.1:8000 metrics=127.0.0.1:8002 models=2"
  std::string ReadyLine() const;

  // True when none of its parts hangs: for a watchdog. Returns, or does not, within a moment.
  bool IsAlive() const { return registry_.num_models() >= 0 && executor_.load().threads > 0; }

  // Reads the repository again, in the background, and the files of keys and tokens.
  void Rescan() {
    security_->Reload();
    manager_->Rescan();
  }

  // Not ready from now on, but answers on for those who have not noticed: until nobody has come for a fifth of a
  // second, at most `linger`. Then takes no new requests; returns when those in flight are answered or `timeout` has
  // passed, and they are cut off.
  void Drain(absl::Duration timeout, absl::Duration linger = absl::ZeroDuration());

  // What it does now, a line a version: for the log.
  std::vector<std::string> DescribeState() const;

 private:
  Server(const ServerOptions& options, std::unique_ptr<Security> security, ModelRepository repository,
         ModelOpener open);

  absl::Status StartGrpc();
  absl::Status StartHttp();
  void BecomeReady(const std::function<void(const Server&)>& on_ready);
  void UpdateHealth();
  void AwaitQuiet(absl::Duration linger);
  HttpResponse MetricsPage();

  const ServerOptions options_;
  int grpc_port_ = 0, http_port_ = 0, metrics_port_ = 0;
  std::atomic<bool> ready_{false};
  absl::Mutex state_mutex_;
  bool draining_ ABSL_GUARDED_BY(state_mutex_) = false;
  absl::Mutex health_mutex_;
  std::map<std::string, bool> healthy_models_ ABSL_GUARDED_BY(health_mutex_);  // every name that ever had an answer

  // In the order in which they are made; they go the other way round, so that nothing outlives what it uses.
  ServerMetrics metrics_;
  const std::unique_ptr<Security> security_;
  ModelRegistry registry_;
  Predictor predictor_;
  ThreadExecutor executor_;
  ModelLoader loader_;
  LoaderPool loader_pool_;
  const std::unique_ptr<HealthService> health_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::shared_ptr<grpc::ServerCredentials> grpc_credentials_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<ModelManager> manager_;
  ModelPuller puller_;
  SharedMemoryRegistry shared_memory_;
  InferenceControl inference_control_;
  TensorFlowControl tensorflow_control_;
  InferenceRoutes inference_routes_;
  TensorFlowRoutes tensorflow_routes_;
  MmsRoutes mms_routes_;
  MmsManagement mms_management_;
  RestPage metrics_page_, monitoring_page_;
  std::vector<std::unique_ptr<RestPage>> page_;  // for people: each of its files
  RestRouter router_, metrics_router_;           // of the ports of HTTP and of metrics
  HttpServer http_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVER_H_
