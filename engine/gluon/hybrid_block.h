// Blocks that can be compiled: mxnet.gluon.HybridBlock.
#ifndef BARYON_ENGINE_GLUON_HYBRID_BLOCK_H_
#define BARYON_ENGINE_GLUON_HYBRID_BLOCK_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/gluon/block.h"
#include "engine/gluon/trace.h"
#include "engine/graph/graph.h"
#include "engine/runtime/executable.h"

namespace baryon::gluon {

// After Hybridize, the first call with inputs of given types runs Forward once with traced arrays: what it computes
// becomes a graph, in which parameters are constants. The graph is compiled, and calls go straight to the result, until
// a parameter or the structure changes. Calls with other types trace anew; where that gives the same graph (it does
// unless Forward looks at shapes) they share one executable with all its packed weights.
// So Forward may use parameters, children and functions of arrays freely, but not read elements, nor keep count of
// calls. Without Hybridize it runs as any other block, on the same kernels.
class HybridBlock : public Block {
 public:
  ~HybridBlock() override;

  // Hybridizes this block and all below it.
  void Hybridize(bool active = true, const HybridizeOptions& options = {}) override;
  bool active() const { return active_; }

  // Sets the unknown shapes of the block's own parameters from inputs, whose shapes are known: called before Forward.
  // Layers with deferred parameters define the one for one input, or the one for several. Errors: FAILED_PRECONDITION,
  // there are such parameters and neither is defined; those of Parameter::SetShape.
  virtual absl::Status InferShape(const NDArray& x);
  virtual absl::Status InferShapeMany(absl::Span<const NDArray> inputs);

  // INVALID_ARGUMENT, in status(), for a child that is no HybridBlock.
  void RegisterChild(std::shared_ptr<Block> block, std::string name = "") override;
  void Cast(DType dtype) override;

  // Writes PATH-symbol.json and PATH-0000.params (the epoch), which MXNet 1.x loads, as does SymbolBlock::Imports: what
  // the last call computed, with "data" as its input, or "data0", "data1", .... Returns the two names. Errors:
  // FAILED_PRECONDITION, not hybridized and called since; INVALID_ARGUMENT, two parameters of one name; those of
  // writing.
  absl::StatusOr<std::pair<std::string, std::string>> Export(const std::string& path, int64_t epoch = 0) const;

  // The graph that Forward writes for inputs of these types (kUnknown: none), with the parameters as inputs, called as
  // in exported files. No elements are needed: blocks that are not initialised will do, and their parameters have
  // shapes afterwards. Errors: those of Forward.
  absl::StatusOr<Graph> TraceGraph(const TensorTypes& inputs);

  // What the last call was compiled to; nullptr before. The graph is as Forward wrote it, before any pass; the
  // executable may be run by many threads at once, which blocks may not.
  std::shared_ptr<const Graph> traced_graph() const;
  std::shared_ptr<const Executable> executable() const;

 protected:
  explicit HybridBlock(BlockOptions options = {}) : Block(std::move(options)) {}
  HybridBlock(HybridBlock&&) = default;
  HybridBlock& operator=(HybridBlock&&) = default;

  NDArrays CallMany(absl::Span<const NDArray> inputs) override;
  // Whether calls go to a compiled form.
  virtual bool compiles() const { return active_; }
  // The graph that Export writes, parameters bound.
  virtual absl::StatusOr<std::shared_ptr<const Graph>> GraphToExport() const;

 private:
  // The block compiled for inputs of certain types.
  struct Compiled {
    TensorTypes input_types;  // kUnknown: none
    std::shared_ptr<const Graph> graph;
    std::shared_ptr<const Executable> executable;
    // What it was compiled from.
    std::vector<std::pair<Parameter, int64_t>> parameters;
    int64_t structure = 0;
    int64_t epoch = 0;  // at which the above was last compared
  };

  absl::Status PrepareParameters(absl::Span<const NDArray> inputs);
  NDArrays ForwardPrepared(absl::Span<const NDArray> inputs);
  absl::StatusOr<NDArrays> CallCompiled(absl::Span<const NDArray> inputs);
  Compiled* FindCompiled(absl::Span<const NDArray> inputs);
  bool IsCurrent(Compiled& compiled) const;
  absl::StatusOr<Compiled*> Compile(absl::Span<const NDArray> inputs);
  absl::StatusOr<Graph> TraceForward(const TensorTypes& inputs, Trace::Parameters parameters);

  bool active_ = false;
  HybridizeOptions hybridize_options_;
  std::vector<std::unique_ptr<Compiled>> compiled_;  // the last one used comes last
};

}  // namespace baryon::gluon

#endif  // BARYON_ENGINE_GLUON_HYBRID_BLOCK_H_
