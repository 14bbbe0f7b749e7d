// Golden cases that are whole networks: a graph, its parameters, inputs, and MXNet's answers.
#ifndef BARYON_TESTS_SUPPORT_MODEL_CASE_H_
#define BARYON_TESTS_SUPPORT_MODEL_CASE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/graph/graph.h"
#include "engine/tensor/tensor.h"

namespace baryon {

struct ModelCase {
  Graph graph;  // parameters bound
  NamedTensors inputs;
  NamedTensors outputs;  // MXNet's, in the order of the graph's
  double rtol = 0, atol = 0;
};

// Reads the case in `folder`; see tests/golden/README.md. Parameters that are made from their names are made when they
// are read.
absl::StatusOr<ModelCase> ReadModelCase(const std::string& folder);

// The largest |got - want| as a part of the largest |want|.
double ScaledError(const Tensor& got, const Tensor& want);

// Nothing when `got` agrees with the case's outputs by its rule, else the first difference in words.
std::string Disagreement(const ModelCase& model_case, const NamedTensors& got);

}  // namespace baryon

#endif  // BARYON_TESTS_SUPPORT_MODEL_CASE_H_
