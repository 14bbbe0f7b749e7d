#include "engine/runtime/signature.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

// Edges of square images that published networks take, the usual first.
constexpr int64_t kImageEdges[] = {224, 299, 28,  32,  8,   64,  96,  112, 128, 160,
                                   192, 256, 300, 320, 331, 384, 416, 512, 608, 1024};
constexpr int64_t kSequenceLengths[] = {128, 64, 32, 16, 8, 256, 512, 1};

// Inputs at label positions only.
std::vector<bool> FindLabels(const Graph& graph) {
  std::vector<int> as_label(graph.num_nodes()), as_data(graph.num_nodes());
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool label = node.op->input_role(static_cast<int>(i)) == InputRole::kLabel;
      ++(label ? as_label : as_data)[node.inputs[i].node];
    }
  }
  std::vector<bool> labels;
  for (NodeId id : graph.inputs()) labels.push_back(as_label[id] > 0 && as_data[id] == 0);
  return labels;
}

// Whether `graph` can be typed from these inputs. Fills in labels and other types that follow.
bool TypesFit(Graph graph, const TensorTypes& types) {
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i].dtype != DType::kUnknown) graph.SetType({graph.inputs()[i], 0}, types[i]);
  }
  return InferTypes(graph).ok() && CheckTypesKnown(graph).ok();
}

// What `spec` asks for, in an answer to one who gave `got`.
TensorType Expected(const TensorSpec& spec, const TensorType& got) {
  TensorType expected = spec.type;
  if (expected.dtype == DType::kUnknown) expected.dtype = got.dtype;
  return expected;
}

// Whether tensors of these types differ in the number of rows at most.
bool EqualRows(const TensorType& a, const TensorType& b) {
  if (a.dtype != b.dtype || a.shape.rank() != b.shape.rank()) return false;
  return a.shape.rank() == 0 || std::equal(a.shape.begin() + 1, a.shape.end(), b.shape.begin() + 1);
}

// The inputs of dense layers: one of them may be what a whole input of the graph has.
std::vector<int64_t> SizesThatWeightsWant(const Graph& graph) {
  constexpr size_t kMost = 64;
  std::vector<int64_t> sizes;
  for (NodeId id = 0; id < graph.num_nodes() && sizes.size() < kMost; ++id) {
    const Node& node = graph.node(id);
    if (node.constant == nullptr || graph.type({id, 0}).shape.rank() != 2) continue;
    const int64_t size = graph.type({id, 0}).shape[1];
    if (std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
  }
  return sizes;
}

}  // namespace

absl::StatusOr<Signature> InferSignature(const Graph& graph) {
  Graph typed = graph;
  BARYON_RETURN_IF_ERROR(InferTypes(typed));
  const std::vector<bool> labels = FindLabels(typed);
  Signature signature;
  for (size_t i = 0; i < typed.inputs().size(); ++i) {
    const Node& node = typed.node(typed.inputs()[i]);
    signature.inputs.push_back({node.name, node.types[0], labels[i]});
  }
  for (const GraphOutput& output : typed.outputs())
    signature.outputs.push_back({output.name, typed.type(output.value)});
  // What the graph leaves open about outputs, a trial with two batch sizes shows: dimensions that agree are fixed.
  const absl::StatusOr<TensorTypes> one = GuessInputTypes(graph, signature, 1),
                                    two = GuessInputTypes(graph, signature, 2);
  if (one.ok()) signature.example = *one;
  if (!one.ok() || !two.ok()) return signature;
  TensorTypes outputs[2];
  for (int trial = 0; trial < 2; ++trial) {
    Graph sized = graph;
    const TensorTypes& types = trial == 0 ? *one : *two;
    for (size_t i = 0; i < types.size(); ++i) {
      if (types[i].dtype != DType::kUnknown) sized.SetType({sized.inputs()[i], 0}, types[i]);
    }
    BARYON_RETURN_IF_ERROR(InferTypes(sized));
    for (const GraphOutput& output : sized.outputs()) outputs[trial].push_back(sized.type(output.value));
  }
  const bool open = std::any_of(signature.inputs.begin(), signature.inputs.end(), [](const TensorSpec& spec) {
    return !spec.optional &&
           (!spec.type.shape.has_rank() ||
            std::count(spec.type.shape.begin() + (spec.type.shape.rank() > 0), spec.type.shape.end(), -1) > 0);
  });
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    TensorType& type = signature.outputs[i].type;
    if (type.dtype == DType::kUnknown) type.dtype = outputs[0][i].dtype;
    if (type.shape.has_rank() || outputs[0][i].shape.rank() != outputs[1][i].shape.rank()) continue;
    type.shape = outputs[0][i].shape;
    for (int64_t axis = 0; axis < type.shape.rank(); ++axis) {
      // With open image sizes only a rank of at most 2 is sure to be independent of them (pooled features, classes).
      const bool sure =
          outputs[0][i].shape[axis] == outputs[1][i].shape[axis] && (!open || type.shape.rank() <= 2 || axis == 1);
      if (!sure) type.shape[axis] = Shape::kUnknownDim;
    }
  }
  return signature;
}

absl::Status CheckInput(const TensorSpec& spec, const TensorType& type) {
  const bool dtype_fits = spec.type.dtype == DType::kUnknown || spec.type.dtype == type.dtype;
  const bool shape_fits = MergeShapes(spec.type.shape, type.shape).has_value();
  if (dtype_fits && shape_fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("input \"", spec.name, "\": expected ", Expected(spec, type).ToString(), ", got ", type.ToString()));
}

absl::Status ExplainMisfit(const absl::Status& error, const Signature& signature, const TensorTypes& types) {
  if (!absl::IsInvalidArgument(error)) return error;
  std::string text;
  for (size_t i = 0; i < signature.inputs.size() && i < types.size(); ++i) {
    const TensorSpec& spec = signature.inputs[i];
    const bool given = types[i].dtype != DType::kUnknown;
    const bool has_example = i < signature.example.size() && signature.example[i].dtype != DType::kUnknown;
    if (!given || (has_example && EqualRows(signature.example[i], types[i]))) continue;
    absl::StrAppend(&text, "input \"", spec.name, "\": expected ", Expected(spec, types[i]).ToString());
    if (has_example) absl::StrAppend(&text, ", such as ", signature.example[i].shape.ToString());
    absl::StrAppend(&text, ", got ", types[i].ToString(), "; ");
  }
  return absl::Status(error.code(), absl::StrCat(text, error.message()));
}

absl::StatusOr<TensorTypes> GuessInputTypes(const Graph& graph, const Signature& signature, int64_t batch,
                                            const std::vector<TensorSpec>& hints) {
  TensorTypes base;
  bool has_images = false, has_sequences = false;
  for (const TensorSpec& spec : signature.inputs) {
    TensorType type = spec.type;
    if (spec.optional) type = {};
    for (const TensorSpec& hint : hints) {
      if (hint.name != spec.name) continue;
      BARYON_RETURN_IF_ERROR(CheckInput(spec, {spec.type.dtype, hint.type.shape}));
      type.shape = *MergeShapes(spec.type.shape, hint.type.shape);
      if (hint.type.dtype != DType::kUnknown) type.dtype = hint.type.dtype;
    }
    if (!spec.optional) {
      if (type.dtype == DType::kUnknown) type.dtype = DType::kFloat32;
      if (type.shape.has_rank() && type.shape.rank() > 0 && type.shape[0] == Shape::kUnknownDim) type.shape[0] = batch;
      has_images = has_images || type.shape.rank() >= 4;
      has_sequences = has_sequences || (!type.shape.IsFullyKnown() && type.shape.rank() < 4);
    }
    base.push_back(std::move(type));
  }
  // Ranks to try for inputs without one, and sizes to try for what is open in them.
  const auto filled = [&](int64_t edge, int64_t rank) {
    TensorTypes types = base;
    for (TensorType& type : types) {
      if (type.dtype == DType::kUnknown) continue;
      if (!type.shape.has_rank()) {
        type.shape = Shape::UnknownDims(rank);
        if (rank > 0) type.shape[0] = batch;
        if (rank == 4) type.shape[1] = 3;
      }
      for (int64_t axis = 0; axis < type.shape.rank(); ++axis) {
        if (type.shape[axis] == Shape::kUnknownDim) type.shape[axis] = edge;
      }
    }
    return types;
  };
  std::vector<int64_t> sizes;
  if (has_images || !has_sequences) sizes.insert(sizes.end(), std::begin(kImageEdges), std::end(kImageEdges));
  sizes.insert(sizes.end(), std::begin(kSequenceLengths), std::end(kSequenceLengths));
  if (has_images) {
    for (int64_t edge = 1; edge <= 256; ++edge) sizes.push_back(edge);
  }
  const std::vector<int64_t> wanted = SizesThatWeightsWant(graph);
  sizes.insert(sizes.end(), wanted.begin(), wanted.end());
  const bool all_ranked = std::all_of(base.begin(), base.end(), [](const TensorType& type) {
    return type.dtype == DType::kUnknown || type.shape.has_rank();
  });
  for (int64_t rank : all_ranked ? std::vector<int64_t>{0} : std::vector<int64_t>{2, 4, 3, 1}) {
    for (int64_t size : sizes) {
      TensorTypes types = filled(size, rank);
      if (TypesFit(graph, types)) return types;
    }
  }
  return absl::InvalidArgumentError(
      "the shapes of the inputs do not follow from the graph: name them (--shape NAME=1,3,224,224)");
}

}  // namespace baryon
