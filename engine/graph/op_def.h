// What an operator is: names, inputs, attributes, type rule and computation. One file in engine/ops defines one
// operator (or one family that differs by a formula) through OpRegistration; nothing else in the engine knows it.
//
//   struct SoftmaxAttrs { int64_t axis = -1; };
//   const OpRegistration<SoftmaxAttrs> kSoftmax({
//       .names = {"softmax"},
//       .inputs = {"data"},
//       .attrs = {Attr("axis", &SoftmaxAttrs::axis)},
//       .infer_types = InferTypes,
//       .compute = Compute,
//       .in_place = {0},
//   });
#ifndef BARYON_ENGINE_GRAPH_OP_DEF_H_
#define BARYON_ENGINE_GRAPH_OP_DEF_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/base/huge_pages.h"
#include "engine/base/status_macros.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/attrs.h"
#include "engine/graph/constant.h"
#include "engine/tensor/tensor.h"

namespace baryon {

class Graph;

// ---------------------------------------------------------------------------------------------------------------------
// Computing

// Threads and scratch memory of one running request. Kernels reach it through OpContext.
class Resources {
 public:
  // `workspaces` has one block of `workspace_bytes` for each thread of `pool`, 64-byte aligned. All are borrowed.
  Resources(ThreadPool& pool, char* workspaces, int64_t workspace_bytes)
      : pool_(&pool), workspaces_(workspaces), workspace_bytes_(workspace_bytes) {}

  ThreadPool& pool() const { return *pool_; }
  char* workspace(int worker) const { return workspaces_ + worker * workspace_bytes_; }
  int64_t workspace_bytes() const { return workspace_bytes_; }

  const absl::Status& status() const { return status_; }
  void Fail(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  void ClearStatus() { status_ = absl::OkStatus(); }

 private:
  ThreadPool* pool_;
  char* workspaces_;
  int64_t workspace_bytes_;
  absl::Status status_;
};

// Operands of one computation. Inputs and outputs have the types that the type rule was given and gave. One thread,
// the one that runs the step; ParallelFor brings others in.
class OpContext {
 public:
  OpContext(absl::Span<const TensorView> inputs, absl::Span<const TensorView> outputs, Resources& resources)
      : inputs_(inputs), outputs_(outputs), resources_(resources) {}

  int num_inputs() const { return static_cast<int>(inputs_.size()); }
  int num_outputs() const { return static_cast<int>(outputs_.size()); }
  const TensorView& input(int i) const { return inputs_[i]; }
  const TensorView& output(int i) const { return outputs_[i]; }  // has_data() is false when nobody reads it

  ThreadPool& pool() const { return resources_.pool(); }
  int num_threads() const { return pool().num_threads(); }
  // Tasks on all threads of the request; worker < num_threads() picks a workspace.
  void ParallelFor(int num_tasks, absl::FunctionRef<void(int task, int worker)> fn) {
    pool().ParallelFor(num_tasks, fn);
  }
  void BriefParallelFor(int num_tasks, absl::FunctionRef<void(int task, int worker)> fn) {
    pool().BriefParallelFor(num_tasks, fn);
  }
  // [0, count) cut into ranges of at least `grain`, for loops over elements or rows. Small counts run on this thread.
  void ParallelRanges(int64_t count, int64_t grain, absl::FunctionRef<void(int64_t begin, int64_t end)> fn);

  // Scratch memory of `worker`, as many bytes as Kernel::workspace_bytes() asked for; 64-byte aligned. The areas follow
  // each other: workspace(0) begins num_threads() times as many bytes, for what tasks share.
  char* workspace(int worker = 0) const { return resources_.workspace(worker); }

  // Ends the request with an error; for what only the values can show (an index out of range).
  void Fail(absl::Status status) { resources_.Fail(std::move(status)); }

 private:
  absl::Span<const TensorView> inputs_, outputs_;
  Resources& resources_;
};

// An operator made ready for fixed types and constants: weights packed, algorithm chosen, offsets tabulated.
// Immutable; any number of requests compute with it at once.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void Compute(OpContext& context) const = 0;
  virtual int64_t workspace_bytes() const { return 0; }      // scratch for each thread
  virtual std::string algorithm() const { return ""; }       // for `bench --profile`: "winograd 4x4, avx512 8x48"
  virtual int64_t num_multiplications() const { return 0; }  // of the plain formula, for GFLOP/s; 0 when not counted
  // Those that are really done: fewer with a fast algorithm.
  virtual int64_t num_executed_multiplications() const { return num_multiplications(); }
  virtual int64_t packed_bytes() const { return 0; }  // of constants, in the form that Compute reads
  // True when Compute never reads input i because its elements, a constant, were packed: the plan need not hold them.
  virtual bool packs_input(int /*i*/) const { return false; }
};

// A graph inside an operator, a loop's body or a branch, made ready for inputs of fixed types. Immutable; any number of
// requests run it at once.
class PreparedSubgraph {
 public:
  virtual ~PreparedSubgraph() = default;
  // One pass on threads of `pool`. Takes the addresses of inputs and outputs, which overlap nothing; those of inputs
  // that it was given as constants are not read. Errors: what an operator of the graph reports.
  virtual absl::Status Run(absl::Span<const void* const> inputs, absl::Span<void* const> outputs,
                           ThreadPool& pool) const = 0;
};
struct SubgraphInput {
  TensorType type;
  std::shared_ptr<const Constant> constant;  // nullptr: given with each pass
};
using MakeSubgraph = std::function<absl::StatusOr<std::unique_ptr<const PreparedSubgraph>>(
    const Graph& graph, const std::vector<SubgraphInput>& inputs)>;

// How exact results must be. See section 14 of the design notes in engine/README.md.
enum class Numerics { kStrict, kFast };

// Prepared weights by name, shared by the plans of one executable, so that a second batch size packs nothing again.
// Thread-safe.
class PreparedCache {
 public:
  // `memory` is where large values are to be kept; nullptr: each on its own, for a cache of short life.
  explicit PreparedCache(std::shared_ptr<HugePagePool> memory = nullptr) : memory_(std::move(memory)) {}

  const std::shared_ptr<HugePagePool>& memory() const { return memory_; }
  // The value called `key`, made by `make` when there is none.
  absl::StatusOr<std::shared_ptr<const void>> GetOrMake(
      const std::string& key, absl::FunctionRef<absl::StatusOr<std::shared_ptr<const void>>()> make);
  bool Contains(const std::string& key) const;

 private:
  const std::shared_ptr<HugePagePool> memory_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<const void>> values_ ABSL_GUARDED_BY(mutex_);
};

// What is known when a kernel is made.
class PrepareContext {
 public:
  PrepareContext(const TensorTypes& inputs, const TensorTypes& outputs,
                 std::vector<std::shared_ptr<const Constant>> constants, int num_threads, Numerics numerics,
                 PreparedCache& cache, absl::Span<const std::shared_ptr<const Graph>> subgraphs = {},
                 MakeSubgraph make_subgraph = nullptr)
      : inputs_(inputs),
        outputs_(outputs),
        constants_(std::move(constants)),
        num_threads_(num_threads),
        numerics_(numerics),
        cache_(cache),
        subgraphs_(subgraphs),
        make_subgraph_(std::move(make_subgraph)) {}

  const TensorTypes& inputs() const { return inputs_; }
  const TensorTypes& outputs() const { return outputs_; }
  int num_threads() const { return num_threads_; }
  Numerics numerics() const { return numerics_; }

  // The constant that is input i, or nullptr when it is computed or given by the request (or i is beyond the inputs).
  const Constant* constant(size_t i) const { return shared_constant(i).get(); }
  std::shared_ptr<const Constant> shared_constant(size_t i) const {
    return i < constants_.size() ? constants_[i] : nullptr;
  }

  absl::Span<const std::shared_ptr<const Graph>> subgraphs() const { return subgraphs_; }
  // The operator's subgraph `index` for these inputs. Errors: those of its operators.
  absl::StatusOr<std::unique_ptr<const PreparedSubgraph>> Subgraph(size_t index,
                                                                   const std::vector<SubgraphInput>& inputs) const {
    return make_subgraph_(*subgraphs_[index], inputs);
  }

  // The distance from one row of an operand's last axis to the next, in elements: the axis' size, or more when the
  // operand is a slice of a wider tensor (OpDef::takes_slice says which may be).
  int64_t input_stride(size_t i) const { return StrideOf(input_strides_, i, inputs_[i]); }
  int64_t output_stride() const { return StrideOf(output_strides_, 0, outputs_[0]); }
  // For an operator that joins its inputs (OpDef::joins_last_axis): input i is computed where the output has it, and
  // need not be copied.
  bool input_is_in_place(size_t i) const { return i < in_place_.size() && in_place_[i]; }
  // A stride of 0 stands for the axis' size.
  void SetSlices(std::vector<int64_t> input_strides, int64_t output_stride, std::vector<bool> in_place) {
    input_strides_ = std::move(input_strides);
    output_strides_ = {output_stride};
    in_place_ = std::move(in_place);
  }

  // Where large prepared values are to be kept, or nullptr; see PreparedCache.
  const std::shared_ptr<HugePagePool>& memory() const { return cache_.memory(); }

  // True when `Prepared` with these arguments would find its value made already. Kernels prefer such forms: the
  // elements of the weight may have to be read again for another.
  bool IsPrepared(size_t input, absl::string_view form) const { return cache_.Contains(Key(input, form)); }

  // What `make` derives from constant input `input` in the layout called `form` ("gemm 16", "winograd 4x4 48"), made
  // once for all plans. The input's elements are released again unless somebody else holds them.
  template <typename T>
  absl::StatusOr<std::shared_ptr<const T>> Prepared(
      size_t input, absl::string_view form,
      absl::FunctionRef<absl::StatusOr<std::shared_ptr<const T>>(const Tensor&)> make) {
    auto value = cache_.GetOrMake(Key(input, form), [&]() -> absl::StatusOr<std::shared_ptr<const void>> {
      BARYON_ASSIGN_OR_RETURN(const Tensor tensor, constants_[input]->Get());
      BARYON_ASSIGN_OR_RETURN(std::shared_ptr<const T> made, make(tensor));
      return std::shared_ptr<const void>(std::move(made));
    });
    if (!value.ok()) return value.status();
    return std::static_pointer_cast<const T>(*std::move(value));
  }

 private:
  static int64_t StrideOf(const std::vector<int64_t>& strides, size_t i, const TensorType& type) {
    const bool is_slice = i < strides.size() && strides[i] > 0;
    return is_slice ? strides[i] : type.shape[type.shape.rank() - 1];
  }
  std::string Key(size_t input, absl::string_view form) const {
    return absl::StrCat(constants_[input]->key(), "|", form);
  }

  const TensorTypes& inputs_;
  const TensorTypes& outputs_;
  std::vector<std::shared_ptr<const Constant>> constants_;
  int num_threads_;
  Numerics numerics_;
  PreparedCache& cache_;
  absl::Span<const std::shared_ptr<const Graph>> subgraphs_;
  MakeSubgraph make_subgraph_;
  std::vector<int64_t> input_strides_, output_strides_;
  std::vector<bool> in_place_;
};

// ---------------------------------------------------------------------------------------------------------------------
// Describing

// What an input is for. Variables at kParameter and kAux positions belong into the parameter file; a variable at
// kLabel positions is for training and may be absent at inference.
enum class InputRole { kData, kParameter, kAux, kLabel };

struct InputDef {
  InputDef(const char* name) : name(name) {}  // NOLINT: "data" alone is a data input
  InputDef(std::string name, InputRole role) : name(std::move(name)), role(role) {}
  std::string name;
  InputRole role = InputRole::kData;
};
inline InputDef Parameter(const char* name) { return InputDef(name, InputRole::kParameter); }
inline InputDef Aux(const char* name) { return InputDef(name, InputRole::kAux); }
inline InputDef Label(const char* name) { return InputDef(name, InputRole::kLabel); }

// One attribute of operators with attributes A: how its text is read into the struct and written from it.
template <typename A>
struct AttrDef {
  std::string name;
  std::function<absl::Status(absl::string_view text, A& attrs)> parse;
  std::function<std::string(const A& attrs)> format;
  bool required = false;
  bool internal = false;  // set by passes only; refused in files
};

// An attribute with the default that its field has in A.
template <typename A, typename T>
AttrDef<A> Attr(const char* name, T A::*field) {
  return {name, [field](absl::string_view text, A& attrs) { return ParseAttr(text, attrs.*field); },
          [field](const A& attrs) { return FormatAttr(attrs.*field); }};
}

// One that has to be present.
template <typename A, typename T>
AttrDef<A> RequiredAttr(const char* name, T A::*field) {
  AttrDef<A> def = Attr(name, field);
  def.required = true;
  return def;
}

// One that passes add (a fused activation); files may not hold it.
template <typename A, typename T>
AttrDef<A> InternalAttr(const char* name, T A::*field) {
  AttrDef<A> def = Attr(name, field);
  def.internal = true;
  return def;
}

// A choice among names: EnumAttr("pool_type", &PoolingAttrs::pool_type, {{"max", PoolType::kMax}, ...}).
template <typename A, typename E>
AttrDef<A> EnumAttr(const char* name, E A::*field, std::vector<std::pair<std::string, E>> names) {
  return {name,
          [field, names](absl::string_view text, A& attrs) -> absl::Status {
            std::string known;
            for (const auto& [choice, value] : names) {
              if (text == absl::string_view(choice)) {
                attrs.*field = value;
                return absl::OkStatus();
              }
              absl::StrAppend(&known, known.empty() ? "" : ", ", choice);
            }
            return absl::InvalidArgumentError(absl::StrCat("expected one of ", known, ", got \"", text, "\""));
          },
          [field, names](const A& attrs) -> std::string {
            for (const auto& [choice, value] : names) {
              if (attrs.*field == value) return choice;
            }
            return "";
          }};
}

// The same attribute, which files must hold.
template <typename A>
AttrDef<A> Required(AttrDef<A> def) {
  def.required = true;
  return def;
}
template <typename A>
AttrDef<A> Internal(AttrDef<A> def) {
  def.internal = true;
  return def;
}

struct NoAttrs {};

// The parsed attributes of one node: an A behind an untyped pointer. Immutable.
using BoundAttrs = std::shared_ptr<const void>;

// An operator with the type of its attributes erased. Immutable; owned by the registry.
struct OpDef {
  std::vector<std::string> names;  // Export writes the first, Imports reads any
  std::vector<InputDef> inputs;
  bool variadic = false;                // any number of inputs, of the kind of the last InputDef
  std::vector<std::string> outputs;     // names of the outputs, hidden ones included; see output_name
  std::vector<std::string> attr_names;  // those a file may hold
  std::vector<int> in_place;            // output 0 may share the buffer of any of these inputs
  bool view = false;                    // output 0 is input 0 under another shape: no computation at all
  bool elementwise = false;             // each output element depends on the input elements at the same place only
  bool random = false;                  // not a function of its inputs: never folded or merged
  bool dynamic = false;                 // shapes of the outputs depend on values: run by compute_dynamic
  int num_subgraphs = 0;                // of a loop or a branch
  bool accepts_unknown_dims = false;    // infer_types may be asked with dimensions of -1

  std::function<absl::StatusOr<BoundAttrs>(const Attrs& attrs, bool from_file)> bind;
  std::function<Attrs(const void* attrs)> format;                     // every attribute, defaults included
  std::function<int(const void* attrs)> num_inputs;                   // those the node must have; -1: any number
  std::function<int(const void* attrs, int num_inputs)> num_outputs;  // hidden ones included
  std::function<int(const void* attrs, int num_outputs)> num_visible_outputs;
  std::function<absl::StatusOr<TensorTypes>(const void* attrs, const TensorTypes& inputs)> infer_types;
  std::function<absl::Status(const void* attrs, TensorTypes& inputs, TensorTypes& outputs)> complete_types;
  // Instead of these two, for operators with subgraphs.
  std::function<absl::Status(const void* attrs, absl::Span<const std::shared_ptr<const Graph>> subgraphs,
                             TensorTypes& inputs, TensorTypes& outputs)>
      complete_subgraph_types;
  std::function<void(const void* attrs, OpContext& context)> compute;
  std::function<absl::StatusOr<std::unique_ptr<Kernel>>(const void* attrs, PrepareContext& context)> prepare;
  std::function<absl::StatusOr<std::vector<Tensor>>(const void* attrs, absl::Span<const Tensor> inputs,
                                                    ThreadPool& pool)>
      compute_dynamic;
  std::function<std::optional<Attrs>(const void* attrs, int rank)> to_channels_last;
  // Whether an operand, input i or kOutput, may be a slice of a wider tensor along its last axis; `rank` is the
  // output's.
  std::function<bool(const void* attrs, int operand, int rank)> takes_slice;
  static constexpr int kOutput = -1;
  // Whether output 0 is the inputs side by side along the last axis.
  std::function<bool(const void* attrs, int rank)> joins_last_axis;

  const std::string& name() const { return names[0]; }
  // The name of output `index` of a node with `num_outputs` outputs, hidden ones included: "output", "mean", or
  // "output2".
  std::string output_name(int index, int num_outputs) const;
  // The name of input `index`: "weight", or "arg3" for a variadic operator.
  std::string input_name(int index) const;
  InputRole input_role(int index) const;
};

// The description of an operator with attributes A; see OpDef for the meaning of the plain fields.
template <typename A>
struct OpSpec {
  std::vector<std::string> names;
  std::vector<InputDef> inputs;
  bool variadic = false;
  std::vector<std::string> outputs = {"output"};
  std::vector<AttrDef<A>> attrs = {};
  std::vector<std::string> ignored_attrs = {};  // hints without meaning here: workspace, cudnn_off
  // Checks attributes against each other, once they are read.
  std::function<absl::Status(const A&)> check = nullptr;
  // How many of `inputs` a node has: all unless said otherwise (no_bias). Variadic operators have at least one.
  std::function<int(const A&)> num_inputs = nullptr;
  std::function<int(const A&, int num_inputs)> num_outputs = nullptr;  // outputs.size() unless said otherwise
  // Outputs that other nodes and heads may name, the first ones: all unless said otherwise.
  std::function<int(const A&)> num_visible_outputs = nullptr;

  // The types of all outputs. Input types are fully known, or with `accepts_unknown_dims` may have dimensions of -1,
  // which the rule passes on. Everything `compute` relies on is checked here.
  std::function<absl::StatusOr<TensorTypes>(const A&, const TensorTypes&)> infer_types = nullptr;
  // Fills in what the types known so far say about the unknown ones, in both directions: a weight's shape from the
  // data's, the data's channels from the weight's, the batch of a begin state. Types may be unknown wholly or in part.
  std::function<absl::Status(const A&, TensorTypes& inputs, TensorTypes& outputs)> complete_types = nullptr;

  // Loops and branches have subgraphs, and this rule instead of both: it completes the types of inputs and outputs from
  // each other and from what the subgraphs say. Their .prepare makes them ready (PrepareContext::Subgraph).
  int num_subgraphs = 0;
  std::function<absl::Status(const A&, absl::Span<const std::shared_ptr<const Graph>> subgraphs, TensorTypes& inputs,
                             TensorTypes& outputs)>
      complete_subgraph_types = nullptr;

  // Exactly one of the next three, unless `view`. `compute` for most; `prepare` where constants are packed or something
  // is chosen or tabulated beforehand; `compute_dynamic` where the shapes of the outputs depend on values.
  std::function<void(const A&, OpContext&)> compute = nullptr;
  std::function<absl::StatusOr<std::unique_ptr<Kernel>>(const A&, PrepareContext&)> prepare = nullptr;
  std::function<absl::StatusOr<std::vector<Tensor>>(const A&, absl::Span<const Tensor>, ThreadPool&)> compute_dynamic =
      nullptr;

  std::vector<int> in_place = {};
  bool view = false;
  bool elementwise = false;
  bool random = false;
  bool accepts_unknown_dims = false;

  // The attributes under which the operator computes the same on channels-last data of that rank (every input of that
  // rank permuted so, inputs of other ranks as they are), or nothing where there is no such form. Elementwise
  // operators need none.
  std::function<std::optional<A>(const A&, int rank)> to_channels_last = nullptr;

  // Whether a float32 operand, input i or OpDef::kOutput (output 0), may be a slice of a wider tensor along its last
  // axis: its rows lie PrepareContext::input_stride or output_stride elements apart, and what is between is somebody
  // else's. `rank` is that of output 0.
  std::function<bool(const A&, int operand, int rank)> takes_slice = nullptr;
  // Whether output 0 is the inputs side by side along the last axis: nothing is left to do once they are computed
  // there, as slices of the output.
  std::function<bool(const A&, int rank)> joins_last_axis = nullptr;
};

// Reads `text` attributes into an A: known names only, required ones present. Errors name the attribute.
template <typename A>
absl::StatusOr<A> BindAttrs(const OpSpec<A>& spec, const Attrs& texts, bool from_file);

// Adds `def` to the registry; called before main by OpRegistration. Two operators of one name end the process.
void RegisterOp(std::unique_ptr<const OpDef> def);

// Registers the operator that `spec` describes. Objects are constants at namespace scope in the operator's .cc.
template <typename A>
class OpRegistration {
 public:
  OpRegistration(OpSpec<A> spec);  // NOLINT: written as kSoftmax({...})
};

// ---------------------------------------------------------------------------------------------------------------------
// Implementation

// An attribute name that is never an operator's: "__shape__" and the like.
bool IsHiddenAttr(absl::string_view name);

template <typename A>
absl::StatusOr<A> BindAttrs(const OpSpec<A>& spec, const Attrs& texts, bool from_file) {
  A attrs;
  size_t used = 0;
  for (const AttrDef<A>& def : spec.attrs) {
    const std::string* text = texts.Find(def.name);
    if (text == nullptr || (def.internal && from_file)) {
      if (def.required) return absl::InvalidArgumentError(absl::StrCat("attribute \"", def.name, "\" is missing"));
      continue;
    }
    if (!IsHiddenAttr(def.name)) ++used;
    if (absl::Status status = def.parse(*text, attrs); !status.ok()) {
      return Annotate(status, absl::StrCat("attribute \"", def.name, "\""));
    }
  }
  size_t operator_attrs = 0;
  for (const auto& [name, text] : texts) operator_attrs += !IsHiddenAttr(name);
  if (operator_attrs != used) {
    for (const auto& [name, text] : texts) {
      bool known = IsHiddenAttr(name);
      for (const AttrDef<A>& def : spec.attrs) known = known || (def.name == name && !(def.internal && from_file));
      for (const std::string& ignored : spec.ignored_attrs) known = known || ignored == name;
      if (!known) return absl::InvalidArgumentError(absl::StrCat("unknown attribute \"", name, "\""));
    }
  }
  if (spec.check) BARYON_RETURN_IF_ERROR(spec.check(attrs));
  return attrs;
}

template <typename A>
OpRegistration<A>::OpRegistration(OpSpec<A> original) {
  auto shared = std::make_shared<const OpSpec<A>>(std::move(original));
  const OpSpec<A>& spec = *shared;
  const auto typed = [](const void* attrs) -> const A& { return *static_cast<const A*>(attrs); };
  auto def = std::make_unique<OpDef>();
  def->names = spec.names;
  def->inputs = spec.inputs;
  def->variadic = spec.variadic;
  def->outputs = spec.outputs;
  for (const AttrDef<A>& attr : spec.attrs) {
    if (!attr.internal) def->attr_names.push_back(attr.name);
  }
  def->in_place = spec.in_place;
  def->view = spec.view;
  def->elementwise = spec.elementwise;
  def->random = spec.random;
  def->dynamic = spec.compute_dynamic != nullptr;
  def->num_subgraphs = spec.num_subgraphs;
  def->accepts_unknown_dims = spec.accepts_unknown_dims;

  def->bind = [shared](const Attrs& texts, bool from_file) -> absl::StatusOr<BoundAttrs> {
    BARYON_ASSIGN_OR_RETURN(A attrs, BindAttrs(*shared, texts, from_file));
    return BoundAttrs(std::make_shared<const A>(std::move(attrs)));
  };
  def->format = [shared, typed](const void* attrs) {
    Attrs texts;
    for (const AttrDef<A>& attr : shared->attrs) texts.Set(attr.name, attr.format(typed(attrs)));
    return texts;
  };
  def->num_inputs = [shared, typed](const void* attrs) {
    if (shared->num_inputs) return shared->num_inputs(typed(attrs));
    return shared->variadic ? -1 : static_cast<int>(shared->inputs.size());
  };
  def->num_outputs = [shared, typed](const void* attrs, int num_inputs) {
    return shared->num_outputs ? shared->num_outputs(typed(attrs), num_inputs)
                               : static_cast<int>(shared->outputs.size());
  };
  def->num_visible_outputs = [shared, typed](const void* attrs, int num_outputs) {
    return shared->num_visible_outputs ? shared->num_visible_outputs(typed(attrs)) : num_outputs;
  };
  def->infer_types = [shared, typed](const void* attrs, const TensorTypes& inputs) {
    return shared->infer_types(typed(attrs), inputs);
  };
  if (spec.complete_types) {
    def->complete_types = [shared, typed](const void* attrs, TensorTypes& inputs, TensorTypes& outputs) {
      return shared->complete_types(typed(attrs), inputs, outputs);
    };
  }
  if (spec.complete_subgraph_types) {
    def->complete_subgraph_types = [shared, typed](const void* attrs,
                                                   absl::Span<const std::shared_ptr<const Graph>> subgraphs,
                                                   TensorTypes& inputs, TensorTypes& outputs) {
      return shared->complete_subgraph_types(typed(attrs), subgraphs, inputs, outputs);
    };
  }
  if (spec.compute) {
    def->compute = [shared, typed](const void* attrs, OpContext& context) { shared->compute(typed(attrs), context); };
  }
  if (spec.prepare) {
    def->prepare = [shared, typed](const void* attrs, PrepareContext& context) {
      return shared->prepare(typed(attrs), context);
    };
  }
  if (spec.compute_dynamic) {
    def->compute_dynamic = [shared, typed](const void* attrs, absl::Span<const Tensor> inputs, ThreadPool& pool) {
      return shared->compute_dynamic(typed(attrs), inputs, pool);
    };
  }
  if (spec.to_channels_last) {
    def->to_channels_last = [shared, typed](const void* attrs, int rank) -> std::optional<Attrs> {
      const std::optional<A> changed = shared->to_channels_last(typed(attrs), rank);
      if (!changed.has_value()) return std::nullopt;
      Attrs texts;
      for (const AttrDef<A>& attr : shared->attrs) texts.Set(attr.name, attr.format(*changed));
      return texts;
    };
  }
  if (spec.takes_slice) {
    def->takes_slice = [shared, typed](const void* attrs, int operand, int rank) {
      return shared->takes_slice(typed(attrs), operand, rank);
    };
  }
  if (spec.joins_last_axis) {
    def->joins_last_axis = [shared, typed](const void* attrs, int rank) {
      return shared->joins_last_axis(typed(attrs), rank);
    };
  }
  RegisterOp(std::move(def));
}

}  // namespace baryon

#endif  // BARYON_ENGINE_GRAPH_OP_DEF_H_
