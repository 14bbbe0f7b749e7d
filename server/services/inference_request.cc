#include "server/services/inference_request.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/error_details.h"
#include "server/quote.h"

namespace baryon {
namespace {

using inference::InferParameter;
using Choice = InferParameter::ParameterChoiceCase;

const InferParameter* Find(const InferParameters& parameters, const char* name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? nullptr : &found->second;
}

absl::Status WrongParameter(absl::string_view name, absl::string_view expected, const InferParameter& got) {
  const std::string text = got.ShortDebugString();
  const std::string field = absl::StrCat("parameters[", Quote(name), "]");
  return WithReason(WithField(absl::InvalidArgumentError(absl::StrCat("parameter ", Quote(name), ": expected ",
                                                                      expected, ", got ", Quote(text))),
                              field, expected, text),
                    "PARAMETER_INVALID");
}

absl::StatusOr<std::optional<bool>> ReadFlag(const InferParameters& parameters, const char* name) {
  const InferParameter* const parameter = Find(parameters, name);
  if (parameter == nullptr) return std::optional<bool>();
  if (parameter->parameter_choice_case() != Choice::kBoolParam) return WrongParameter(name, "a boolean", *parameter);
  return std::optional<bool>(parameter->bool_param());
}

// The keys that the protocol reserves are known or wrong; of "sequence_id" the type is free.
absl::Status CheckReserved(const InferParameters& parameters) {
  for (const char* flag : {"sequence_start", "sequence_end", "triton_enable_empty_final_response"}) {
    BARYON_RETURN_IF_ERROR(ReadFlag(parameters, flag).status());
  }
  for (const auto& [name, value] : parameters) {
    if (absl::StartsWith(name, "triton_") && name != "triton_enable_empty_final_response") {
      return WrongParameter(name, "no such parameter", value);
    }
  }
  const InferParameter* const sequence = Find(parameters, "sequence_id");
  const bool is_id = sequence == nullptr || sequence->parameter_choice_case() == Choice::kStringParam ||
                     sequence->parameter_choice_case() == Choice::kInt64Param ||
                     sequence->parameter_choice_case() == Choice::kUint64Param;
  return is_id ? absl::OkStatus() : WrongParameter("sequence_id", "an integer or a string", *sequence);
}

absl::Status UnknownOutput(absl::string_view name, absl::string_view problem) {
  return WithReason(WithField(absl::InvalidArgumentError(absl::StrCat(problem, " ", Quote(name))), "name",
                              "an output of the model, once", Quote(name)),
                    "OUTPUT_UNKNOWN");
}

}  // namespace

absl::StatusOr<int64_t> ParseOipVersion(absl::string_view text) {
  if (text.empty()) return 0;
  int64_t version = 0;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
  if (digits && absl::SimpleAtoi(text, &version) && version > 0) return version;
  return WithReason(WithField(absl::InvalidArgumentError(absl::StrCat("expected a version number, got ", Quote(text))),
                              "model_version", "a number above 0", Quote(text)),
                    "VERSION_INVALID");
}

absl::StatusOr<std::optional<int64_t>> ReadCount(const InferParameters& parameters, const char* name) {
  const InferParameter* const parameter = Find(parameters, name);
  if (parameter == nullptr) return std::optional<int64_t>();
  const bool is_unsigned = parameter->parameter_choice_case() == Choice::kUint64Param;
  if (!is_unsigned && parameter->parameter_choice_case() != Choice::kInt64Param) {
    return WrongParameter(name, "an integer", *parameter);
  }
  const int64_t value =
      is_unsigned
          ? static_cast<int64_t>(std::min<uint64_t>(parameter->uint64_param(), std::numeric_limits<int64_t>::max()))
          : parameter->int64_param();
  if (value < 0) return WrongParameter(name, "0 or more", *parameter);
  return std::optional<int64_t>(value);
}

absl::StatusOr<InferenceOptions> ReadOptions(const InferParameters& parameters) {
  InferenceOptions options;
  if (parameters.empty()) return options;
  BARYON_RETURN_IF_ERROR(CheckReserved(parameters));
  BARYON_ASSIGN_OR_RETURN(const std::optional<int64_t> timeout, ReadCount(parameters, "timeout"));
  if (timeout.value_or(0) > 0) options.max_wait = absl::Microseconds(*timeout);
  BARYON_ASSIGN_OR_RETURN(const std::optional<int64_t> level, ReadCount(parameters, "priority"));
  options.priority_level = static_cast<uint64_t>(level.value_or(0));
  BARYON_ASSIGN_OR_RETURN(const std::optional<bool> binary, ReadFlag(parameters, "binary_data_output"));
  options.binary_outputs = binary.value_or(false);
  return options;
}

absl::StatusOr<std::optional<MemoryRange>> ReadMemoryRange(const InferParameters& parameters,
                                                           const SharedMemoryRegistry& regions) {
  const InferParameter* const region = Find(parameters, "shared_memory_region");
  if (region == nullptr) return std::optional<MemoryRange>();
  if (region->parameter_choice_case() != Choice::kStringParam) {
    return WrongParameter("shared_memory_region", "a name", *region);
  }
  MemoryRange range;
  BARYON_ASSIGN_OR_RETURN(range.memory, regions.Find(region->string_param()));
  BARYON_ASSIGN_OR_RETURN(const std::optional<int64_t> offset, ReadCount(parameters, "shared_memory_offset"));
  BARYON_ASSIGN_OR_RETURN(const std::optional<int64_t> size, ReadCount(parameters, "shared_memory_byte_size"));
  range.offset = offset.value_or(0);
  if (!size.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("shared memory ", Quote(region->string_param()),
                                                   ": expected the parameter \"shared_memory_byte_size\""));
  }
  range.size = *size;
  return std::optional<MemoryRange>(std::move(range));
}

absl::StatusOr<std::vector<WantedOutput>> ReadWantedOutputs(const inference::ModelInferRequest& head,
                                                            const Signature& signature,
                                                            const SharedMemoryRegistry& regions) {
  std::vector<WantedOutput> wanted;
  if (head.outputs_size() == 0) {
    wanted.resize(signature.outputs.size());
    for (size_t place = 0; place < wanted.size(); ++place) wanted[place].place = place;
    return wanted;
  }
  std::vector<bool> taken(signature.outputs.size(), false);
  for (int i = 0; i < head.outputs_size(); ++i) {
    const auto& request = head.outputs(i);
    const auto read = [&]() -> absl::StatusOr<WantedOutput> {
      WantedOutput output;
      output.request = &request;
      while (output.place < taken.size() && signature.outputs[output.place].name != request.name()) ++output.place;
      if (output.place == taken.size()) return UnknownOutput(request.name(), "no output is called");
      if (taken[output.place]) return UnknownOutput(request.name(), "asked twice for the output");
      taken[output.place] = true;
      if (request.parameters().empty()) return output;
      BARYON_ASSIGN_OR_RETURN(const auto classes, ReadCount(request.parameters(), "classification"));
      output.classes = classes.value_or(0);
      if (classes == 0) {
        return WrongParameter("classification", "above 0", request.parameters().at("classification"));
      }
      BARYON_ASSIGN_OR_RETURN(output.binary, ReadFlag(request.parameters(), "binary_data"));
      BARYON_ASSIGN_OR_RETURN(output.memory, ReadMemoryRange(request.parameters(), regions));
      return output;
    };
    absl::StatusOr<WantedOutput> output = read();
    if (!output.ok()) return InField(output.status(), absl::StrCat("outputs[", i, "]"));
    wanted.push_back(*std::move(output));
  }
  return wanted;
}

}  // namespace baryon
