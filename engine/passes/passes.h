// Passes: graph to graph, one file pair each, named, switchable and printable. pipeline.cc is their order.
//
// A pass takes a graph whose types are all known and leaves one that computes the same outputs. It may leave unused
// nodes behind: the runner prunes. Errors are for what a pass cannot be written without (an operator missing); a
// pattern that does not fit is left alone.
#ifndef BARYON_ENGINE_PASSES_PASSES_H_
#define BARYON_ENGINE_PASSES_PASSES_H_

#include "absl/status/status.h"
#include "engine/graph/graph.h"

namespace baryon {

// Drops label inputs of loss operators: they serve training only, and the request need not hold them.
absl::Status RemoveLabels(Graph& graph);

// Drops operators that return their input: dropout, copies, gradient stops, casts and reshapes to what is there.
absl::Status RemoveIdentity(Graph& graph);

// Folds a batch norm behind a convolution or dense layer with constant weights into these, as nodes on constants.
absl::Status FoldBatchNorm(Graph& graph);

// Replaces operators on constants by constants, which are computed when somebody needs them.
absl::Status FoldConstants(Graph& graph);

// Makes an activation behind a convolution, dense layer or residual addition an attribute of it.
absl::Status FuseActivation(Graph& graph);

// Makes an addition of two feature maps, one of them a convolution's only output, an input of that convolution.
absl::Status FuseResidual(Graph& graph);

// Moves the strides of pointwise convolutions to the convolutions whose outputs they sample.
absl::Status MoveStrides(Graph& graph);

// Keeps feature maps channels-last ([N, H, W, C]) between operators that can work so, with transposes at the borders.
absl::Status AssignLayout(Graph& graph);

// Makes a 2 x 2 pooling behind a small convolution an attribute of it.
absl::Status FusePool(Graph& graph);

// Makes a 1x1 convolution and the depthwise one behind it one operator, where the map between them is large.
absl::Status FuseDepthwise(Graph& graph);

// Drops transposes that cancel each other, and moves those that remain to where they cost least.
absl::Status CancelTransposes(Graph& graph);

// Makes scores, softmax and weighted values of interleaved self-attention one operator, which keeps scores in the cache.
absl::Status FuseAttention(Graph& graph);

// Tells dense layers over sequences which axis of their data is the batch: rows of one item may be computed together.
absl::Status FindBatchAxis(Graph& graph);

}  // namespace baryon

#endif  // BARYON_ENGINE_PASSES_PASSES_H_
