// baryon perf: how many requests a running server answers, and how fast.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/command.h"
#include "clients/cli/options.h"
#include "clients/cli/server_call.h"
#include "clients/load/grpc_sender.h"
#include "clients/load/run_load.h"
#include "engine/base/status_macros.h"
#include "engine/tensor/tensor.h"
#include "proto/predict.pb.h"
#include "proto/registry.pb.h"

namespace baryon {
namespace {

constexpr char kPredict[] = "/baryon.v1.PredictionService/Predict";
constexpr int kRequestsAChannel = 16, kMostChannels = 8;

struct PerfOptions {
  std::string model;
  ServerCall server;
  std::vector<int> concurrency;
  std::vector<double> rates;
  std::vector<std::string> shapes;
  double seconds = 10, warm_up_seconds = 1, deadline_ms = 0;
  std::optional<int64_t> rows;
  bool json = false, csv = false, histogram = false;
};

// --- The request

// The inputs of the highest version that serves.
absl::StatusOr<Signature> AskForSignature(const PerfOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const Client client, ConnectTo(options.server));
  BARYON_ASSIGN_OR_RETURN(const std::vector<v1::ModelInfo> versions, client.GetModel(options.model));
  Signature signature;
  for (const v1::ModelInfo& version : versions) {
    if (version.state() != v1::ModelInfo::READY) continue;
    signature.inputs.clear();
    for (const v1::TensorInfo& input : version.inputs()) {
      // Without sizes: of a rank that the model leaves open.
      const Shape shape = input.shape_size() == 0
                              ? Shape::Unknown()
                              : Shape(absl::MakeConstSpan(input.shape().data(), input.shape_size()));
      signature.inputs.push_back({input.name(), {DTypeFromName(input.dtype()).value_or(DType::kFloat32), shape}});
    }
  }
  if (!signature.inputs.empty()) return signature;
  return absl::UnavailableError(absl::StrCat("server ", options.server.server, ": model \"", options.model,
                                             "\" does not serve, or takes no inputs"));
}

// Axis 0 becomes the rows; other sizes that the model leaves open must be named.
absl::StatusOr<TensorType> TypeOf(const TensorSpec& spec, const std::vector<TensorSpec>& hints, int64_t rows) {
  TensorType type = spec.type;
  for (const TensorSpec& hint : hints) {
    if (hint.name == spec.name) type.shape = hint.type.shape;
  }
  if (type.shape.has_rank() && type.shape.rank() > 0 && type.shape[0] == Shape::kUnknownDim) type.shape[0] = rows;
  if (type.IsFullyKnown()) return type;
  return absl::InvalidArgumentError(absl::StrCat("input \"", spec.name, "\" is ", spec.type.ToString(),
                                                 ": name its shape with --shape ", spec.name, "=..."));
}

// Elements in [0, 2); 0 and 1 where they are whole numbers.
std::string RandomElements(const TensorType& type, std::mt19937& random) {
  Tensor tensor = Tensor::Allocate(type);
  std::uniform_real_distribution<float> distribution(0, 2);
  DispatchDType(type.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < tensor.num_elements(); ++i) {
      tensor.mutable_data<T>()[i] = static_cast<T>(distribution(random));
    }
  });
  return std::string(static_cast<const char*>(tensor.raw_data()), tensor.size_bytes());
}

// How many rows a request has by the shape of its first input: axis 0. What --rows says must not be something else.
absl::StatusOr<int64_t> RowsOf(const v1::Tensor& input, std::optional<int64_t> wanted) {
  const int64_t rows = input.shape_size() > 0 ? input.shape(0) : 1;
  if (!wanted.has_value() || *wanted == rows) return rows;
  return absl::InvalidArgumentError(
      absl::StrCat("input \"", input.name(), "\": expected ", *wanted, " rows, as --rows says, got ", rows));
}

struct Request {
  std::string bytes;
  int64_t rows;
};

absl::StatusOr<Request> MakeRequest(const PerfOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const Signature signature, AskForSignature(options));
  BARYON_ASSIGN_OR_RETURN(const std::vector<TensorSpec> hints, ShapeHints(options.shapes, signature));
  std::mt19937 random(1);
  v1::PredictRequest request;
  request.mutable_model_spec()->set_name(options.model);
  for (const TensorSpec& spec : signature.inputs) {
    BARYON_ASSIGN_OR_RETURN(const TensorType type, TypeOf(spec, hints, options.rows.value_or(1)));
    v1::Tensor& input = *request.add_inputs();
    input.set_name(spec.name);
    input.set_dtype(std::string(DTypeName(type.dtype)));
    for (int64_t dim : type.shape) input.add_shape(dim);
    input.set_data(RandomElements(type, random));
  }
  BARYON_ASSIGN_OR_RETURN(const int64_t rows, RowsOf(request.inputs(0), options.rows));
  return Request{request.SerializeAsString(), rows};
}

// --- Sending it

absl::StatusOr<LoadReport> RunOne(const PerfOptions& options, const Request& request, int concurrency, double rate) {
  const int busy = concurrency > 0 ? concurrency : kRequestsAChannel * kMostChannels;
  BARYON_ASSIGN_OR_RETURN(const ConnectionOptions connection, ConnectionFor(options.server));
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < std::clamp(busy / kRequestsAChannel, 1, kMostChannels); ++i) {
    BARYON_ASSIGN_OR_RETURN(channels.emplace_back(), OpenChannel(options.server.server, connection, i));
  }
  GrpcSender sender(channels, kPredict, request.bytes, absl::Milliseconds(options.deadline_ms), connection.token);
  LoadOptions test;
  test.concurrency = concurrency;
  test.rate = rate;
  test.time = absl::Seconds(options.seconds);
  test.warm_up = absl::Seconds(options.warm_up_seconds);
  test.rows = request.rows;
  return RunLoad(test, [&](auto done) { sender.Send(std::move(done)); });
}

absl::Status Perf(const PerfOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const Request request, MakeRequest(options));
  std::vector<std::string> json;
  if (!options.json) std::fputs((options.csv ? CsvHead() : TableHead()).c_str(), stdout);
  const auto note = [&](const LoadReport& report) {
    if (options.json) {
      json.push_back(ToJson(report, options.model));
    } else {
      std::fputs((options.csv ? ToCsv(report, options.model) : TableLine(report)).c_str(), stdout);
      if (options.histogram) std::fputs(DrawBars(report).c_str(), stdout);
      std::fflush(stdout);
    }
  };
  for (int concurrency : options.concurrency) {
    BARYON_ASSIGN_OR_RETURN(const LoadReport report, RunOne(options, request, concurrency, 0));
    note(report);
  }
  for (double rate : options.rates) {
    BARYON_ASSIGN_OR_RETURN(const LoadReport report, RunOne(options, request, 0, rate));
    note(report);
  }
  if (options.json) std::printf("[%s]\n", absl::StrJoin(json, ",\n ").c_str());
  return absl::OkStatus();
}

}  // namespace

void AddPerf(CLI::App& app, Action& action) {
  const auto options = std::make_shared<PerfOptions>();
  CLI::App& command = *app.add_subcommand("perf", "Load test of a running server");
  AddExamples(command, {"baryon perf digits --shape 1,1,8,8 --concurrency 1,4,16",
                        "baryon perf digits --shape 1,1,8,8 --rate 100,200 --seconds 5"});
  command.add_option("MODEL_NAME", options->model, "The model's name on the server")->required();
  AddServerOptions(command, options->server);
  CLI::Option* const concurrency =
      command.add_option("--concurrency", options->concurrency, "Closed loop: clients that ask again at once, 1,4,16")
          ->delimiter(',')
          ->check(CLI::Range(1, 10000));
  command.add_option("--rate", options->rates, "Open loop: requests a second at random moments, 50,100,200")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->excludes(concurrency);
  AddShapeOption(command, options->shapes);
  command.add_option("--rows", options->rows, "Of a request; otherwise those of the shape, or 1")
      ->check(CLI::PositiveNumber);
  command.add_option("--seconds", options->seconds, "For each load")->capture_default_str()->check(CLI::PositiveNumber);
  command.add_option("--warmup-seconds", options->warm_up_seconds, "Before it, not counted")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_option("--deadline-ms", options->deadline_ms, "Of a request; 0: none")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  CLI::Option* const json = command.add_flag("--json", options->json, "A list of objects instead of a table");
  CLI::Option* const csv =
      command.add_flag("--csv", options->csv, "Lines for a spreadsheet instead of a table")->excludes(json);
  command.add_flag("--histogram", options->histogram, "Draw the latencies of each load")->excludes(json)->excludes(csv);
  command.callback([options, &action] {
    if (options->concurrency.empty() && options->rates.empty()) options->concurrency = {1, 4, 16};
    action = [options] { return Perf(*options); };
  });
}

}  // namespace baryon
