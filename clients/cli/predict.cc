// baryon predict: asks a running server over its native API.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "clients/cli/inputs.h"
#include "clients/cli/options.h"
#include "clients/cli/outputs.h"
#include "clients/cli/server_call.h"
#include "engine/base/status_macros.h"
#include "proto/predict.pb.h"

namespace baryon {
namespace {

struct PredictOptions {
  std::string model;
  std::vector<std::string> inputs;
  std::string output;
  ServerCall server;
  int top = 5;
};

v1::PredictRequest MakeRequest(const PredictOptions& options, const std::vector<InputFile>& files) {
  v1::PredictRequest request;
  request.mutable_model_spec()->set_name(options.model);
  request.set_top(options.output.empty() ? options.top : 0);
  v1::Tensor* last = nullptr;
  for (const InputFile& file : files) {
    // Pictures of one input are its rows.
    const bool next_row =
        last != nullptr && last->pictures_size() > 0 && file.picture.has_value() && last->name() == file.name;
    if (!next_row) {
      last = request.add_inputs();
      last->set_name(file.name);
    }
    if (file.picture.has_value()) {
      last->add_pictures(*file.picture);
    } else {
      last->set_dtype(std::string(DTypeName(file.tensor.dtype())));
      for (int64_t dim : file.tensor.shape()) last->add_shape(dim);
      last->set_data(file.tensor.raw_data(), file.tensor.size_bytes());
    }
  }
  return request;
}

absl::StatusOr<NamedTensors> OutputsOf(const v1::PredictResponse& response) {
  NamedTensors outputs;
  for (const v1::Tensor& output : response.outputs()) {
    const TensorType type{DTypeFromName(output.dtype()).value_or(DType::kUnknown),
                          Shape(absl::MakeConstSpan(output.shape().data(), output.shape_size()))};
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate(type));
    if (tensor.size_bytes() != static_cast<int64_t>(output.data().size())) {
      return absl::DataLossError(absl::StrCat("output \"", output.name(), "\": expected ", tensor.size_bytes(),
                                              " bytes for ", type.ToString(), ", got ", output.data().size()));
    }
    std::memcpy(tensor.mutable_raw_data(), output.data().data(), output.data().size());
    outputs.emplace_back(output.name(), std::move(tensor));
  }
  return outputs;
}

std::vector<std::vector<ClassScore>> ClassesOf(const v1::PredictResponse& response) {
  std::vector<std::vector<ClassScore>> rows;
  for (const v1::RowClasses& row : response.rows()) {
    rows.emplace_back();
    for (const v1::ScoredClass& best : row.classes()) rows.back().push_back({best.index(), best.label(), best.score()});
  }
  return rows;
}

absl::Status Predict(const PredictOptions& options) {
  BARYON_RETURN_IF_ERROR(CheckOutputPath(options.output));
  BARYON_ASSIGN_OR_RETURN(const std::vector<InputFile> files, ReadInputs(options.inputs));
  BARYON_ASSIGN_OR_RETURN(const Client client, ConnectTo(options.server));
  BARYON_ASSIGN_OR_RETURN(const v1::PredictResponse response, client.Predict(MakeRequest(options, files)));
  BARYON_ASSIGN_OR_RETURN(const NamedTensors outputs, OutputsOf(response));
  if (!options.output.empty()) return WriteOutputs(options.output, outputs);
  const std::string text = response.rows_size() > 0 ? FormatClasses(ClassesOf(response)) : FormatTensors(outputs);
  std::fputs(text.c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace

void AddPredict(CLI::App& app, Action& action) {
  const auto options = std::make_shared<PredictOptions>();
  CLI::App& command = *app.add_subcommand("predict", "Asks a running server");
  AddExamples(command, {"baryon predict digits --input deploy/demo/pictures/3.png"});
  command.add_option("MODEL_NAME", options->model, "The model's name on the server")->required();
  AddInputOption(command, options->inputs)->required();
  AddOutputOptions(command, options->output, options->top);
  AddServerOptions(command, options->server);
  command.callback([options, &action] { action = [options] { return Predict(*options); }; });
}

}  // namespace baryon
