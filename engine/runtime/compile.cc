// Compile reads top to bottom: types, passes, kernels, places of values, addresses.
//
// Places. Every value has a storage: memory of the request (an input), of the answer (an output), a constant, or a
// piece of the arena. Values share a storage when an operator returns its input under another shape (OpDef::view), and
// when an operator may overwrite an input that nobody reads afterwards (OpDef::in_place). Whatever is left gets an
// offset from PlanMemory. Values that a later operator joins are slices of its output (slices.h).
//
// A batch of a small network becomes a plan of one step, which runs plans for parts of its rows (row_parts.h). In a
// large one, a chain of operators that rows take one by one (row_chains.h) is a step with a plan of its own, for one
// row; values within the chain have no place in the plan around it.
#include "engine/runtime/compile.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/runtime/independent_rows.h"
#include "engine/runtime/memory_plan.h"
#include "engine/runtime/planned_subgraph.h"
#include "engine/runtime/row_chain_kernel.h"
#include "engine/runtime/row_chains.h"
#include "engine/runtime/row_parts.h"
#include "engine/runtime/slices.h"

namespace baryon {
namespace {

// An operator that needs no preparation, as a kernel.
class ComputeKernel : public Kernel {
 public:
  ComputeKernel(const OpDef& op, BoundAttrs attrs) : op_(op), attrs_(std::move(attrs)) {}
  void Compute(OpContext& context) const override { op_.compute(attrs_.get(), context); }

 private:
  const OpDef& op_;
  BoundAttrs attrs_;
};

// Copies a value into a graph output, where no step can write it directly (an input or constant that is an output).
class CopyKernel : public Kernel {
 public:
  void Compute(OpContext& context) const override {
    std::memcpy(context.output(0).raw_data(), context.input(0).raw_data(), context.output(0).size_bytes());
  }
};

absl::Status SetInputTypes(Graph& graph, const TensorTypes& input_types) {
  if (input_types.size() != graph.inputs().size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", graph.inputs().size(), " inputs, got ", input_types.size()));
  }
  for (size_t i = 0; i < input_types.size(); ++i) {
    const Value value = {graph.inputs()[i], 0};
    if (input_types[i].dtype != DType::kUnknown) graph.SetType(value, input_types[i]);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Graph> OptimizedGraph(Graph graph, const TensorTypes& input_types, const CompileOptions& options) {
  BARYON_RETURN_IF_ERROR(SetInputTypes(graph, input_types));
  BARYON_RETURN_IF_ERROR(InferTypes(graph));
  BARYON_RETURN_IF_ERROR(CheckTypesKnown(graph));
  BARYON_RETURN_IF_ERROR(RunPasses(graph, options.passes));
  if (options.tuner != nullptr) BARYON_RETURN_IF_ERROR(options.tuner->Tune(options.numerics, graph));
  return graph;
}

class PlanBuilder {
 public:
  PlanBuilder(const Graph& graph, const TensorTypes& input_types, int num_threads, const CompileOptions& options,
              PreparedCache& cache)
      : graph_(graph), num_threads_(num_threads), options_(options), cache_(cache), plan_(new Plan) {
    plan_->input_types_ = input_types;
    for (const GraphOutput& output : graph.outputs()) plan_->output_types_.push_back(graph.type(output.value));
  }

  absl::StatusOr<std::unique_ptr<const Plan>> Build() {
    order_ = graph_.TopologicalOrder();
    FindChains();
    slices_ = PlanSlices(graph_, [this](NodeId id) { return chain_of_[id] >= 0; });
    BARYON_RETURN_IF_ERROR(CheckInputsGiven());
    BARYON_RETURN_IF_ERROR(PrepareKernels());
    BARYON_RETURN_IF_ERROR(PrepareChains());
    ComputeLifetimes();
    AssignStorages();
    BARYON_RETURN_IF_ERROR(PlaceInArena());
    BARYON_RETURN_IF_ERROR(EmitSteps());
    return std::unique_ptr<const Plan>(std::move(plan_));
  }

  // A plan with the inputs and outputs of `whole` and `kernel` as its only step.
  static std::unique_ptr<const Plan> OneStep(const Plan& whole, std::shared_ptr<const Kernel> kernel,
                                             const std::string& op) {
    std::unique_ptr<Plan> plan(new Plan);
    plan->input_types_ = whole.input_types();
    plan->output_types_ = whole.output_types();
    plan->steps_.push_back({std::move(kernel), "batch", op, 0, static_cast<int>(whole.input_types().size()),
                            static_cast<int>(whole.output_types().size())});
    int index = 0;
    for (const TensorType& type : whole.input_types()) {
      const bool given = type.dtype != DType::kUnknown;
      if (given) plan->input_views_.push_back(index);
      plan->views_.push_back({type, {given ? Plan::Location::Kind::kInput : Plan::Location::Kind::kNone, index++}});
    }
    for (size_t i = 0; i < whole.output_types().size(); ++i) {
      plan->output_views_.push_back(index++);
      plan->views_.push_back({whole.output_types()[i], {Plan::Location::Kind::kOutput, static_cast<int>(i)}});
    }
    return plan;
  }

 private:
  // A piece of memory that one or more values share.
  struct Storage {
    Plan::Location location;
    BufferLifetime lifetime;
  };

  absl::Status CheckInputsGiven() const {
    for (size_t i = 0; i < graph_.inputs().size(); ++i) {
      const NodeId id = graph_.inputs()[i];
      const bool read = std::find(order_.begin(), order_.end(), id) != order_.end();
      if (read && plan_->input_types_[i].dtype == DType::kUnknown) {
        return absl::InvalidArgumentError(absl::StrCat("input \"", graph_.node(id).name, "\" is missing, expected ",
                                                       graph_.node(id).types[0].ToString()));
      }
    }
    return absl::OkStatus();
  }

  // Who wants no passes gets no chains either, nor are there chains within one.
  void FindChains() {
    chain_of_.assign(graph_.num_nodes(), -1);
    const std::vector<std::string>& disabled = options_.passes.disabled;
    if (std::find(disabled.begin(), disabled.end(), "all") == disabled.end()) chains_ = PlanRowChains(graph_);
    for (size_t i = 0; i < chains_.size(); ++i) {
      for (NodeId id : chains_[i].nodes) chain_of_[id] = static_cast<int>(i);
    }
  }

  // A plan for one row of each chain, made of what the passes have left: nothing is left for them to do.
  absl::Status PrepareChains() {
    CompileOptions options = options_;
    options.passes.disabled = {"all"};
    for (const RowChain& chain : chains_) {
      TensorTypes types;
      for (const Value& input : chain.inputs) types.push_back(graph_.type(input));
      for (TensorType& type : types) type.shape[0] = 1;
      BARYON_ASSIGN_OR_RETURN(const Graph row, RowGraph(graph_, chain));
      const int64_t rows_alone = RowChainKernel::RowsAlone(chain.rows, num_threads_);
      std::unique_ptr<const Plan> alone, together;
      if (rows_alone > 0) {
        BARYON_ASSIGN_OR_RETURN(alone, Compile(row, types, 1, options, cache_));
      }
      if (rows_alone < chain.rows) {
        BARYON_ASSIGN_OR_RETURN(together, Compile(row, types, num_threads_, options, cache_));
      }
      const int64_t alone_bytes =
          alone == nullptr ? 0 : alone->arena_bytes() * std::min<int64_t>(rows_alone, num_threads_);
      chain_bytes_ = std::max({chain_bytes_, alone_bytes, together == nullptr ? 0 : together->arena_bytes()});
      chain_kernels_.push_back(
          std::make_shared<RowChainKernel>(chain.rows, num_threads_, std::move(alone), std::move(together)));
    }
    return absl::OkStatus();
  }

  // A kernel for every operator that computes by itself. The last comes first: in most networks the largest weights are
  // behind, and while one is packed its original is in memory too.
  absl::Status PrepareKernels() {
    kernels_.resize(graph_.num_nodes());
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
      const NodeId id = *it;
      const Node& node = graph_.node(id);
      if (!node.is_op() || node.op->view || IsJoined(id) || chain_of_[id] >= 0) continue;
      if (!node.op->prepare) {
        kernels_[id] = std::make_shared<ComputeKernel>(*node.op, node.attrs);
        continue;
      }
      TensorTypes inputs;
      std::vector<std::shared_ptr<const Constant>> constants;
      for (const Value& value : node.inputs) {
        inputs.push_back(graph_.type(value));
        constants.push_back(graph_.node(value.node).constant);
      }
      PrepareContext context(inputs, node.types, std::move(constants), num_threads_, options_.numerics, cache_,
                             node.subgraphs, [this](const Graph& graph, const std::vector<SubgraphInput>& inputs) {
                               return CompileSubgraph(graph, inputs);
                             });
      SetSlices(id, context);
      absl::StatusOr<std::unique_ptr<Kernel>> kernel = node.op->prepare(node.attrs.get(), context);
      if (!kernel.ok()) {
        return Annotate(kernel.status(), absl::StrCat("node \"", node.name, "\" (", node.op->name(), ")"));
      }
      kernels_[id] = *std::move(kernel);
      plan_->workspace_bytes_ = std::max(plan_->workspace_bytes_, kernels_[id]->workspace_bytes());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<const PreparedSubgraph>> CompileSubgraph(
      Graph graph, const std::vector<SubgraphInput>& inputs) const {
    TensorTypes given;
    std::vector<int> given_inputs;
    const std::vector<NodeId> nodes = graph.inputs();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].constant != nullptr) {
        graph.BindInput(nodes[i], inputs[i].constant);
      } else {
        given.push_back(inputs[i].type);
        given_inputs.push_back(static_cast<int>(i));
      }
    }
    BARYON_ASSIGN_OR_RETURN(std::unique_ptr<const Plan> plan,
                            Compile(std::move(graph), given, num_threads_, options_, cache_));
    return std::make_unique<PlannedSubgraph>(std::move(plan), std::move(given_inputs));
  }

  // Whether every input of the join `id` is computed where its output has it, so that it has nothing to do.
  bool IsJoined(NodeId id) const {
    const int inputs = static_cast<int>(graph_.node(id).inputs.size());
    for (int i = 0; i < inputs; ++i) {
      if (!slices_.IsInPlace(graph_, id, i)) return false;
    }
    return inputs > 0;
  }

  void SetSlices(NodeId id, PrepareContext& context) const {
    const Node& node = graph_.node(id);
    const auto stride_of = [&](Value value) {
      const Slice* slice = slices_.Find(value);
      return slice == nullptr ? 0 : slice->stride;
    };
    std::vector<int64_t> strides;
    std::vector<bool> in_place;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      strides.push_back(stride_of(node.inputs[i]));
      in_place.push_back(slices_.IsInPlace(graph_, id, static_cast<int>(i)));
    }
    context.SetSlices(std::move(strides), stride_of({id, 0}), std::move(in_place));
  }

  // The step at which each value is written and the last one that reads it. Outputs of the graph live to the end.
  void ComputeLifetimes() {
    lifetimes_.resize(graph_.num_nodes());
    storages_of_.resize(graph_.num_nodes());
    for (NodeId id = 0; id < graph_.num_nodes(); ++id) {
      lifetimes_[id].resize(graph_.node(id).types.size());
      storages_of_[id].assign(graph_.node(id).types.size(), -1);
    }
    std::vector<std::pair<int, int>> steps_of_chain(chains_.size(), {-1, -1});  // the first and the last
    for (int step = 0; step < static_cast<int>(order_.size()); ++step) {
      const int chain = chain_of_[order_[step]];
      if (chain < 0) continue;
      auto& [first, last] = steps_of_chain[chain];
      if (first < 0) first = step;
      last = step;
    }
    for (int step = 0; step < static_cast<int>(order_.size()); ++step) {
      const int chain = chain_of_[order_[step]];
      // A chain reads and writes all its operands until it ends.
      const auto [first, last] = chain < 0 ? std::pair(step, step) : steps_of_chain[chain];
      for (BufferLifetime& lifetime : lifetimes_[order_[step]]) lifetime = {0, first, last};
      for (const Value& value : graph_.node(order_[step]).inputs) lifetimes_[value.node][value.output].last = last;
    }
    for (const GraphOutput& output : graph_.outputs()) {
      lifetimes_[output.value.node][output.value.output].last = static_cast<int>(order_.size());
    }
    use_counts_ = graph_.UseCounts();
  }

  int NewStorage(Plan::Location location, BufferLifetime lifetime) {
    storages_.push_back({location, lifetime});
    return static_cast<int>(storages_.size()) - 1;
  }

  void AssignStorages() {
    for (size_t i = 0; i < graph_.inputs().size(); ++i) {
      storages_of_[graph_.inputs()[i]][0] = NewStorage({Plan::Location::Kind::kInput, static_cast<int>(i)}, {});
    }
    for (int step = 0; step < static_cast<int>(order_.size()); ++step) {
      const NodeId id = order_[step];
      const Node& node = graph_.node(id);
      if (node.kind == NodeKind::kConstant) storages_of_[id][0] = NewStorage({Plan::Location::Kind::kConstant}, {});
      if (!node.is_op()) continue;
      for (int output = 0; output < static_cast<int>(node.types.size()); ++output) {
        const bool hidden = output >= node.num_visible_outputs;
        if (hidden && use_counts_[id][output] == 0) continue;  // nobody can see it: not computed
        if (IsWithinChain({id, output})) continue;
        const Slice* slice = slices_.Find({id, output});
        const Value whole = slice == nullptr ? Value{id, output} : slice->whole;
        int storage = storages_of_[whole.node][whole.output];  // there already when an earlier step wrote a slice of it
        if (storage < 0 && slice == nullptr && output == 0 && chain_of_[id] < 0) storage = SharedStorage(node, step);
        if (storage < 0) {
          const int first = lifetimes_[id][output].first;
          storage = NewStorage({Plan::Location::Kind::kArena}, {graph_.type(whole).size_bytes(), first, first});
        }
        storages_of_[whole.node][whole.output] = storages_of_[id][output] = storage;
        BufferLifetime& lifetime = storages_[storage].lifetime;
        lifetime.last = std::max(lifetime.last, lifetimes_[id][output].last);
      }
    }
    // An output of the graph is written by the step that makes it, if its storage is the arena's and holds that value
    // at the end; the whole storage moves to the request's buffer.
    std::vector<int> owner(storages_.size(), -1);
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      const Value value = graph_.outputs()[i].value;
      const int storage = storages_of_[value.node][value.output];
      Storage& place = storages_[storage];
      if (place.location.kind != Plan::Location::Kind::kArena || owner[storage] >= 0) continue;
      if (place.lifetime.size_bytes != graph_.type(value).size_bytes()) continue;
      owner[storage] = static_cast<int>(i);
      place.location = {Plan::Location::Kind::kOutput, static_cast<int>(i)};
    }
    output_owner_ = std::move(owner);
  }

  // The storage of an input that output 0 of `node` takes over, or -1.
  int SharedStorage(const Node& node, int step) const {
    if (node.op->view) return storages_of_[node.inputs[0].node][node.inputs[0].output];
    for (int i : node.op->in_place) {
      if (i >= static_cast<int>(node.inputs.size())) continue;
      const Value input = node.inputs[i];
      const int storage = storages_of_[input.node][input.output];
      if (slices_.Find(input) != nullptr) continue;
      if (storage < 0 || storages_[storage].location.kind != Plan::Location::Kind::kArena) continue;
      const bool dies_here = storages_[storage].lifetime.last == step &&
                             std::count(node.inputs.begin(), node.inputs.end(), input) == 1 &&
                             !OtherInputShares(node, i, storage);
      // Elements as many and as wide as the output's: else a broadcast int64 [1, n] could give its place to a float16
      // [4, n], whose first row would overwrite what the others need.
      const TensorType &from = graph_.type(input), &to = node.types[0];
      if (dies_here && storages_[storage].lifetime.size_bytes == to.size_bytes() &&
          from.size_bytes() == to.size_bytes() && from.shape.num_elements() == to.shape.num_elements()) {
        return storage;
      }
    }
    return -1;
  }

  // Whether a value has its place in the plan of a chain alone.
  bool IsWithinChain(Value value) const {
    if (chain_of_[value.node] < 0) return false;
    const std::vector<Value>& outputs = chains_[chain_of_[value.node]].outputs;
    return std::find(outputs.begin(), outputs.end(), value) == outputs.end();
  }

  bool OtherInputShares(const Node& node, int i, int storage) const {
    for (int j = 0; j < static_cast<int>(node.inputs.size()); ++j) {
      if (j != i && storages_of_[node.inputs[j].node][node.inputs[j].output] == storage) return true;
    }
    return false;
  }

  absl::Status PlaceInArena() {
    std::vector<BufferLifetime> buffers;
    std::vector<int> storages;
    double total = 0;
    for (size_t i = 0; i < storages_.size(); ++i) {
      if (storages_[i].location.kind != Plan::Location::Kind::kArena) continue;
      buffers.push_back(storages_[i].lifetime);
      storages.push_back(static_cast<int>(i));
      total = std::max(total, static_cast<double>(storages_[i].lifetime.size_bytes));
    }
    if (total > static_cast<double>(options_.max_arena_bytes)) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a value of ", total, " bytes, expected at most ", options_.max_arena_bytes));
    }
    const MemoryPlan memory = PlanMemory(buffers);
    double needed = static_cast<double>(memory.arena_bytes + chain_bytes_);
    for (const TensorType& output : plan_->output_types_) needed += static_cast<double>(output.size_bytes());
    if (needed > static_cast<double>(options_.max_arena_bytes)) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a forward pass needs ", needed, " bytes, expected at most ", options_.max_arena_bytes));
    }
    for (size_t i = 0; i < storages.size(); ++i) storages_[storages[i]].location.offset = memory.offsets[i];
    plan_->arena_bytes_ = memory.arena_bytes;
    return absl::OkStatus();
  }

  absl::Status EmitSteps() {
    for (NodeId id : order_) {
      const Node& node = graph_.node(id);
      if (!node.is_op() || node.op->view || IsJoined(id)) continue;
      if (const int chain = chain_of_[id]; chain >= 0) {
        if (chains_[chain].nodes.back() == id) EmitChain(chain);
        continue;
      }
      Plan::Step step = {kernels_[id],
                         node.name,
                         node.op->name(),
                         static_cast<int>(plan_->views_.size()),
                         static_cast<int>(node.inputs.size()),
                         static_cast<int>(node.types.size())};
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        Plan::View view = ViewOf(node.inputs[i]);
        const bool packed = kernels_[id]->packs_input(static_cast<int>(i));
        if (view.location.kind == Plan::Location::Kind::kConstant && !packed) {
          BARYON_ASSIGN_OR_RETURN(view.location.constant, ConstantData(node.inputs[i]));
        }
        AddView(std::move(view));
      }
      for (int output = 0; output < static_cast<int>(node.types.size()); ++output) AddView(ViewOf({id, output}));
      plan_->steps_.push_back(std::move(step));
    }
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      const Value value = graph_.outputs()[i].value;
      const int storage = storages_of_[value.node][value.output];
      if (output_owner_[storage] == static_cast<int>(i)) continue;
      Plan::View source = ViewOf(value);
      if (source.location.kind == Plan::Location::Kind::kConstant) {
        BARYON_ASSIGN_OR_RETURN(source.location.constant, ConstantData(value));
      }
      plan_->steps_.push_back({std::make_shared<CopyKernel>(), graph_.outputs()[i].name, "copy",
                               static_cast<int>(plan_->views_.size()), 1, 1});
      AddView(std::move(source));
      AddView({graph_.type(value), {Plan::Location::Kind::kOutput, static_cast<int>(i)}});
    }
    return absl::OkStatus();
  }

  void EmitChain(int chain) {
    const auto& [rows, nodes, inputs, outputs] = chains_[chain];
    plan_->steps_.push_back({chain_kernels_[chain],
                             absl::StrCat(graph_.node(nodes.front()).name, " to ", graph_.node(nodes.back()).name),
                             RowChainKernel::kOp, static_cast<int>(plan_->views_.size()),
                             static_cast<int>(inputs.size()), static_cast<int>(outputs.size())});
    for (const Value& input : inputs) AddView(ViewOf(input));
    for (const Value& output : outputs) AddView(ViewOf(output));
  }

  Plan::View ViewOf(Value value) const {
    const int storage = storages_of_[value.node][value.output];
    if (storage < 0) return {graph_.type(value), {}};
    Plan::View view = {graph_.type(value), storages_[storage].location};
    const Slice* slice = slices_.Find(value);
    if (slice != nullptr) view.location.offset += slice->offset * static_cast<int64_t>(sizeof(float));
    return view;
  }

  // The elements of a constant, or of a view of one, kept by the plan.
  absl::StatusOr<const void*> ConstantData(Value value) {
    while (graph_.node(value.node).is_op()) value = graph_.node(value.node).inputs[0];  // through views
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, graph_.node(value.node).constant->Get());
    const void* data = tensor.raw_data();
    plan_->constants_.push_back(std::move(tensor));
    return data;
  }

  void AddView(Plan::View view) {
    const int index = static_cast<int>(plan_->views_.size());
    if (view.location.kind == Plan::Location::Kind::kInput) plan_->input_views_.push_back(index);
    if (view.location.kind == Plan::Location::Kind::kOutput) plan_->output_views_.push_back(index);
    plan_->views_.push_back(std::move(view));
  }

  const Graph& graph_;
  const int num_threads_;
  const CompileOptions& options_;
  PreparedCache& cache_;
  std::unique_ptr<Plan> plan_;
  std::vector<NodeId> order_;
  Slices slices_;
  std::vector<RowChain> chains_;
  std::vector<int> chain_of_;                                 // by node: index into chains_, or -1
  std::vector<std::shared_ptr<const Kernel>> chain_kernels_;  // by chain
  int64_t chain_bytes_ = 0;                                   // that rows under way need, at most
  std::vector<std::shared_ptr<const Kernel>> kernels_;        // by node
  std::vector<std::vector<BufferLifetime>> lifetimes_;        // by node and output
  std::vector<std::vector<int>> use_counts_;                  // by node and output
  std::vector<std::vector<int>> storages_of_;                 // by node and output: index into storages_, or -1
  std::vector<Storage> storages_;
  std::vector<int> output_owner_;  // by storage: the graph output whose buffer it is, or -1
};

namespace {

// `types` for other rows. What is not given stays so; an input without axes is one that nobody reads.
TensorTypes WithRows(TensorTypes types, int64_t rows) {
  for (TensorType& type : types) {
    if (type.dtype != DType::kUnknown && type.shape.rank() > 0) type.shape[0] = rows;
  }
  return types;
}

// The plan of one thread for `rows` rows of `whole`'s batch, or nullptr when they are not known to be independent of
// the others.
absl::StatusOr<std::shared_ptr<const Plan>> CompilePart(const Graph& graph, const Plan& whole, int64_t rows,
                                                        const CompileOptions& options, PreparedCache& cache) {
  const TensorTypes types = WithRows(whole.input_types(), rows);
  absl::StatusOr<Graph> optimized = OptimizedGraph(graph, types, options);
  if (!optimized.ok() || !RowsAreIndependent(*optimized, rows)) return nullptr;  // shapes for that batch alone
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<const Plan> plan, PlanBuilder(*optimized, types, 1, options, cache).Build());
  if (plan->output_types() != WithRows(whole.output_types(), rows)) return nullptr;
  return std::shared_ptr<const Plan>(std::move(plan));
}

// `whole` in parts, for as many threads. `graph` is the one before the passes.
absl::StatusOr<std::unique_ptr<const Plan>> InParts(std::unique_ptr<const Plan> whole, const Graph& graph, int64_t rows,
                                                    int64_t num_parts, const CompileOptions& options,
                                                    PreparedCache& cache) {
  std::vector<RowPart> parts;
  for (int64_t i = 0; i < num_parts; ++i) {
    const int64_t first = rows * i / num_parts, count = rows * (i + 1) / num_parts - first;
    std::shared_ptr<const Plan> plan;
    for (const RowPart& part : parts) {
      if (part.plan->output_types()[0].shape[0] == count) plan = part.plan;
    }
    if (plan == nullptr) {
      BARYON_ASSIGN_OR_RETURN(plan, CompilePart(graph, *whole, count, options, cache));
    }
    if (plan == nullptr) return whole;
    parts.push_back({first, std::move(plan)});
  }
  auto kernel = std::make_shared<RowPartsKernel>(std::move(parts), *whole);
  return PlanBuilder::OneStep(*whole, std::move(kernel), "parts");
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Plan>> Compile(Graph graph, const TensorTypes& input_types, int num_threads,
                                                    const CompileOptions& options, PreparedCache& cache) {
  BARYON_ASSIGN_OR_RETURN(const Graph optimized, OptimizedGraph(graph, input_types, options));
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<const Plan> whole,
                          PlanBuilder(optimized, input_types, num_threads, options, cache).Build());
  if (num_threads == 1 || optimized.outputs().empty()) return whole;
  const Shape& shape = whole->output_types()[0].shape;
  const int64_t rows = shape.rank() == 0 ? 1 : shape[0], parts = NumRowParts(*whole, rows, num_threads);
  if (parts == 1 || !RowsAreIndependent(optimized, rows)) return whole;
  return InParts(std::move(whole), graph, rows, parts, options, cache);
}

}  // namespace baryon
