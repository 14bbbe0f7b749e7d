// How many requests a server answers, and how fast: load_test HOST:PORT MODEL [SECONDS [CLIENTS]]
//
// Each client asks again as soon as it has its answer. `baryon perf` is this and more.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/client.h"
#include "clients/cpp/tensors.h"
#include "clients/load/run_load.h"

namespace {

// One row of zeros for each input; sizes that the model leaves open are 8.
absl::StatusOr<baryon::v1::PredictRequest> MakeRequest(const baryon::Client& client, const std::string& model) {
  const auto versions = client.GetModel(model);
  if (!versions.ok()) return versions.status();
  baryon::v1::PredictRequest request;
  request.mutable_model_spec()->set_name(model);
  for (const baryon::v1::TensorInfo& input : versions->back().inputs()) {
    std::vector<int64_t> shape(input.shape().begin(), input.shape().end());
    int64_t count = 1;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] < 0) shape[axis] = axis == 0 ? 1 : 8;
      count *= shape[axis];
    }
    if (input.dtype() != "float32") return absl::UnimplementedError("inputs of " + input.dtype());
    *request.add_inputs() = baryon::MakeTensor<float>(input.name(), shape, std::vector<float>(count));
  }
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "load_test HOST:PORT MODEL [SECONDS [CLIENTS]]\n");
    return 2;
  }
  const auto client = baryon::Client::Connect(argv[1]);
  const auto request = client.ok() ? MakeRequest(*client, argv[2]) : client.status();
  if (!request.ok()) {
    std::fprintf(stderr, "load_test: %s\n", request.status().ToString().c_str());
    return 1;
  }
  baryon::LoadOptions options;
  options.time = absl::Seconds(argc > 3 ? std::atof(argv[3]) : 5);
  options.concurrency = argc > 4 ? std::atoi(argv[4]) : 8;
  const baryon::LoadReport report = baryon::RunLoad(options, [&](auto done) {
    client->PredictAsync(*request, [done = std::move(done)](auto response) mutable { done(response.status().code()); });
  });
  std::printf("%s%s", baryon::TableHead().c_str(), baryon::TableLine(report).c_str());
  return 0;
}
