#include "clients/cli/inputs.h"

#include <filesystem>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/options.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/npy.h"
#include "server/batching/rows.h"

namespace baryon {
namespace {

// A file may have '=' in its name; one that exists under the whole argument is meant.
InputFile SplitArgument(const std::string& argument) {
  InputFile file;
  file.path = argument;
  const size_t sign = argument.find('=');
  std::error_code ignored;
  if (sign != std::string::npos && !std::filesystem::exists(argument, ignored)) {
    file.name = argument.substr(0, sign);
    file.path = argument.substr(sign + 1);
  }
  return file;
}

absl::Status ReadArrays(const InputFile& file, std::vector<InputFile>& inputs) {
  if (!file.name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", file.path, "\": expected no name in front of an .npz, whose arrays have names"));
  }
  BARYON_ASSIGN_OR_RETURN(NamedTensors arrays, ReadNpz(file.path));
  for (auto& [name, tensor] : arrays) inputs.push_back({name, file.path, std::move(tensor), std::nullopt});
  return absl::OkStatus();
}

absl::Status ReadInput(const std::string& argument, std::vector<InputFile>& inputs) {
  InputFile file = SplitArgument(argument);
  const std::string extension = absl::AsciiStrToLower(std::filesystem::path(file.path).extension().string());
  if (extension == ".npz") return ReadArrays(file, inputs);
  if (extension == ".npy") {
    BARYON_ASSIGN_OR_RETURN(file.tensor, ReadNpy(file.path));
  } else if (extension == ".png" || extension == ".jpg" || extension == ".jpeg") {
    BARYON_ASSIGN_OR_RETURN(file.picture, ReadFile(file.path));
  } else {
    return absl::InvalidArgumentError(absl::StrCat("\"", file.path, "\": expected an .npy, .npz, .png or .jpg file"));
  }
  inputs.push_back(std::move(file));
  return absl::OkStatus();
}

absl::StatusOr<Tensor> DecodePicture(const InputFile& file, const std::string& name, const OpenedModel& model) {
  if (!model.pictures.has_value() || model.pictures->input != name) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", file.path, "\": input \"", name, "\" takes no pictures, expected an array"));
  }
  absl::StatusOr<Tensor> row = model.pictures->decode(*file.picture);
  if (!row.ok()) return Annotate(row.status(), absl::StrCat("\"", file.path, "\""));
  return row;
}

}  // namespace

absl::StatusOr<std::vector<InputFile>> ReadInputs(const std::vector<std::string>& arguments) {
  std::vector<InputFile> inputs;
  for (const std::string& argument : arguments) BARYON_RETURN_IF_ERROR(ReadInput(argument, inputs));
  return inputs;
}

absl::StatusOr<NamedTensors> BindInputs(const std::vector<InputFile>& files, const OpenedModel& model) {
  NamedTensors inputs;
  std::map<std::string, std::vector<Tensors>> pictures;
  for (const InputFile& file : files) {
    std::string name = file.name;
    if (name.empty()) {
      BARYON_ASSIGN_OR_RETURN(name, OnlyInput(model.executable->signature(), file.path));
    }
    if (!file.picture.has_value()) {
      inputs.emplace_back(name, file.tensor);
      continue;
    }
    BARYON_ASSIGN_OR_RETURN(Tensor row, DecodePicture(file, name, model));
    std::vector<Tensors>& rows = pictures[name];
    rows.push_back({std::move(row)});
    if (!CanJoin(rows.front(), rows.back())) {
      return absl::InvalidArgumentError(absl::StrCat("\"", file.path, "\": expected a picture of ",
                                                     rows.front()[0].type().ToString(), ", got ",
                                                     rows.back()[0].type().ToString()));
    }
  }
  for (const auto& [name, rows] : pictures) {
    std::vector<const Tensors*> parts;
    for (const Tensors& row : rows) parts.push_back(&row);
    BARYON_ASSIGN_OR_RETURN(const Tensors joined, JoinRows(parts));
    inputs.emplace_back(name, joined[0]);
  }
  return inputs;
}

}  // namespace baryon
