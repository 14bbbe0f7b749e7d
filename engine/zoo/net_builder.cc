// The graph grows while the network is described. Parameters are inputs of unknown shape until Build, where type
// inference finds their shapes from the picture's.
#include "engine/zoo/net_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"

namespace baryon::zoo {
namespace {

std::string Square(int64_t extent) { return FormatAttr(IntTuple{extent, extent}); }

std::string Text(bool value) { return FormatAttr(value); }

std::string Numbered(std::map<std::string, int>& counts, const std::string& hint) {
  return absl::StrCat(hint, counts[hint]++);
}

}  // namespace

NetBuilder::NetBuilder(std::string prefix, int64_t size) : prefix_(std::move(prefix)) {
  data_ = {network_.graph.AddInput("data", {DType::kFloat32, {1, 3, size, size}}), 0};
}

NetBuilder::Scope::Scope(NetBuilder& net, const std::string& prefix)
    : net_(net),
      outer_prefix_(std::exchange(net.prefix_, net.prefix_ + prefix)),
      outer_layers_(std::exchange(net.layers_, {})),
      outer_operators_(std::exchange(net.operators_, {})) {}

NetBuilder::Scope::~Scope() {
  net_.prefix_ = std::move(outer_prefix_);
  net_.layers_ = std::move(outer_layers_);
  net_.operators_ = std::move(outer_operators_);
}

std::string NetBuilder::NextName(const std::string& hint) { return Numbered(layers_, hint); }

Value NetBuilder::Node(const std::string& op, const std::string& name, const Attrs& attrs, std::vector<Value> inputs) {
  const auto id = network_.graph.AddOperator(op, prefix_ + name, attrs, std::move(inputs));
  BARYON_CHECK(id.ok());
  return {*id, 0};
}

Value NetBuilder::Operator(const std::string& op, absl::string_view hint, const Attrs& attrs,
                           std::vector<Value> inputs) {
  return Node(op, Numbered(operators_, std::string(hint.data(), hint.size())), attrs, std::move(inputs));
}

Value NetBuilder::AddParameter(const std::string& layer, const std::string& path, absl::string_view name, Start start,
                               bool is_state) {
  std::string full_name = absl::StrCat(prefix_, layer, "_", name);
  const NodeId id = network_.graph.AddInput(full_name, {DType::kFloat32, Shape::Unknown()});
  network_.parameters.push_back({id, std::move(full_name), absl::StrCat(path, ".", name), is_state, start});
  return {id, 0};
}

Value NetBuilder::Conv(Value x, const std::string& path, const ConvOptions& options, const std::string& name) {
  const std::string layer = name.empty() ? NextName("conv") : name;
  std::vector<Value> inputs = {x, AddParameter(layer, path, "weight", Start::kWeight)};
  if (options.use_bias) inputs.push_back(AddParameter(layer, path, "bias", Start::kZeros));
  const Attrs attrs = {{"kernel", FormatAttr(options.kernel)},
                       {"stride", Square(options.stride)},
                       {"dilate", Square(1)},
                       {"pad", FormatAttr(options.padding)},
                       {"num_filter", FormatAttr(options.channels)},
                       {"num_group", FormatAttr(options.groups)},
                       {"no_bias", Text(!options.use_bias)},
                       {"layout", "NCHW"}};
  const Value y = Node("Convolution", layer + "_fwd", attrs, std::move(inputs));
  if (options.activation.empty()) return y;
  return Node("Activation", absl::StrCat(layer, "_", options.activation, "_fwd"), {{"act_type", options.activation}},
              {y});
}

Value NetBuilder::Dense(Value x, const std::string& path, int64_t units, const std::string& activation) {
  const std::string layer = NextName("dense");
  const Value weight = AddParameter(layer, path, "weight", Start::kWeight);
  const Value bias = AddParameter(layer, path, "bias", Start::kZeros);
  const Value y = Node("FullyConnected", layer + "_fwd", {{"num_hidden", FormatAttr(units)}}, {x, weight, bias});
  if (activation.empty()) return y;
  return Node("Activation", absl::StrCat(layer, "_", activation, "_fwd"), {{"act_type", activation}}, {y});
}

Value NetBuilder::BatchNorm(Value x, const std::string& path, const BatchNormOptions& options) {
  const std::string layer = NextName("batchnorm");
  const Value gamma = AddParameter(layer, path, "gamma", Start::kOnes);
  const Value beta = AddParameter(layer, path, "beta", Start::kZeros);
  const Value mean = AddParameter(layer, path, "running_mean", Start::kZeros, /*is_state=*/true);
  const Value variance = AddParameter(layer, path, "running_var", Start::kOnes, /*is_state=*/true);
  return Node("BatchNorm", layer + "_fwd", {{"eps", FormatAttr(options.epsilon)}, {"fix_gamma", Text(!options.scale)}},
              {x, gamma, beta, mean, variance});
}

Value NetBuilder::Relu(Value x) { return Node("Activation", NextName("relu") + "_fwd", {{"act_type", "relu"}}, {x}); }

Value NetBuilder::Relu6(Value x) {
  return Node("clip", NextName("relu6") + "_relu6", {{"a_min", "0"}, {"a_max", "6"}}, {x});
}

Value NetBuilder::Pool(Value x, absl::string_view type, const PoolOptions& options) {
  Attrs attrs = {{"pool_type", std::string(type.data(), type.size())},
                 {"kernel", Square(options.size)},
                 {"stride", Square(options.stride)},
                 {"pad", Square(options.padding)},
                 {"pooling_convention", options.ceil_mode ? "full" : "valid"},
                 {"layout", "NCHW"}};
  if (type == "avg") attrs.Set("count_include_pad", "True");
  return Node("Pooling", NextName("pool") + "_fwd", attrs, {x});
}

Value NetBuilder::MaxPool(Value x, const PoolOptions& options) { return Pool(x, "max", options); }

Value NetBuilder::AvgPool(Value x, const PoolOptions& options) { return Pool(x, "avg", options); }

Value NetBuilder::GlobalAvgPool(Value x) {
  const Attrs attrs = {{"pool_type", "avg"}, {"kernel", Square(1)},   {"stride", Square(1)},
                       {"pad", Square(0)},   {"global_pool", "True"}, {"pooling_convention", "full"},
                       {"layout", "NCHW"}};
  return Node("Pooling", NextName("pool") + "_fwd", attrs, {x});
}

Value NetBuilder::Flatten(Value x) { return Node("Flatten", NextName("flatten") + "_flatten0", {}, {x}); }

Value NetBuilder::Dropout(Value x, double rate) {
  return Node("Dropout", NextName("dropout") + "_fwd", {{"p", FormatAttr(rate)}}, {x});
}

Value NetBuilder::Add(Value a, Value b, absl::string_view hint) { return Operator("elemwise_add", hint, {}, {a, b}); }

Value NetBuilder::Concat(std::vector<Value> values) {
  const Attrs attrs = {{"dim", "1"}, {"num_args", FormatAttr(static_cast<int64_t>(values.size()))}};
  return Operator("Concat", "concat", attrs, std::move(values));
}

absl::StatusOr<Network> NetBuilder::Build(Value output) && {
  Graph& graph = network_.graph;
  graph.AddOutput(output, graph.node(output.node).name + "_output");
  BARYON_RETURN_IF_ERROR(InferTypes(graph));
  BARYON_RETURN_IF_ERROR(CheckTypesKnown(graph));
  return std::move(network_);
}

std::string Sequence::NextPath() { return absl::StrCat(path_, ".", size_); }

Sequence& Sequence::Then(Value value) {
  value_ = value;
  ++size_;
  return *this;
}

Sequence& Sequence::Conv(const ConvOptions& options, const std::string& name) {
  return Then(net_.Conv(value_, NextPath(), options, name));
}
Sequence& Sequence::Dense(int64_t units, const std::string& activation) {
  return Then(net_.Dense(value_, NextPath(), units, activation));
}
Sequence& Sequence::BatchNorm(const BatchNormOptions& options) {
  return Then(net_.BatchNorm(value_, NextPath(), options));
}
Sequence& Sequence::Relu() { return Then(net_.Relu(value_)); }
Sequence& Sequence::Relu6() { return Then(net_.Relu6(value_)); }
Sequence& Sequence::MaxPool(const PoolOptions& options) { return Then(net_.MaxPool(value_, options)); }
Sequence& Sequence::AvgPool(const PoolOptions& options) { return Then(net_.AvgPool(value_, options)); }
Sequence& Sequence::GlobalAvgPool() { return Then(net_.GlobalAvgPool(value_)); }
Sequence& Sequence::Flatten() { return Then(net_.Flatten(value_)); }
Sequence& Sequence::Dropout(double rate) { return Then(net_.Dropout(value_, rate)); }
Sequence& Sequence::Block(const std::function<Value(NetBuilder& net, const std::string& path, Value x)>& block) {
  return Then(block(net_, NextPath(), value_));
}

}  // namespace baryon::zoo
