// Blocks made of a graph: mxnet.gluon.SymbolBlock.
//
//   BARYON_ASSIGN_OR_RETURN(gluon::SymbolBlock net,
//                           gluon::SymbolBlock::Imports("mlp-symbol.json", {"data"}, "mlp-0000.params"));
//   const NDArray y = net(x);
#ifndef BARYON_ENGINE_GLUON_SYMBOL_BLOCK_H_
#define BARYON_ENGINE_GLUON_SYMBOL_BLOCK_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/gluon/hybrid_block.h"
#include "engine/graph/graph.h"

namespace baryon::gluon {

struct ImportOptions {
  bool allow_missing = false;  // parameters that the file lacks are left uninitialised
  bool ignore_extra = false;   // arrays that the graph has no use for are skipped
};

// A network whose layers are known as a graph alone. It is always compiled, hybridized or not, and other blocks may own
// it. Variables of the graph are its inputs or its parameters, called as there.
class SymbolBlock : public HybridBlock {
 public:
  // Reads what any MXNet exported. `input_names` say which variables are inputs, in the order in which calls give them;
  // a name that the graph has not is an input nobody reads. Without `param_file` parameters wait for Initialize or
  // LoadParameters. Labels of loss operators need no value. Errors: those of ReadSymbol and LoadParameters.
  static absl::StatusOr<SymbolBlock> Imports(const std::string& symbol_file,
                                             const std::vector<std::string>& input_names,
                                             const std::string& param_file = "", const ImportOptions& options = {});

  // From a graph whose variables are all inputs.
  SymbolBlock(Graph graph, std::vector<std::string> input_names);

  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override;
  absl::Status InferShapeMany(absl::Span<const NDArray> inputs) override;
  // Batch normalisation stays float32 when the rest becomes float16.
  void Cast(DType dtype) override;
  std::string ToString() const override;  // "SymbolBlock(\n<_Symbol dense2_fwd> : 1 -> 1\n)"

 protected:
  bool compiles() const override { return true; }
  absl::StatusOr<std::shared_ptr<const Graph>> GraphToExport() const override;

 private:
  // Arguments of a call and parameters, in the order of the graph's inputs; none for labels.
  absl::StatusOr<NDArrays> Operands(absl::Span<const NDArray> inputs) const;

  std::shared_ptr<const Graph> graph_;
  std::vector<std::string> input_names_;
};

}  // namespace baryon::gluon

namespace baryon::nn {
using gluon::SymbolBlock;
}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_SYMBOL_BLOCK_H_
