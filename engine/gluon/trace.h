// Writing down what a block computes. While a trace is the thread's current one, operators on its arrays are not run:
// they become nodes of a graph. MXNet 2 calls this deferred compute.
#ifndef BARYON_ENGINE_GLUON_TRACE_H_
#define BARYON_ENGINE_GLUON_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/gluon/ndarray.h"
#include "engine/graph/graph.h"

namespace baryon {

// One thread, the one that made it.
class Trace {
 public:
  // What the parameters of blocks become: constants with their elements, or inputs, of which the type is enough.
  enum class Parameters { kConstants, kInputs };

  // Becomes the thread's current trace until it is destroyed.
  explicit Trace(Parameters parameters = Parameters::kConstants);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // The one that is being written by this thread, or nullptr.
  static Trace* Current();

  bool parameters_are_inputs() const { return parameters_ == Parameters::kInputs; }

  // An input of the graph, of a type that need not be known wholly.
  NDArray AddInput(std::string name, TensorType type);
  // A constant of the graph: a parameter. Once for each `key` that is not null, whatever the other arguments.
  NDArray AddConstant(const void* key, std::string name, const Tensor& elements);
  // An input of the graph in the place of a parameter. Once for each `key`, as AddConstant.
  NDArray AddParameterInput(const void* key, std::string name, TensorType type);
  // The visible outputs of an operator, called `name`. Inputs that have elements become constants. Errors: those of
  // Graph::AddOperator; FAILED_PRECONDITION, an input that belongs to another trace.
  absl::StatusOr<NDArrays> AddOperator(absl::string_view op, std::string name, const Attrs& attrs,
                                       absl::Span<const NDArray> inputs);

  // The outputs of a whole graph for its inputs (none where a label is not given), nodes named as there. Errors: those
  // of type inference.
  absl::StatusOr<NDArrays> AddGraph(const Graph& graph, absl::Span<const NDArray> inputs);

  // True when the array depends on an input that AddInput made, not on parameters and constants alone.
  bool DependsOnInput(const NDArray& array) const;

  // The graph with `outputs`, named as MXNet's list_outputs() names them. Errors: those of the arrays.
  absl::StatusOr<Graph> Finish(absl::Span<const NDArray> outputs) &&;

 private:
  absl::StatusOr<Value> ValueOf(const NDArray& array);
  NDArray ArrayOf(Value value) const;
  absl::StatusOr<NodeId> CopyNode(const Node& node, absl::Span<const Value> here);

  // Node `id`, which stands for `key` from now on.
  NDArray AddKeyed(const void* key, NodeId id);

  const Parameters parameters_;
  const int64_t id_;  // a number no other trace of the process has
  Trace* const outer_;
  Graph graph_;
  std::vector<bool> depends_on_input_;                  // by node
  absl::flat_hash_map<const void*, NodeId> constants_;  // and inputs in the place of parameters, by key
};

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_TRACE_H_
