#include "engine/passes/pipeline.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "engine/base/status_macros.h"
#include "engine/passes/passes.h"

namespace baryon {
namespace {

constexpr Pass kPipeline[] = {
    {"remove_labels", RemoveLabels},          // first: the variables may have no type
    {"find_batch_axis", FindBatchAxis},       // while nothing has taken a batch of one for an axis that may go anywhere
    {"remove_identity", RemoveIdentity},      // dropout and no-op reshapes would hide the patterns below
    {"fuse_attention", FuseAttention},        // behind the dropout of its weights
    {"fold_batch_norm", FoldBatchNorm},       // w' = w * gamma / sqrt(var + eps), written as nodes on constants
    {"fuse_residual", FuseResidual},          // before activations: relu(conv + shortcut) is one epilogue
    {"fuse_activation", FuseActivation},      // activation becomes an attribute of the operator before it
    {"move_strides", MoveStrides},            // behind the fusions: only convolutions are left between convolutions
    {"assign_layout", AssignLayout},          // after the fusions, so that it sees fewer and larger operators
    {"fuse_pool", FusePool},                  // where both have the channels last, and no transpose between
    {"cancel_transposes", CancelTransposes},  // cleans up the borders that assign_layout made
    {"fold_constants", FoldConstants},        // behind them: also the transposed weights that assign_layout made
    {"fuse_depthwise", FuseDepthwise},        // last: weights are constants by now where they can be
};

}  // namespace

absl::Span<const Pass> Pipeline() { return kPipeline; }

absl::Status RunPasses(Graph& graph, const PassOptions& options) {
  const auto is_disabled = [&](absl::string_view name) {
    return std::any_of(options.disabled.begin(), options.disabled.end(), [&](const std::string& disabled) {
      return absl::string_view(disabled) == name || disabled == "all";
    });
  };
  for (const std::string& name : options.disabled) {
    const bool known = name == "all" || std::any_of(std::begin(kPipeline), std::end(kPipeline),
                                                    [&](const Pass& pass) { return name == pass.name; });
    if (!known) return absl::InvalidArgumentError(absl::StrCat("no pass is called \"", name, "\""));
  }
  for (const Pass& pass : kPipeline) {
    if (is_disabled(pass.name)) continue;
    const absl::Time start = absl::Now();
    if (absl::Status status = pass.run(graph); !status.ok()) {
      return Annotate(status, absl::StrCat("pass ", pass.name));
    }
    graph.Prune();
    if (options.verify) {
      if (absl::Status status = VerifyGraph(graph); !status.ok()) {
        return Annotate(status, absl::StrCat("after pass ", pass.name));
      }
    }
    if (options.observer) options.observer(pass, graph, absl::Now() - start);
  }
  return absl::OkStatus();
}

}  // namespace baryon
