#include "server/models/warm_up.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "server/batching/rows.h"
#include "server/models/random_inputs.h"
#include "server/quote.h"

namespace baryon {
namespace {

// A batch of another size may run with other kernels, whose rounding differs; rows that see each other differ by more.
constexpr double kTolerance = 1e-3;

WarmUpResult Dependent(std::string why) { return {false, std::move(why)}; }

bool AreClose(const Tensor& a, const Tensor& b) {
  if (a.type() != b.type()) return false;
  const Tensor x = a.Cast(DType::kFloat64), y = b.Cast(DType::kFloat64);
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < x.num_elements(); ++i) {
    const double distance = std::fabs(x.data<double>()[i] - y.data<double>()[i]);
    if (std::isnan(distance)) return false;
    largest = std::max(largest, std::fabs(x.data<double>()[i]));
    difference = std::max(difference, distance);
  }
  return difference <= kTolerance * largest;
}

bool AreClose(const Tensors& a, const Tensors& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Tensor& x, const Tensor& y) { return AreClose(x, y); });
}

// The answers to both rows, run together.
absl::StatusOr<std::vector<Tensors>> RunTogether(const Executable& executable, const Tensors& first,
                                                 const Tensors& second) {
  BARYON_ASSIGN_OR_RETURN(const Tensors joined, JoinRows({&first, &second}));
  BARYON_ASSIGN_OR_RETURN(const Tensors outputs, executable.Run(joined));
  return SplitRows(outputs, {1, 1});
}

absl::StatusOr<WarmUpResult> CompareRows(const Executable& executable, const Tensors& a, const Tensors& b) {
  BARYON_ASSIGN_OR_RETURN(const Tensors a_alone, executable.Run(a));
  BARYON_ASSIGN_OR_RETURN(const Tensors b_alone, executable.Run(b));
  if (CommonRows(a_alone) != 1) return Dependent("an output does not have the batch as its first axis");
  const absl::StatusOr<std::vector<Tensors>> ab = RunTogether(executable, a, b), ba = RunTogether(executable, b, a);
  if (!ab.ok()) return Dependent(absl::StrCat("two rows do not run together: ", ab.status().message()));
  if (!ba.ok()) return Dependent(absl::StrCat("two rows do not run together: ", ba.status().message()));
  const bool same = AreClose(a_alone, (*ab)[0]) && AreClose(b_alone, (*ab)[1]) &&  //
                    AreClose(b_alone, (*ba)[0]) && AreClose(a_alone, (*ba)[1]);
  return same ? WarmUpResult{true, ""} : Dependent("a row's answer depends on the rows beside it");
}

// One input of a configured warm-up. Errors: INVALID_ARGUMENT.
absl::StatusOr<Tensor> MakeInput(const inference::ModelWarmup::Input& input, const TensorSpec& spec, int64_t rows,
                                 bool adds_batch, const std::string& folder) {
  TensorType type = spec.type;
  std::vector<int64_t> dims(input.dims().begin(), input.dims().end());
  if (adds_batch) dims.insert(dims.begin(), rows);
  type.shape = Shape(dims);
  BARYON_RETURN_IF_ERROR(CheckInput(spec, type));
  if (!type.IsFullyKnown()) {
    return absl::InvalidArgumentError(absl::StrCat("expected all dims and a data_type, got ", type.ToString()));
  }
  if (input.random_data()) {
    BARYON_ASSIGN_OR_RETURN(Tensors random, RandomInputs({type}, 1));
    return std::move(random[0]);
  }
  if (input.input_data_file().empty()) return Tensor::Zeros(type);
  const std::string path = absl::StrCat(folder, "/warmup/", input.input_data_file());
  BARYON_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, type.size_bytes()));
  if (static_cast<int64_t>(bytes.size()) != type.size_bytes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", path, "\": expected ", type.size_bytes(), " bytes, got ", bytes.size()));
  }
  BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate(type));
  std::memcpy(tensor.mutable_raw_data(), bytes.data(), bytes.size());
  return tensor;
}

absl::Status RunWarmUp(const Executable& executable, const ModelSettings& settings,
                       const inference::ModelWarmup& warm_up, const std::string& folder, const std::stop_token& stop) {
  const Signature& signature = executable.signature();
  const int64_t rows = std::max<int64_t>(warm_up.batch_size(), 1);
  Tensors inputs(signature.inputs.size());
  for (const auto& [name, input] : warm_up.inputs()) {
    size_t i = 0;
    while (i < inputs.size() && signature.inputs[i].name != name) ++i;
    if (i == inputs.size()) return absl::InvalidArgumentError(absl::StrCat("no input is called ", Quote(name)));
    absl::StatusOr<Tensor> made =
        MakeInput(input, signature.inputs[i], rows, settings.config.max_batch_size() > 0, folder);
    if (!made.ok()) return Annotate(made.status(), absl::StrCat("input ", Quote(name)));
    inputs[i] = *std::move(made);
  }
  for (uint32_t pass = 0; pass < std::max<uint32_t>(warm_up.count(), 1); ++pass) {
    if (stop.stop_requested()) return absl::CancelledError("the load was given up");
    BARYON_RETURN_IF_ERROR(executable.Run(inputs).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WarmUpResult> WarmUp(const Executable& executable) {
  const TensorTypes& types = executable.signature().example;
  if (types.empty()) return Dependent("the shapes of its inputs are known from requests only");
  BARYON_RETURN_IF_ERROR(executable.OutputTypes(types).status());
  BARYON_ASSIGN_OR_RETURN(const Tensors a, RandomInputs(types, 1));
  BARYON_ASSIGN_OR_RETURN(const Tensors b, RandomInputs(types, 2));
  if (CommonRows(a) != 1) return Dependent("its inputs have no common first axis");
  const absl::StatusOr<WarmUpResult> result = CompareRows(executable, a, b);
  // Random elements may be none that the model takes (an index out of range): no reason not to serve it.
  return result.ok() ? *result : Dependent(absl::StrCat("it refuses random inputs: ", result.status().message()));
}

absl::Status RunWarmUps(const Executable& executable, const ModelSettings& settings, const std::string& folder,
                        const std::stop_token& stop) {
  for (const inference::ModelWarmup& warm_up : settings.config.model_warmup()) {
    BARYON_RETURN_IF_ERROR(Annotate(RunWarmUp(executable, settings, warm_up, folder, stop),
                                    absl::StrCat("model_warmup ", Quote(warm_up.name()))));
  }
  return absl::OkStatus();
}

}  // namespace baryon
