// What a request of the Open Inference Protocol asks for beside its arrays; the same over gRPC and REST.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_REQUEST_H_
#define BARYON_SERVER_SERVICES_INFERENCE_REQUEST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/inference.pb.h"
#include "server/models/served_model.h"
#include "server/services/shared_memory.h"

namespace baryon {

using InferParameters = google::protobuf::Map<std::string, inference::InferParameter>;

// A version as the protocol writes it: "7", or "" for the highest (0). INVALID_ARGUMENT for anything else.
absl::StatusOr<int64_t> ParseOipVersion(absl::string_view text);

// Parameters of a whole request.
struct InferenceOptions {
  absl::Duration max_wait = absl::InfiniteDuration();  // "timeout", in microseconds
  uint64_t priority_level = 0;                         // "priority"; 1: goes first, 0: as the model says
  bool binary_outputs = false;                         // "binary_data_output": what outputs that do not say are (REST)
};

// Errors: INVALID_ARGUMENT, a parameter that the protocol reserves has a value of another type or out of range, or is
// one that starts with "triton_" and does not exist. Others are the client's own.
absl::StatusOr<InferenceOptions> ReadOptions(const InferParameters& parameters);

// A part of shared memory in which a tensor lies, or is wanted.
struct MemoryRange {
  std::shared_ptr<const SharedMemory> memory;
  int64_t offset = 0, size = 0;
};

// The parameters "shared_memory_region", "_offset" and "_byte_size" of an input or output; nothing when there are none.
// Errors: NOT_FOUND, no such region; INVALID_ARGUMENT.
absl::StatusOr<std::optional<MemoryRange>> ReadMemoryRange(const InferParameters& parameters,
                                                           const SharedMemoryRegistry& regions);

// An integer parameter, or nothing. Errors: INVALID_ARGUMENT, it is none or negative.
absl::StatusOr<std::optional<int64_t>> ReadCount(const InferParameters& parameters, const char* name);

// An output that the answer is to have.
struct WantedOutput {
  size_t place = 0;                   // among the model's outputs
  int64_t classes = 0;                // above 0: the best so many classes instead of the scores
  std::optional<bool> binary;         // "binary_data" (REST)
  std::optional<MemoryRange> memory;  // where it goes, instead of into the answer
  const inference::ModelInferRequest::InferRequestedOutputTensor* request = nullptr;  // null: not asked for by name
};

// The outputs that `head`, which outlives them, asks for, in its order; all of the model when it asks for none. Errors:
// INVALID_ARGUMENT, an output is unknown or asked for twice, or a parameter is wrong; those of ReadMemoryRange.
absl::StatusOr<std::vector<WantedOutput>> ReadWantedOutputs(const inference::ModelInferRequest& head,
                                                            const Signature& signature,
                                                            const SharedMemoryRegistry& regions);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_REQUEST_H_
