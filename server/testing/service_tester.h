// gRPC services on a server of the test's own process, with models for them to serve.
#ifndef BARYON_SERVER_TESTING_SERVICE_TESTER_H_
#define BARYON_SERVER_TESTING_SERVICE_TESTER_H_

#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/thread_pool.h"
#include "server/batching/executor.h"
#include "server/metrics/metrics.h"
#include "server/models/model_registry.h"
#include "server/services/predictor.h"
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

  ModelRegistry& registry() { return registry_; }
  Predictor& predictor() { return predictor_; }

 private:
  ThreadPool pool_{1};
  ServerMetrics metrics_{"1"};
  ModelRegistry registry_;
  Predictor predictor_{registry_, metrics_, Predictor::Options()};
  ThreadExecutor executor_{1};
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_SERVICE_TESTER_H_
