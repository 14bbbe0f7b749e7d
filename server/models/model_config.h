// What config.pbtxt in a model's folder says.
#ifndef BARYON_SERVER_MODELS_MODEL_CONFIG_H_
#define BARYON_SERVER_MODELS_MODEL_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "engine/runtime/signature.h"
#include "proto/model_config.pb.h"
#include "server/batching/admission.h"
#include "server/batching/batch_policy.h"
#include "server/batching/batch_request.h"
#include "server/models/version_policy.h"

namespace baryon {

// The configuration of a model, read and understood; a model without one has the defaults. A value.
//
//   max_batch_size             most rows of a request and of requests that share a pass; 0: they share none
//   dynamic_batching           max_queue_delay_microseconds: opt-in, used only where it keeps the queue from growing;
//                              preferred_batch_size: the largest is what such a delay waits for;
//                              priorities: the levels are mapped to three; queue policies: the longest wait, the limit
//   instance_group             sum of counts: passes at once
//   version_policy             which versions serve
//   parameters                 "threads": most for a pass; "batching": "auto", "always" or "never"; "weight": of the
//                              model's share of the threads; "latency_objective_ms": of a pass;
//                              "version_label.NAME": the version that NAME stands for
//   input, output              must agree with the graph; label_filename: the classes of an output
//   model_warmup               passes before it serves
struct ModelSettings {
  inference::ModelConfig config;  // as it was given

  BatchWishes batching;
  QueueLimits limits;
  double weight = 1;
  absl::Duration max_wait[kNumPriorities] = {absl::InfiniteDuration(), absl::InfiniteDuration(),
                                             absl::InfiniteDuration()};  // by priority
  std::optional<int64_t> max_request_rows;
  VersionPolicy versions;
  std::map<std::string, int64_t> version_labels;
  std::string label_file;  // beside config.pbtxt; empty: labels.txt

  // The class of a request that names this level, 1 being the first to go and 0 the default. Without priority_levels,
  // levels from 3 on are low.
  Priority PriorityOf(uint64_t level) const;
};

// The message of a text. `where` names the file in errors: INVALID_ARGUMENT, "models/a/config.pbtxt" line 3: what was
// expected. Sections that make no sense here are skipped with a warning in the log.
absl::StatusOr<inference::ModelConfig> ParseModelConfig(absl::string_view text, const std::string& where);

// What it means. Errors: INVALID_ARGUMENT, values that contradict each other or are out of range; UNIMPLEMENTED,
// something that would change what clients see and is not there (ensembles, sequences, reshape, other backends). `name`
// is that of the model's folder.
absl::StatusOr<ModelSettings> ReadModelSettings(inference::ModelConfig config, const std::string& name);

// Both, of FOLDER/config.pbtxt; the defaults where there is none. At most 1 MiB is read.
absl::StatusOr<ModelSettings> ReadModelSettingsOf(const std::string& folder, const std::string& name);

// OK when the inputs and outputs that are declared agree with those of the graph.
absl::Status CheckDeclarations(const ModelSettings& settings, const Signature& signature);

// Version labels and the like: a letter or '_', then up to 63 letters, digits and '_'.
bool IsLabel(absl::string_view text);

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_CONFIG_H_
