#include "server/models/model_config.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/quote.h"

namespace baryon {
namespace {

using inference::ModelConfig;

constexpr int64_t kMostBytes = 1 << 20;
constexpr int kMostNesting = 20;

// Fields of Triton's that tune other hardware or other backends, at any depth.
bool IsTuning(absl::string_view field) {
  static const auto* const kFields = new std::set<std::string>{
      "optimization",    "cc_model_filenames",      "model_operations",       "batch_input", "batch_output",
      "runtime",         "model_repository_agents", "response_cache",         "gpus",        "profile",
      "model_metrics",   "secondary_devices",       "rate_limiter",           "passive",     "host_policy",
      "is_shape_tensor", "allow_ragged_batch",      "is_non_linear_format_io"};
  return kFields->count(std::string(field)) > 0;
}

// Keeps the first error, with its line. The parser reports fields it does not know as warnings; those that are no
// tuning are mistakes.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(std::string where) : where_(std::move(where)) {}

  void AddError(int line, int, const std::string& message) override {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(absl::StrCat("\"", where_, "\" line ", line + 1, ": ", message));
    }
  }

  void AddWarning(int line, int column, const std::string& message) override {
    constexpr absl::string_view kUnknown = "has no field named \"";
    const size_t begin = message.find(kUnknown.data());
    if (begin == std::string::npos) return;
    const std::string field =
        message.substr(begin + kUnknown.size(), message.find('"', begin + kUnknown.size()) - begin - kUnknown.size());
    if (!IsTuning(field)) return AddError(line, column, absl::StrCat("there is no field ", Quote(field)));
    LogWarning(absl::StrCat("\"", where_, "\" line ", line + 1, ": ", Quote(field), " has no meaning here"));
  }

  const absl::Status& status() const { return status_; }

 private:
  const std::string where_;
  absl::Status status_;
};

absl::Status Unimplemented(absl::string_view what) {
  return absl::UnimplementedError(absl::StrCat(what, " is not supported"));
}

absl::Status Expected(absl::string_view field, absl::string_view expected, absl::string_view got) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": expected ", expected, ", got ", got));
}

bool IsFileName(absl::string_view name) {
  return !name.empty() && name.size() < 256 && name != "." && name != ".." && !absl::StrContains(name, '/') &&
         !absl::StrContains(name, '\0');
}

// --- Pieces of ReadModelSettings

absl::Status CheckSupported(const ModelConfig& config, const std::string& name) {
  if (!config.name().empty() && config.name() != name) {
    return Expected("name", Quote(name), Quote(config.name()));
  }
  for (const std::string& backend : {config.backend(), config.platform()}) {
    if (!backend.empty() && backend != "baryon" && backend != "mxnet" && backend != "mxnet_mxnet") {
      return Expected("backend", "\"mxnet\" or \"baryon\"", Quote(backend));
    }
  }
  if (config.has_sequence_batching()) return Unimplemented("sequence_batching");
  if (config.has_ensemble_scheduling()) return Unimplemented("ensemble_scheduling");
  if (config.model_transaction_policy().decoupled()) return Unimplemented("a decoupled model_transaction_policy");
  for (const auto& input : config.input()) {
    if (input.has_reshape()) return Unimplemented(absl::StrCat("input ", Quote(input.name()), ": reshape"));
  }
  for (const auto& output : config.output()) {
    if (output.has_reshape()) return Unimplemented(absl::StrCat("output ", Quote(output.name()), ": reshape"));
  }
  return absl::OkStatus();
}

absl::Status ReadVersionPolicy(const ModelConfig& config, VersionPolicy& policy) {
  const auto& written = config.version_policy();
  if (written.has_all()) policy.kind = VersionPolicy::Kind::kAll;
  if (written.has_latest()) policy.latest = std::max<int64_t>(written.latest().num_versions(), 1);
  if (!written.has_specific()) return absl::OkStatus();
  policy.kind = VersionPolicy::Kind::kSpecific;
  for (int64_t version : written.specific().versions()) {
    if (version < 1) return Expected("version_policy", "versions from 1 on", absl::StrCat(version));
    policy.specific.insert(version);
  }
  if (policy.specific.empty()) return Expected("version_policy", "versions", "none");
  return absl::OkStatus();
}

absl::Status ReadBatching(const ModelConfig& config, ModelSettings& settings) {
  if (config.has_max_batch_size()) {
    const int64_t rows = config.max_batch_size();
    if (rows < 0) return Expected("max_batch_size", "0 or more", absl::StrCat(rows));
    settings.batching.max_rows = std::max<int64_t>(rows, 1);
    if (rows > 0) settings.max_request_rows = rows;
  }
  for (int32_t size : config.dynamic_batching().preferred_batch_size()) {
    if (size < 1 || (config.max_batch_size() > 0 && size > config.max_batch_size())) {
      return Expected("preferred_batch_size", absl::StrCat("1 to max_batch_size, ", config.max_batch_size()),
                      absl::StrCat(size));
    }
    settings.batching.preferred_rows = std::max<int64_t>(settings.batching.preferred_rows.value_or(1), size);
  }
  const uint64_t delay = config.dynamic_batching().max_queue_delay_microseconds();
  settings.batching.max_delay = absl::Microseconds(static_cast<int64_t>(std::min<uint64_t>(delay, 1000000)));
  int slots = 0;
  for (const auto& group : config.instance_group()) {
    if (group.kind() == inference::ModelInstanceGroup::KIND_GPU) {
      LogWarning("instance_group: KIND_GPU has no meaning here");
    } else if (group.count() < 0 || group.count() > 1024) {
      return Expected("instance_group: count", "0 to 1024", absl::StrCat(group.count()));
    } else {
      slots += std::max(group.count(), 1);
    }
  }
  if (slots > 0) settings.batching.slots = slots;
  return absl::OkStatus();
}

void ApplyQueuePolicy(const inference::ModelQueuePolicy& policy, absl::Duration& max_wait, QueueLimits& limits) {
  if (policy.default_timeout_microseconds() > 0) {
    const uint64_t most = absl::ToInt64Microseconds(absl::Hours(24));
    max_wait = absl::Microseconds(static_cast<int64_t>(std::min(policy.default_timeout_microseconds(), most)));
  }
  if (policy.max_queue_size() > 0) limits.requests = std::min<int64_t>(limits.requests, policy.max_queue_size());
  if (policy.timeout_action() == inference::ModelQueuePolicy::DELAY) {
    LogWarning("timeout_action: DELAY is taken for REJECT");
  }
}

absl::Status ReadQueuePolicies(const ModelConfig& config, ModelSettings& settings) {
  const auto& batching = config.dynamic_batching();
  if (batching.default_priority_level() > batching.priority_levels()) {
    return Expected("default_priority_level", absl::StrCat("1 to ", batching.priority_levels()),
                    absl::StrCat(batching.default_priority_level()));
  }
  for (absl::Duration& max_wait : settings.max_wait) {
    ApplyQueuePolicy(batching.default_queue_policy(), max_wait, settings.limits);
  }
  for (const auto& [level, policy] : batching.priority_queue_policy()) {
    if (level < 1 || level > batching.priority_levels()) {
      return Expected("priority_queue_policy", absl::StrCat("levels 1 to ", batching.priority_levels()),
                      absl::StrCat(level));
    }
    ApplyQueuePolicy(policy, settings.max_wait[static_cast<int>(settings.PriorityOf(level))], settings.limits);
  }
  return absl::OkStatus();
}

absl::Status ReadParameter(const std::string& name, const std::string& value, ModelSettings& settings) {
  constexpr absl::string_view kLabel = "version_label.";
  if (absl::StartsWith(name, kLabel)) {
    const std::string label = name.substr(kLabel.size());
    int64_t version = 0;
    if (!IsLabel(label)) return Expected("parameters: a version label", "letters, digits and '_'", Quote(label));
    if (!absl::SimpleAtoi(value, &version) || version < 1) return Expected(name, "a version", Quote(value));
    settings.version_labels[label] = version;
  } else if (name == "threads") {
    int threads = 0;
    if (!absl::SimpleAtoi(value, &threads) || threads < 1) return Expected(name, "1 or more", Quote(value));
    settings.batching.threads = threads;
  } else if (name == "batching") {
    if (value != "auto" && value != "always" && value != "never") {
      return Expected(name, "\"auto\", \"always\" or \"never\"", Quote(value));
    }
    if (value != "auto") settings.batching.join = value == "always";
  } else if (name == "weight") {
    double weight = 0;
    if (!absl::SimpleAtod(value, &weight) || !(weight >= 0.01) || !(weight <= 100)) {
      return Expected(name, "0.01 to 100", Quote(value));
    }
    settings.weight = weight;
  } else if (name == "latency_objective_ms") {
    double ms = 0;
    if (!absl::SimpleAtod(value, &ms) || !(ms > 0) || !(ms < 1e9)) return Expected(name, "above 0", Quote(value));
    settings.batching.objective = absl::Milliseconds(ms);
  }
  return absl::OkStatus();  // others are somebody else's
}

absl::Status ReadLabelFile(const ModelConfig& config, ModelSettings& settings) {
  for (const auto& output : config.output()) {
    if (output.label_filename().empty()) continue;
    if (!IsFileName(output.label_filename())) {
      return Expected("label_filename", "a file beside config.pbtxt", Quote(output.label_filename()));
    }
    if (settings.label_file.empty()) settings.label_file = output.label_filename();
  }
  return absl::OkStatus();
}

absl::Status CheckWarmUps(const ModelConfig& config) {
  constexpr uint32_t kMost = 1 << 16;
  for (const auto& warm_up : config.model_warmup()) {
    if (warm_up.batch_size() > kMost || warm_up.count() > kMost) {
      return Expected("model_warmup", absl::StrCat("at most ", kMost, " rows and ", kMost, " passes"), "more");
    }
    for (const auto& [name, input] : warm_up.inputs()) {
      if (!input.input_data_file().empty() && !IsFileName(input.input_data_file())) {
        return Expected("input_data_file", "a file in the folder \"warmup\"", Quote(input.input_data_file()));
      }
    }
  }
  return absl::OkStatus();
}

// --- Declarations

struct Declared {
  absl::string_view kind;
  const std::string& name;
  inference::DataType type;
  absl::Span<const int64_t> dims;
};

DType ToDType(inference::DataType type) {
  switch (type) {
    case inference::TYPE_BOOL:
      return DType::kBool;
    case inference::TYPE_UINT8:
      return DType::kUInt8;
    case inference::TYPE_INT8:
      return DType::kInt8;
    case inference::TYPE_INT32:
      return DType::kInt32;
    case inference::TYPE_INT64:
      return DType::kInt64;
    case inference::TYPE_FP16:
      return DType::kFloat16;
    case inference::TYPE_FP32:
      return DType::kFloat32;
    case inference::TYPE_FP64:
      return DType::kFloat64;
    default:
      return DType::kUnknown;
  }
}

// True when every declared size agrees with the graph's, from its axis `first` on.
bool Agree(absl::Span<const int64_t> declared, const Shape& shape, int64_t first) {
  if (static_cast<int64_t>(declared.size()) + first != shape.rank()) return false;
  for (size_t i = 0; i < declared.size(); ++i) {
    const int64_t size = shape[first + static_cast<int64_t>(i)];
    if (declared[i] != -1 && size != -1 && declared[i] != size) return false;
  }
  return true;
}

absl::Status CheckDeclaration(const Declared& declared, absl::Span<const TensorSpec> specs, const ModelConfig& config) {
  const auto spec =
      std::find_if(specs.begin(), specs.end(), [&](const TensorSpec& known) { return known.name == declared.name; });
  const std::string what = absl::StrCat(declared.kind, " ", Quote(declared.name));
  if (spec == specs.end()) {
    std::string known;
    for (const TensorSpec& other : specs) absl::StrAppend(&known, known.empty() ? "" : ", ", Quote(other.name));
    return Expected(declared.kind, known, Quote(declared.name));
  }
  const bool any_type = declared.type == inference::TYPE_INVALID || spec->type.dtype == DType::kUnknown;
  const bool takes_files = declared.type == inference::TYPE_STRING;  // pictures
  if (!any_type && !takes_files && ToDType(declared.type) != spec->type.dtype) {
    return Expected(what, spec->type.ToString(), inference::DataType_Name(declared.type));
  }
  if (declared.dims.empty() || takes_files || !spec->type.shape.has_rank()) return absl::OkStatus();
  const bool with_batch = Agree(declared.dims, spec->type.shape, 0);
  const bool without_batch = Agree(declared.dims, spec->type.shape, 1);
  const bool fits = config.has_max_batch_size() ? (config.max_batch_size() > 0 ? without_batch : with_batch)
                                                : with_batch || without_batch;
  if (fits) return absl::OkStatus();
  return Expected(absl::StrCat(what, ": dims"), spec->type.ToString(),
                  absl::StrCat("[", absl::StrJoin(declared.dims, ", "), "]",
                               config.max_batch_size() > 0 ? " beside the batch" : ""));
}

}  // namespace

bool IsLabel(absl::string_view text) {
  if (text.empty() || text.size() > 64 || !(absl::ascii_isalpha(text[0]) || text[0] == '_')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

Priority ModelSettings::PriorityOf(uint64_t level) const {
  const uint64_t levels = config.dynamic_batching().priority_levels();
  if (level == 0) level = config.dynamic_batching().default_priority_level();
  if (level == 0) return Priority::kNormal;
  if (levels == 0) return level == 1 ? Priority::kHigh : level == 2 ? Priority::kNormal : Priority::kLow;
  return static_cast<Priority>((std::min(level, levels) - 1) * kNumPriorities / levels);  // by thirds
}

absl::StatusOr<ModelConfig> ParseModelConfig(absl::string_view text, const std::string& where) {
  FirstError errors(where);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kMostNesting);
  ModelConfig config;
  const bool parsed = parser.ParseFromString(std::string(text), &config);
  if (!errors.status().ok()) return errors.status();
  if (!parsed) return absl::InvalidArgumentError(absl::StrCat("\"", where, "\": not a model configuration"));
  return config;
}

absl::StatusOr<ModelSettings> ReadModelSettings(ModelConfig config, const std::string& name) {
  ModelSettings settings;
  settings.config = std::move(config);
  const ModelConfig& written = settings.config;
  BARYON_RETURN_IF_ERROR(CheckSupported(written, name));
  BARYON_RETURN_IF_ERROR(ReadVersionPolicy(written, settings.versions));
  BARYON_RETURN_IF_ERROR(ReadBatching(written, settings));
  BARYON_RETURN_IF_ERROR(ReadQueuePolicies(written, settings));
  for (const auto& [parameter, value] : written.parameters()) {
    BARYON_RETURN_IF_ERROR(ReadParameter(parameter, value.string_value(), settings));
  }
  BARYON_RETURN_IF_ERROR(ReadLabelFile(written, settings));
  BARYON_RETURN_IF_ERROR(CheckWarmUps(written));
  return settings;
}

absl::StatusOr<ModelSettings> ReadModelSettingsOf(const std::string& folder, const std::string& name) {
  const std::string path = (std::filesystem::path(folder) / "config.pbtxt").string();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return ReadModelSettings(ModelConfig(), name);
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMostBytes));
  BARYON_ASSIGN_OR_RETURN(ModelConfig config, ParseModelConfig(text, path));
  absl::StatusOr<ModelSettings> settings = ReadModelSettings(std::move(config), name);
  if (!settings.ok()) return Annotate(settings.status(), absl::StrCat("\"", path, "\""));
  return settings;
}

absl::Status CheckDeclarations(const ModelSettings& settings, const Signature& signature) {
  const ModelConfig& config = settings.config;
  for (const auto& input : config.input()) {
    BARYON_RETURN_IF_ERROR(
        CheckDeclaration({"input", input.name(), input.data_type(), input.dims()}, signature.inputs, config));
  }
  for (const auto& output : config.output()) {
    BARYON_RETURN_IF_ERROR(
        CheckDeclaration({"output", output.name(), output.data_type(), output.dims()}, signature.outputs, config));
  }
  return absl::OkStatus();
}

}  // namespace baryon
