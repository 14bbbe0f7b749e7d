// A whole server on loopback ports of its own, in the test's process, with clients.
#ifndef BARYON_TESTS_INTEGRATION_SERVER_HARNESS_H_
#define BARYON_TESTS_INTEGRATION_SERVER_HARNESS_H_

#include <grpcpp/channel.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "engine/base/thread_pool.h"
#include "proto/inference.grpc.pb.h"
#include "proto/predict.grpc.pb.h"
#include "server/server.h"
#include "server/testing/temp_folder.h"

namespace baryon {

// The repository holds a version as one file NAME/VERSION/model, which says which graph it is (see test_models.h):
// "OP TYPE", for example "_test_double float32 [-1, 2]"; anything else cannot be loaded. One thread.
class ServerHarness {
 public:
  ServerHarness();
  ~ServerHarness();

  // Adds a version, before or after the start.
  void AddModel(const std::string& name, int version, const std::string& model);
  ServerOptions& options() { return options_; }

  // Starts the server and waits until it is ready. Ends the test run when it cannot start.
  void Start();

  Server& server() { return *server_; }
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }

  grpc::Status Predict(const v1::PredictRequest& request, v1::PredictResponse* response,
                       std::chrono::milliseconds timeout = std::chrono::seconds(60));
  grpc::Status Infer(const inference::ModelInferRequest& request, inference::ModelInferResponse* response);

  // A request with one float32 input "data".
  static v1::PredictRequest FloatRequest(const std::string& model, std::vector<int64_t> shape,
                                         const std::vector<float>& elements);
  static std::vector<float> FloatsOf(const std::string& bytes);

 private:
  absl::StatusOr<OpenedModel> Open(const ModelVersion& version);

  TempFolder files_;
  ThreadPool pool_{2};
  ServerOptions options_;
  absl::Notification ready_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::PredictionService::Stub> predict_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> infer_;
};

}  // namespace baryon

#endif  // BARYON_TESTS_INTEGRATION_SERVER_HARNESS_H_
