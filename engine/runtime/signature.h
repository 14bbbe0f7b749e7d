// What a model takes and gives.
#ifndef BARYON_ENGINE_RUNTIME_SIGNATURE_H_
#define BARYON_ENGINE_RUNTIME_SIGNATURE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/graph/graph.h"
#include "engine/tensor/tensor.h"

namespace baryon {

struct TensorSpec {
  std::string name;
  // -1 stands for a dimension that a request decides (the batch always); no rank, for a shape that is as the request
  // gives it; kUnknown, for any dtype.
  TensorType type;
  bool optional = false;  // a label: read by training only
};

struct Signature {
  std::vector<TensorSpec> inputs, outputs;
  // Inputs of one row for which the graph runs, as GuessInputTypes finds them: sizes that follow from the graph as a
  // whole, such as those of pictures whose features a dense layer expects. Empty when none were found.
  TensorTypes example;
};

// Finds out what the parameters say about the inputs ([-1, 3, -1, -1] from the first convolution's weight) and the
// inputs about the outputs. Dimension 0 is the batch and never fixed, unless `graph` says otherwise for all inputs.
absl::StatusOr<Signature> InferSignature(const Graph& graph);

// OK when a request may give `type` for `spec`; else INVALID_ARGUMENT: input "data": expected float32 [-1, 3, 224,
// 224], got float32 [8, 3, 64, 64].
absl::Status CheckInput(const TensorSpec& spec, const TensorType& type);

// An error of a graph that cannot run for inputs of `types`, in terms of these inputs: input "data": expected float32
// [-1, 1, -1, -1], such as [1, 1, 8, 8], got float32 [1, 1, 8, 4]; node "dense0_fwd" (FullyConnected): ...
absl::Status ExplainMisfit(const absl::Status& error, const Signature& signature, const TensorTypes& types);

// Input types, fully known, for which `graph` runs: what `bench`, warm-up and `summary` use when nobody names shapes.
// `batch` becomes dimension 0; other unknown dimensions are tried from a list of usual sizes (images of 224, 299, 28,
// ..., sequences of 128), and the first that passes type inference is taken. `hints` may fix some of the types. Labels
// are left out (kUnknown). Errors: INVALID_ARGUMENT when nothing fits: name the shapes.
absl::StatusOr<TensorTypes> GuessInputTypes(const Graph& graph, const Signature& signature, int64_t batch,
                                            const std::vector<TensorSpec>& hints = {});

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_SIGNATURE_H_
