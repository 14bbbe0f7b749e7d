// Networks and their parts: mxnet.gluon.Block.
//
//   class MLP : public nn::Block {
//    public:
//     NDArray Forward(const NDArray& x) override { return dense2(dense1(x)); }
//
//     Child<nn::Dense> dense1 = Register("dense1", nn::Dense(25, {.activation = "relu"}));
//     Child<nn::Dense> dense2 = Register("dense2", nn::Dense(2));
//   };
//
//   MLP net;
//   net.Initialize();
//   std::cout << net << net(np::Ones({10, 3}));
//
// What a user of Gluon reads after a mistake stands in the array that comes out, in `status()`, with Gluon's words.
#ifndef BARYON_ENGINE_GLUON_BLOCK_H_
#define BARYON_ENGINE_GLUON_BLOCK_H_

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/gluon/naming.h"
#include "engine/gluon/ndarray.h"
#include "engine/gluon/parameter.h"
#include "engine/graph/op_def.h"

namespace baryon::gluon {

class Block;

// What a class says about names; see naming.h. Blocks of your own need not say anything: they are named after their
// class.
struct BlockOptions {
  std::string hint = "";                             // "conv": what names start with; empty: the class in lower case
  std::optional<std::string> prefix = std::nullopt;  // instead of hint and counter
};

struct SaveOptions {
  bool deduplicate = false;  // shared parameters once, under their last name
  bool npz = false;          // as Gluon 2 writes it, instead of the list of arrays that every MXNet reads
};

// How Hybridize compiles.
struct HybridizeOptions {
  Numerics numerics = Numerics::kFast;
};

// A block that another owns, as the owner sees it: a pointer that may be called. Copies are the same block.
template <typename B>
class Child {
 public:
  Child() = default;
  explicit Child(std::shared_ptr<B> block) : block_(std::move(block)) {}
  template <typename D>
  requires std::is_convertible_v<D*, B*> Child(const Child<D>& other)
      : block_(other.shared()) {}  // NOLINT: of a derived class

  B& operator*() const { return *block_; }
  B* operator->() const { return block_.get(); }
  const std::shared_ptr<B>& shared() const { return block_; }
  template <typename... Inputs>
  auto operator()(Inputs&&... inputs) const {
    return (*block_)(std::forward<Inputs>(inputs)...);
  }

 private:
  std::shared_ptr<B> block_;
};

// Takes a hook away again. May outlive the block.
class HookHandle {
 public:
  HookHandle() = default;
  explicit HookHandle(std::function<void()> detach) : detach_(std::move(detach)) {}
  void Detach() {
    if (detach_) std::exchange(detach_, nullptr)();
  }

 private:
  std::function<void()> detach_;
};

// Owns its children, which others may share, and its parameters. Moved, not copied. One thread at a time.
class Block {
 public:
  virtual ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // --- Computing

  // The output for one input, or for several. An error when the block gives more than one output (see Call), and
  // whatever inputs, parameters and operators report.
  NDArray operator()(const NDArray& x) { return OnlyOutput(CallMany({&x, 1})); }
  template <typename... More>
  NDArray operator()(const NDArray& first, const NDArray& second, const More&... more) {
    return OnlyOutput(CallMany({first, second, more...}));
  }
  // All outputs for all inputs. After an error there is one output, which has it.
  NDArrays Call(absl::Span<const NDArray> inputs) { return CallMany(inputs); }

  // What the block computes: override the first for one input and one output, else the second.
  virtual NDArray Forward(const NDArray& x);
  virtual NDArrays ForwardMany(absl::Span<const NDArray> inputs);

  // --- Parameters

  // Its own, without those of children: {"weight", "bias"}.
  const ParameterDict& params() const { return params_; }
  Parameter param(absl::string_view name) const { return params_.Find(name); }
  // Its own, then those of its children, by structure: "features.0.weight". With `select`, those whose names match this
  // regular expression (RE2) from their start: ".*weight|.*bias". INVALID_ARGUMENT for an expression that is none.
  ParameterDict CollectParams() const;
  absl::StatusOr<ParameterDict> CollectParams(absl::string_view select) const;

  // Fills all parameters: by `init`, where they have no initializer of their own. Those whose shape is not known yet
  // are filled at the first forward. What goes wrong is reported by the first forward too.
  void Initialize(const init::Initializer& init = init::Uniform(), bool force_reinit = false);
  // Converts all parameters.
  virtual void Cast(DType dtype);
  void SetGradReq(GradReq grad_req);

  // Makes the parameters called as those of `shared` the same as they: tied weights. Warns about names that it has not.
  Block& ShareParameters(const ParameterDict& shared);

  // --- Files. Errors: those of the file; FAILED_PRECONDITION, a parameter is not initialised; when loading NOT_FOUND
  // for one that the file lacks, INVALID_ARGUMENT for an array without parameter and for shapes and dtypes that do not
  // fit. Nothing is loaded then.

  // Parameters under their names by structure. Without the structure itself: see HybridBlock::Export.
  absl::Status SaveParameters(const std::string& path, const SaveOptions& options = {}) const;
  // What any MXNet saved: by structure, or as `save_params` did before 1.3, by name; with or without "arg:" and "aux:".
  absl::Status LoadParameters(const std::string& path, const LoadOptions& options = {});
  // The same from arrays at hand.
  absl::Status LoadDict(const NamedTensors& arrays, const LoadOptions& options = {});

  // --- Structure

  const std::vector<std::pair<std::string, std::shared_ptr<Block>>>& children() const { return children_; }
  // Adds `block` as child `name`; without a name, as "0", "1", .... Replaces a child of that name.
  virtual void RegisterChild(std::shared_ptr<Block> block, std::string name = "");
  // Calls `fn` for all children, depth first, then for this block.
  Block& Apply(const std::function<void(Block&)>& fn);
  // Compiles at the next call what can be compiled: hybrid blocks among the children. `active` = false undoes it.
  virtual void Hybridize(bool active = true, const HybridizeOptions& options = {});
  // The first mistake in building the block (a child that may not be one).
  const absl::Status& status() const { return status_; }

  // --- Hooks. The first is called before Forward, the second after it.

  using ForwardPreHook = std::function<void(Block& block, absl::Span<const NDArray> inputs)>;
  using ForwardHook =
      std::function<void(Block& block, absl::Span<const NDArray> inputs, absl::Span<const NDArray> outputs)>;
  HookHandle RegisterForwardPreHook(ForwardPreHook hook);
  HookHandle RegisterForwardHook(ForwardHook hook);

  // --- Names and texts

  std::string class_name() const;     // "Dense", "MLP"
  const std::string& prefix() const;  // "dense0_"; counts the block if it was not counted yet, see naming.h
  std::string name() const;           // "dense0"
  // How summaries show what a call gave: "(4, 5)"; several outputs with commas between them. Blocks whose outputs are
  // lists within lists show them so.
  virtual std::string OutputShapes(absl::Span<const NDArray> outputs) const;
  // Counts this block and all below it, and names their parameters. Export and the like do so themselves.
  void ResolveNames() const;
  // What Gluon prints: "Dense(3 -> 5, linear)", or the class with a line for each child.
  virtual std::string ToString() const;
  // What Gluon's summary prints: a line for each block that runs for these inputs, with its output's shape and number
  // of parameters, then totals. Errors: FAILED_PRECONDITION for a block that is hybridized; those of the forward.
  template <typename... More>
  absl::StatusOr<std::string> Summary(const NDArray& first, const More&... more) {
    return SummaryOf({first, more...});
  }

 protected:
  explicit Block(BlockOptions options = {});
  Block(Block&&) = default;
  Block& operator=(Block&&) = default;

  // For constructors and initializers of members: the child or parameter, registered under `name`.
  template <typename B>
  requires std::is_base_of_v<Block, B> Child<B> Register(std::string name, B block) {
    return Register(std::move(name), Child<B>(std::make_shared<B>(std::move(block))));
  }
  template <typename B>
  Child<B> Register(std::string name, Child<B> block) {
    RegisterChild(block.shared(), std::move(name));
    return block;
  }
  Parameter Register(std::string name, Parameter parameter);

  void Fail(absl::Status status);  // status() from now on, if it is the first
  // What calling does. Blocks of your own override Forward instead.
  virtual NDArrays CallMany(absl::Span<const NDArray> inputs);
  // Hooks, and `forward` between them.
  NDArrays RunHooked(absl::Span<const NDArray> inputs, absl::FunctionRef<NDArrays()> forward);
  bool has_hooks() const { return hooks_ != nullptr && !(hooks_->before.empty() && hooks_->after.empty()); }
  NDArray OnlyOutput(NDArrays outputs) const;
  // The names of operators that Forward writes down are those of the enclosing block.
  bool names_like_parent() const { return names_->transparent(); }
  // What files call the block's own parameter `name`: the same, unless Gluon says otherwise.
  virtual std::string FileName(const std::string& name) const { return name; }
  // MXNet 2 keeps all parameters of a recurrent layer in one vector: what files call it (empty: for all other blocks),
  // the vector, and its parts under the names of the parameters. Errors: those of the parameters; INVALID_ARGUMENT,
  // another length.
  virtual std::string FusedName() const { return ""; }
  virtual absl::StatusOr<Tensor> Fuse() const;
  virtual absl::StatusOr<NamedTensors> Unfuse(const Tensor& fused) const;
  // Called before this block, or one above it, is traced: for blocks that count their calls.
  virtual void BeginTrace() {}
  // Calls BeginTrace of this block and of all below it.
  void AnnounceTrace();
  // Changes whenever children or parameters of the block or of those below it are exchanged.
  int64_t structure_version() const;

 private:
  friend class NameScope;

  struct Hooks {
    std::vector<std::pair<int, ForwardPreHook>> before;
    std::vector<std::pair<int, ForwardHook>> after;
    int next = 0;
  };
  // Where parameters come from: types first, elements when they are wanted.
  struct Source {
    struct Entry {
      std::string key;
      TensorType type;
      std::function<absl::StatusOr<Tensor>()> read;
    };
    std::string name;  // in messages: "file: net.params"
    std::vector<Entry> entries;
  };
  absl::Status LoadFrom(Source source, const LoadOptions& options);
  absl::Status UnfuseEntries(Source& source) const;
  absl::StatusOr<std::string> SummaryOf(std::initializer_list<NDArray> inputs);
  Hooks& hooks();
  // The names by structure, those of the last part as attributes or as files have them.
  enum class Names { kAttributes, kFiles };
  void CollectInto(const std::string& path, Names names, ParameterDict& all) const;
  ParameterDict CollectForFiles() const;
  // Calls `visit` for this block and all below it with their paths, "features.0.", until there is an error.
  absl::Status VisitBlocks(const std::string& path,
                           absl::FunctionRef<absl::Status(const std::string& path, const Block& block)> visit) const;

  const std::shared_ptr<BlockNames>& names() const;  // with a hint

  std::shared_ptr<BlockNames> names_;
  ParameterDict params_;
  std::vector<std::pair<std::string, std::shared_ptr<Block>>> children_;
  std::shared_ptr<Hooks> hooks_;  // none until there is a hook
  int64_t changes_ = 0;
  absl::Status status_;
};

std::ostream& operator<<(std::ostream& out, const Block& block);
template <typename B>
std::ostream& operator<<(std::ostream& out, const Child<B>& block) {
  return out << *block;
}

// While it lives, blocks that this thread makes are named behind the prefix of `block`: Gluon's
// `with block.name_scope()`. A scope may be opened again and goes on counting. A block with the prefix "" opens none.
class NameScope {
 public:
  explicit NameScope(const Block& block) : scope_(block.names()) {}

 private:
  OpenNameScope scope_;
};

}  // namespace baryon::gluon

namespace baryon {
using gluon::Child;
using gluon::NameManager;
using gluon::NameScope;
}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_BLOCK_H_
