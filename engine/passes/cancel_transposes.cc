// A transpose of a transpose is one transpose; one that changes nothing goes; one that moves only axes of size 1 leaves
// the elements where they are and becomes a reshape, which costs nothing.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

IntTuple AxesOf(const Graph& graph, const Node& node) {
  IntTuple axes = node.Get<IntTuple>("axes");
  const int64_t rank = graph.type(node.inputs[0]).shape.rank();
  if (axes.empty()) {
    for (int64_t axis = rank - 1; axis >= 0; --axis) axes.push_back(axis);
  }
  for (int64_t& axis : axes) axis = *NormalizeAxis(axis, rank);
  return axes;
}

bool IsIdentity(const IntTuple& axes) {
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

// True when the axes longer than 1 keep their order.
bool KeepsElementOrder(const Shape& shape, const IntTuple& axes) {
  int64_t last = -1;
  for (int64_t axis : axes) {
    if (shape[axis] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

}  // namespace

absl::Status CancelTransposes(Graph& graph) {
  for (NodeId id : graph.TopologicalOrder()) {
    if (!graph.node(id).Is("transpose")) continue;
    Value source = graph.node(id).inputs[0];
    IntTuple axes = AxesOf(graph, graph.node(id));
    while (graph.node(source.node).Is("transpose")) {
      const IntTuple inner = AxesOf(graph, graph.node(source.node));
      for (int64_t& axis : axes) axis = inner[axis];
      source = graph.node(source.node).inputs[0];
    }
    if (IsIdentity(axes)) {
      graph.ReplaceUses({id, 0}, source);
    } else if (KeepsElementOrder(graph.type(source).shape, axes)) {
      const Shape& shape = graph.node(id).types[0].shape;
      const Attrs attrs = {{"shape", FormatAttr(IntTuple(shape.begin(), shape.end()))}};
      BARYON_ASSIGN_OR_RETURN(const NodeId view, graph.AddOperator("Reshape", graph.node(id).name, attrs, {source}));
      graph.ReplaceUses({id, 0}, {view, 0});
    } else if (source != graph.node(id).inputs[0]) {
      BARYON_RETURN_IF_ERROR(graph.Rebind(id, {{"axes", FormatAttr(axes)}}, {source}));
    }
  }
  return absl::OkStatus();
}

}  // namespace baryon
