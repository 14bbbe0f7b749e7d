#include "tests/integration/server_harness.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/check.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/graph/graph_text.h"
#include "server/testing/test_models.h"

namespace baryon {

ServerHarness::ServerHarness() {
  SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
  options_.grpc_port = options_.http_port = options_.metrics_port = 0;
  options_.repository = files_.path();
  options_.model_control = ModelControl::kNone;
  options_.num_threads = 2;
}

ServerHarness::~ServerHarness() {
  server_.reset();
  SetLogSink(nullptr);
}

void ServerHarness::AddModel(const std::string& name, int version, const std::string& model) {
  files_.Write(absl::StrCat(name, "/", version, "/model"), model);
}

absl::StatusOr<OpenedModel> ServerHarness::Open(const ModelVersion& version) {
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(absl::StrCat(version.path, "/", version.version, "/model")));
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  BARYON_ASSIGN_OR_RETURN(Graph graph, GraphFromText(GraphOf(parts.first, parts.second)));
  OpenedModel opened;
  BARYON_ASSIGN_OR_RETURN(opened.executable, Executable::Create(std::move(graph), pool_));
  return opened;
}

void ServerHarness::Start() {
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
      options_, [this](const ModelVersion& version) { return Open(version); },
      [this](const Server&) { ready_.Notify(); });
  BARYON_CHECK(server.ok());
  server_ = *std::move(server);
  ready_.WaitForNotification();
  channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->grpc_port()), grpc::InsecureChannelCredentials());
  predict_ = v1::PredictionService::NewStub(channel_);
  infer_ = inference::GRPCInferenceService::NewStub(channel_);
}

grpc::Status ServerHarness::Predict(const v1::PredictRequest& request, v1::PredictResponse* response,
                                    std::chrono::milliseconds timeout) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  return predict_->Predict(&context, request, response);
}

grpc::Status ServerHarness::Infer(const inference::ModelInferRequest& request,
                                  inference::ModelInferResponse* response) {
  grpc::ClientContext context;
  return infer_->ModelInfer(&context, request, response);
}

v1::PredictRequest ServerHarness::FloatRequest(const std::string& model, std::vector<int64_t> shape,
                                               const std::vector<float>& elements) {
  v1::PredictRequest request;
  request.mutable_model_spec()->set_name(model);
  v1::Tensor& tensor = *request.add_inputs();
  tensor.set_name("data");
  tensor.set_dtype("float32");
  for (int64_t dim : shape) tensor.add_shape(dim);
  tensor.set_data(elements.data(), elements.size() * sizeof(float));
  return request;
}

std::vector<float> ServerHarness::FloatsOf(const std::string& bytes) {
  std::vector<float> elements(bytes.size() / sizeof(float));
  std::memcpy(elements.data(), bytes.data(), bytes.size());
  return elements;
}

}  // namespace baryon
