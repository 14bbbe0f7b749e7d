// gRPC services on a server of the test's own process, with models for them to serve.
#ifndef BARYON_SERVER_TESTING_SERVICE_TESTER_H_
#define BARYON_SERVER_TESTING_SERVICE_TESTER_H_

#include <grpcpp/channel.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/thread_pool.h"
#include "server/batching/executor.h"
#include "server/metrics/metrics.h"
#include "server/models/loader_pool.h"
#include "server/models/model_loader.h"
#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/security/access.h"
#include "server/services/grpc_calls.h"
#include "server/services/predictor.h"
#include "server/testing/temp_folder.h"
#include "server/testing/test_models.h"

namespace baryon {

// One thread.
class ServiceTester {
 public:
  // Serves the graph `text` under `name`; with labels and pictures when given.
  void AddModel(const std::string& name, int64_t version, const std::string& text, std::vector<std::string> labels = {},
                std::optional<PictureInput> pictures = std::nullopt) {
    OpenedModel opened{MakeExecutable(text, pool_), std::move(labels), std::move(pictures)};
    registry_.Publish(std::make_shared<const ServedModel>(name, version, std::move(opened), Batcher::Options(),
                                                          executor_, metrics_.ForModel(name, version)));
  }

  // A channel to a server with this one service.
  std::shared_ptr<grpc::Channel> Serve(std::unique_ptr<grpc::Service> service) {
    service_ = std::move(service);
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    return server_->InProcessChannel(grpc::ChannelArguments());
  }

  // Writes a version into the repository, NAME/VERSION/model; it says which graph, "OP TYPE" (see test_models.h).
  void WriteModel(const std::string& name, int64_t version, const std::string& model) {
    files_.Write(absl::StrCat(name, "/", version, "/model"), model);
  }

  // Loads models of the repository by request.
  ModelManager& manager() {
    if (manager_ == nullptr) {
      manager_ =
          std::make_unique<ModelManager>(*ModelRepository::Open(files_.path(), {}), loader_, registry_, loader_pool_,
                                         ModelManager::Options{.choice = ModelManager::Choice::kByRequest});
      manager_->Start(absl::InfiniteDuration(), [] {});
    }
    return *manager_;
  }

  // Calls need these tokens from now on; empty: none.
  void UseTokens(const std::string& use, const std::string& control) {
    tokens_.Write("use", use);
    tokens_.Write("control", control);
    access_ = *Access::Open(use.empty() ? "" : tokens_.path("use"), control.empty() ? "" : tokens_.path("control"));
  }
  // How services answer; before UseTokens everybody may call.
  GrpcCalls calls() { return GrpcCalls(*access_, predictor_); }

  ModelRegistry& registry() { return registry_; }
  Predictor& predictor() { return predictor_; }

 private:
  absl::StatusOr<OpenedModel> Open(const ModelVersion& version) {
    std::ifstream file(absl::StrCat(version.path, "/", version.version, "/model"));
    std::string op, type;
    std::getline(file >> op >> std::ws, type);
    if (op == "bad") return absl::DataLossError("it says bad");
    return OpenedModel{MakeExecutable(GraphOf(op, type), pool_), {}, std::nullopt};
  }

  TempFolder files_, tokens_;
  std::unique_ptr<Access> access_ = *Access::Open("", "");
  ThreadPool pool_{1};
  ServerMetrics metrics_{"1"};
  ModelRegistry registry_;
  Predictor predictor_{registry_, metrics_, Predictor::Options()};
  ThreadExecutor executor_{1};
  LoaderPool loader_pool_{1};
  ModelLoader loader_{[this](const ModelVersion& version) { return Open(version); }, {}, executor_, metrics_};
  std::unique_ptr<ModelManager> manager_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_SERVICE_TESTER_H_
