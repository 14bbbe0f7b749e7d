// A pointwise convolution with stride 2 reads one pixel of four. Where all readers of a convolution's output are such,
// three quarters of that output are computed for nobody: the stride moves to the convolution that computes it, and from
// there, where this is pointwise too, further up. What is added to its output is sampled at the same pixels. ResNet v1
// has this at the end of each stage; it saves a tenth of all multiplications of ResNet-50.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/passes/int_tuples.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

IntTuple StrideOf(const Node& node) {
  return Filled(node.Get<IntTuple>("stride"), node.Get<IntTuple>("kernel").size(), 1);
}

// Whether output pixel i of the convolution is computed from input pixel i * stride alone.
bool IsPointwise(const Node& node) {
  return node.Is("Convolution") && AllAre(node.Get<IntTuple>("kernel"), 1) && AllAre(node.Get<IntTuple>("pad"), 0);
}

class StrideMover {
 public:
  explicit StrideMover(Graph& graph) : graph_(graph), readers_(graph.num_nodes()), is_output_(graph.num_nodes()) {
    for (NodeId id : graph.TopologicalOrder()) {
      for (const Value& value : graph.node(id).inputs) readers_[value.node].push_back(id);
    }
    for (const GraphOutput& output : graph.outputs()) is_output_[output.value.node] = true;
  }

  absl::Status Run() {
    const std::vector<NodeId> order = graph_.TopologicalOrder();
    for (auto id = order.rbegin(); id != order.rend(); ++id) {
      if (!graph_.node(*id).Is("Convolution")) continue;
      const std::optional<IntTuple> stride = StrideOfReaders(*id);
      if (stride.has_value()) BARYON_RETURN_IF_ERROR(Move(*id, *stride));
    }
    return absl::OkStatus();
  }

 private:
  // The stride, more than 1 on some axis, with which all readers sample the output of `id`.
  std::optional<IntTuple> StrideOfReaders(NodeId id) const {
    std::optional<IntTuple> common;
    if (is_output_[id]) return std::nullopt;
    for (NodeId reader : readers_[id]) {
      const Node& node = graph_.node(reader);
      if (!IsPointwise(node) || node.inputs[0].node != id) return std::nullopt;
      for (size_t i = 1; i < node.inputs.size(); ++i) {
        if (node.inputs[i].node == id) return std::nullopt;
      }
      const IntTuple stride = StrideOf(node);
      if (AllAre(stride, 1) || common.value_or(stride) != stride) return std::nullopt;
      common = stride;
    }
    return common;
  }

  absl::Status Move(NodeId id, const IntTuple& stride) {
    const Node node = graph_.node(id);
    IntTuple own = StrideOf(node);
    if (own.size() != stride.size()) return absl::OkStatus();
    for (size_t axis = 0; axis < own.size(); ++axis) own[axis] *= stride[axis];
    Attrs attrs = node.attr_texts();
    attrs.Set("stride", FormatAttr(own));
    std::vector<Value> inputs = node.inputs;
    if (node.Get<bool>("residual")) {
      BARYON_ASSIGN_OR_RETURN(inputs.back(), Sampled(inputs.back(), stride, attrs));
    }
    BARYON_RETURN_IF_ERROR(graph_.Rebind(id, attrs, std::move(inputs)));
    for (NodeId reader : readers_[id]) {
      Attrs reader_attrs = graph_.node(reader).attr_texts();
      reader_attrs.Set("stride", FormatAttr(IntTuple(stride.size(), 1)));
      BARYON_RETURN_IF_ERROR(graph_.SetAttrs(reader, reader_attrs));
    }
    return absl::OkStatus();
  }

  // Every stride-th pixel of `value`, as a pooling over windows of one pixel.
  absl::StatusOr<Value> Sampled(Value value, const IntTuple& stride, const Attrs& conv) {
    Attrs attrs = {{"kernel", FormatAttr(IntTuple(stride.size(), 1))}, {"stride", FormatAttr(stride)}};
    if (const std::string* layout = conv.Find("layout"); layout != nullptr) attrs.Set("layout", *layout);
    BARYON_ASSIGN_OR_RETURN(
        const NodeId id,
        graph_.AddOperator("Pooling", absl::StrCat(graph_.node(value.node).name, "_sampled"), attrs, {value}));
    return Value{id, 0};
  }

  Graph& graph_;
  std::vector<std::vector<NodeId>> readers_;  // of each node that was there before
  std::vector<bool> is_output_;
};

}  // namespace

absl::Status MoveStrides(Graph& graph) { return StrideMover(graph).Run(); }

}  // namespace baryon
