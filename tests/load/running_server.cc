#include "tests/load/running_server.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/load/grpc_sender.h"
#include "engine/base/check.h"
#include "proto/predict.grpc.pb.h"
#include "proto/registry.grpc.pb.h"
#include "server/testing/http_client.h"

namespace baryon {
namespace {

std::string AddressIn(const std::string& line, const std::string& key) {
  const size_t begin = line.find(key) + key.size();
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

std::shared_ptr<grpc::Channel> ConnectTo(const std::string& address, int number) {
  grpc::ChannelArguments arguments;
  arguments.SetInt("baryon.channel", number);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

RunningServer::RunningServer(const std::string& program, const std::string& repository, const std::string& folder,
                             const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {program,       "serve", "--repository",   repository, "--grpc-port", "0",
                                        "--http-port", "0",     "--metrics-port", "0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  process_ = std::make_unique<ChildProcess>(
      arguments, std::vector<std::string>{absl::StrCat("BARYON_CACHE=", folder, "/cache")}, folder + "/log");
  const std::string line = process_->ReadLine();
  BARYON_CHECK(!line.empty());
  address_ = AddressIn(line, " grpc=");
  const std::vector<std::string> http = absl::StrSplit(AddressIn(line, " http="), ':');
  BARYON_CHECK(absl::SimpleAtoi(http.back(), &http_port_));
}

std::shared_ptr<grpc::Channel> RunningServer::Connect(int number) const { return ConnectTo(address_, number); }

LoadReport RunningServer::Test(const std::string& request, int concurrency, double rate, double seconds) const {
  return TestServer(address_, kPredictMethod, request, concurrency, rate, seconds);
}

LoadReport TestServer(const std::string& address, const std::string& method, const std::string& request,
                      int concurrency, double rate, double seconds) {
  constexpr int kClientsOfAChannel = 8, kMostChannels = 4;
  const int wanted = concurrency == 0 ? kMostChannels : concurrency / kClientsOfAChannel;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < std::clamp(wanted, 1, kMostChannels); ++i) channels.push_back(ConnectTo(address, i));
  GrpcSender sender(channels, method, request);
  LoadOptions test;
  test.concurrency = concurrency;
  test.rate = rate;
  test.time = absl::Seconds(seconds);
  test.warm_up = absl::Seconds(std::min(seconds / 4, 1.0));
  return RunLoad(test, [&](auto done) { sender.Send(std::move(done)); });
}

bool RunningServer::Load(const std::string& model) const {
  grpc::ClientContext context;
  v1::LoadModelRequest request;
  request.set_name(model);
  v1::LoadModelResponse response;
  return v1::ModelRegistry::NewStub(Connect())->LoadModel(&context, request, &response).ok();
}

bool RunningServer::Unload(const std::string& model) const {
  grpc::ClientContext context;
  v1::UnloadModelRequest request;
  request.set_name(model);
  v1::UnloadModelResponse response;
  return v1::ModelRegistry::NewStub(Connect())->UnloadModel(&context, request, &response).ok();
}

std::string RunningServer::Metrics() const { return HttpGet(http_port_, "/metrics"); }

double RunningServer::Metric(const std::string& name) const {
  const std::string text = Metrics();
  const size_t begin = text.find(absl::StrCat("\n", name, " "));
  return begin == std::string::npos ? -1 : std::strtod(text.c_str() + begin + name.size() + 2, nullptr);
}

double RunningServer::SumOf(const std::string& name) const {
  double sum = -1;
  for (absl::string_view line : absl::StrSplit(Metrics(), '\n')) {
    if (!absl::StartsWith(line, name + "{")) continue;
    sum = std::max(sum, 0.0) + std::strtod(line.data() + line.rfind(' '), nullptr);
  }
  return sum;
}

double RunningServer::QuantileOf(const std::string& histogram, const std::string& label, double quantile) const {
  std::map<double, double> up_to;  // counts, by bound
  for (absl::string_view line : absl::StrSplit(Metrics(), '\n')) {
    if (!absl::StartsWith(line, histogram + "_bucket{") || !absl::StrContains(line, label)) continue;
    const std::string bound(line.substr(line.find("le=\"") + 4));  // "+Inf" is one, too
    up_to[std::strtod(bound.c_str(), nullptr)] += std::strtod(line.data() + line.rfind(' '), nullptr);
  }
  for (const auto& [bound, count] : up_to) {
    if (count > 0 && count >= quantile * up_to.rbegin()->second) return bound;
  }
  return -1;
}

std::string PredictRequestOf(const std::string& model, const std::vector<int64_t>& shape) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> distribution(0, 1);
  v1::PredictRequest request;
  request.mutable_model_spec()->set_name(model);
  v1::Tensor& input = *request.add_inputs();
  input.set_dtype("float32");
  int64_t size = 1;
  for (int64_t dim : shape) {
    input.add_shape(dim);
    size *= dim;
  }
  std::vector<float> elements(size);
  for (float& element : elements) element = distribution(random);
  input.set_data(elements.data(), elements.size() * sizeof(float));
  return request.SerializeAsString();
}

}  // namespace baryon
