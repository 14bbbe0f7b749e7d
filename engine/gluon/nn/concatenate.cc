#include "engine/gluon/nn/concatenate.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {
namespace {

// The operator of MXNet 1.x, which every reader of exported graphs knows.
NDArrays OutputsSideBySide(const Block& block, int64_t axis, absl::Span<const NDArray> inputs) {
  if (block.children().empty()) {
    return {absl::InvalidArgumentError(absl::StrCat(block.class_name(), ": expected at least one block, got none"))};
  }
  NDArrays outputs;
  for (const auto& [name, child] : block.children()) {
    for (NDArray& output : child->Call(inputs)) outputs.push_back(std::move(output));
  }
  const Attrs attrs = {{"dim", AttrText(axis)}, {"num_args", AttrText(outputs.size())}};
  return {InvokeOne("Concat", attrs, outputs)};
}

}  // namespace

Concatenate::Concatenate(ConcatenateOptions options)
    : Sequential("concatenate", {.prefix = std::move(options.prefix)}), axis_(options.axis) {}

NDArrays Concatenate::ForwardMany(absl::Span<const NDArray> inputs) { return OutputsSideBySide(*this, axis_, inputs); }

HybridConcatenate::HybridConcatenate(ConcatenateOptions options)
    : HybridSequential("hybridconcatenate", {.prefix = std::move(options.prefix)}), axis_(options.axis) {}

NDArrays HybridConcatenate::ForwardMany(absl::Span<const NDArray> inputs) {
  return OutputsSideBySide(*this, axis_, inputs);
}

}  // namespace baryon::nn
