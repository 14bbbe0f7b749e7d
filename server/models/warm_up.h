// Running a model before it serves.
#ifndef BARYON_SERVER_MODELS_WARM_UP_H_
#define BARYON_SERVER_MODELS_WARM_UP_H_

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "engine/runtime/executable.h"
#include "server/models/model_config.h"

namespace baryon {

struct WarmUpResult {
  bool rows_are_independent = false;  // requests may share a forward pass
  std::string why_not;                // a sentence for the log, when they may not
};

// Compiles plans for one and two rows and runs them, so that the first request finds them made, and finds out whether
// the rows of a batch are independent of each other: two random rows give the same answers alone, together, and
// together the other way round. Where the shapes of the inputs do not follow from the graph, or outputs do not have one
// row for each row of the inputs, or values differ, they are taken to be dependent; that costs speed, never
// correctness. Errors: what the engine says when the model cannot be compiled for its own signature.
absl::StatusOr<WarmUpResult> WarmUp(const Executable& executable);

// The passes that the configuration asks for (model_warmup): zeros, random elements, or the raw elements of a file in
// FOLDER/warmup. Errors: those of the passes, and INVALID_ARGUMENT, with the name of the warm-up; CANCELLED.
absl::Status RunWarmUps(const Executable& executable, const ModelSettings& settings, const std::string& folder,
                        const std::stop_token& stop = {});

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_WARM_UP_H_
