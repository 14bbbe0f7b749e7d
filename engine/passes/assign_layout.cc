// Models come channels-first ([N, C, H, W]); kernels are at their best channels-last ([N, H, W, C]), where a pixel is a
// row of a matrix. The pass walks the graph once. A convolution or pooling always changes over; an operator that can
// work in either layout follows when one of its inputs has changed. Each changed operator gets a transpose behind it
// that restores the old layout for readers that need it; readers that change too take the value before that transpose,
// and a transpose that nobody reads disappears with the next pruning.
//
// A dense layer that flattens a feature map does not need the old layout either: the columns of its weight are permuted
// instead, once, at load.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

// (0, 2, ..., rank - 1, 1): channels to the end; and back.
IntTuple ToLast(int64_t rank) {
  IntTuple axes = {0};
  for (int64_t axis = 2; axis < rank; ++axis) axes.push_back(axis);
  axes.push_back(1);
  return axes;
}
IntTuple ToFirst(int64_t rank) {
  IntTuple axes = {0, rank - 1};
  for (int64_t axis = 1; axis < rank - 1; ++axis) axes.push_back(axis);
  return axes;
}

constexpr const char* kFirstLayouts[] = {"NCW", "NCHW", "NCDHW"};  // by rank - 3
constexpr int64_t kMostPictureChannels = 4;

class LayoutAssigner {
 public:
  explicit LayoutAssigner(Graph& graph) : graph_(graph) {}

  absl::Status Run() {
    for (NodeId id : graph_.TopologicalOrder()) {
      if (!graph_.node(id).is_op()) continue;
      const std::optional<int64_t> rank = LayoutRank(graph_.node(id));
      if (rank.has_value()) {
        BARYON_RETURN_IF_ERROR(Change(id, *rank));
      } else if (graph_.node(id).Is("FullyConnected")) {
        BARYON_RETURN_IF_ERROR(AbsorbFlatten(id));
      }
    }
    return absl::OkStatus();
  }

 private:
  // The rank of the feature maps that `node` would take channels-last, or nothing when it stays as it is.
  std::optional<int64_t> LayoutRank(const Node& node) const {
    if (node.inputs.empty() || node.op->num_subgraphs > 0 || node.op->dynamic) return std::nullopt;
    int64_t rank = 0;
    bool changed_input = false;
    for (const Value& value : node.inputs) {
      rank = std::max(rank, graph_.type(value).shape.rank());
      changed_input = changed_input || last_of_.count(value) > 0;
    }
    if (rank < 3) return std::nullopt;
    const bool anchor = node.Is("Convolution") || node.Is("Pooling") || node.Is("Deconvolution");
    if (node.op->to_channels_last && (anchor || changed_input)) {
      if (node.op->to_channels_last(node.attrs.get(), static_cast<int>(rank)).has_value()) return rank;
    }
    const bool elementwise = node.op->elementwise && !node.op->view && changed_input;
    return elementwise ? std::optional<int64_t>(rank) : std::nullopt;
  }

  // Replaces node `id` by its channels-last form and, for readers in the old layout, a transpose.
  absl::Status Change(NodeId id, int64_t rank) {
    const Node node = graph_.node(id);
    Attrs attrs = node.attr_texts();
    if (node.op->to_channels_last) attrs = *node.op->to_channels_last(node.attrs.get(), static_cast<int>(rank));
    std::vector<Value> inputs = node.inputs;
    const bool reads_first = ReadsChannelsFirst(node);
    if (reads_first) attrs.Set("data_layout", kFirstLayouts[rank - 3]);
    for (Value& value : absl::MakeSpan(inputs).subspan(reads_first ? 1 : 0)) {
      if (!node.op->to_channels_last && graph_.type(value).shape.rank() < rank) {
        BARYON_ASSIGN_OR_RETURN(value, WithRank(value, rank));
      }
      if (graph_.type(value).shape.rank() != rank) continue;
      BARYON_ASSIGN_OR_RETURN(value, ChannelsLast(value));
    }
    BARYON_ASSIGN_OR_RETURN(const NodeId changed,
                            graph_.AddOperator(node.op->name(), node.name, attrs, std::move(inputs)));
    for (int output = 0; output < static_cast<int>(node.types.size()); ++output) {
      const Value from = {id, output}, to = {changed, output};
      if (node.types[output].shape.rank() != rank) {
        graph_.ReplaceUses(from, to);
        continue;
      }
      BARYON_ASSIGN_OR_RETURN(const Value restored, Transpose(to, ToFirst(rank), node.name));
      last_of_[restored] = to;
      graph_.ReplaceUses(from, restored);
    }
    return absl::OkStatus();
  }

  // Whether the convolution is a network's first: it reads a picture of few channels as it comes, and gathers its
  // patches in the new order for nothing.
  bool ReadsChannelsFirst(const Node& node) const {
    if (!node.Is("Convolution") || last_of_.count(node.inputs[0]) > 0) return false;
    const TensorType& data = graph_.type(node.inputs[0]);
    return data.shape[1] <= kMostPictureChannels && node.Get<int64_t>("num_group") == 1 &&
           data.dtype == DType::kFloat32;
  }

  absl::StatusOr<Value> Transpose(Value value, const IntTuple& axes, const std::string& name) {
    BARYON_ASSIGN_OR_RETURN(const NodeId id, graph_.AddOperator("transpose", absl::StrCat(name, "_transposed"),
                                                                {{"axes", FormatAttr(axes)}}, {value}));
    return Value{id, 0};
  }

  absl::StatusOr<Value> Reshape(Value value, const Shape& shape, const std::string& name) {
    const IntTuple dims(shape.begin(), shape.end());
    BARYON_ASSIGN_OR_RETURN(const NodeId id, graph_.AddOperator("Reshape", absl::StrCat(name, "_reshaped"),
                                                                {{"shape", FormatAttr(dims)}}, {value}));
    return Value{id, 0};
  }

  // `value` with channels at the end: what a changed operator made, or a transpose of it.
  absl::StatusOr<Value> ChannelsLast(Value value) {
    if (const auto it = last_of_.find(value); it != last_of_.end()) return it->second;
    const int64_t rank = graph_.type(value).shape.rank();
    BARYON_ASSIGN_OR_RETURN(const Value last, Transpose(value, ToLast(rank), graph_.node(value.node).name));
    last_of_[value] = last;
    return last;
  }

  // An operand of a broadcast with ones in front, so that its axes can be permuted like those of the other operands.
  absl::StatusOr<Value> WithRank(Value value, int64_t rank) {
    Shape shape = graph_.type(value).shape;
    while (shape.rank() < rank) shape.Insert(0, 1);
    return Reshape(value, shape, graph_.node(value.node).name);
  }

  // Dense(Flatten(map)), Dense(map): reads the channels-last map and permutes the weight's columns instead.
  absl::Status AbsorbFlatten(NodeId id) {
    const Node dense = graph_.node(id);
    if (!dense.Get<bool>("flatten")) return absl::OkStatus();
    Value source = dense.inputs[0];
    const int64_t rows = graph_.type(source).shape[0];
    while (graph_.node(source.node).is_op() && graph_.node(source.node).op->view && last_of_.count(source) == 0) {
      source = graph_.node(source.node).inputs[0];
      if (graph_.type(source).shape.rank() == 0 || graph_.type(source).shape[0] != rows) return absl::OkStatus();
    }
    const auto found = last_of_.find(source);
    if (found == last_of_.end() || graph_.node(dense.inputs[1].node).kind != NodeKind::kConstant)
      return absl::OkStatus();
    const Shape map = graph_.type(source).shape;  // [N, C, ...]
    Shape columns = map;
    columns[0] = graph_.type(dense.inputs[1]).shape[0];
    BARYON_ASSIGN_OR_RETURN(Value weight, Reshape(dense.inputs[1], columns, dense.name));
    BARYON_ASSIGN_OR_RETURN(weight, Transpose(weight, ToLast(map.rank()), dense.name));
    BARYON_ASSIGN_OR_RETURN(weight, Reshape(weight, graph_.type(dense.inputs[1]).shape, dense.name));
    std::vector<Value> inputs = dense.inputs;
    inputs[0] = found->second;
    inputs[1] = weight;
    return graph_.Rebind(id, dense.attr_texts(), std::move(inputs));
  }

  Graph& graph_;
  std::map<Value, Value> last_of_;  // a value in the old layout → the same channels-last
};

}  // namespace

absl::Status AssignLayout(Graph& graph) { return LayoutAssigner(graph).Run(); }

}  // namespace baryon
