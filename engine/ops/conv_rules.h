// What Convolution and Deconvolution have in common: attributes, type rules and the geometry they stand for.
#ifndef BARYON_ENGINE_OPS_CONV_RULES_H_
#define BARYON_ENGINE_OPS_CONV_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/graph/attrs.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/pair_pool.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// kNone in an attribute means channels first.
enum class Layout { kNone, kNCW, kNCHW, kNCDHW, kNWC, kNHWC, kNDHWC };

bool IsChannelsLast(Layout layout);
// The channels-last layout of data with so many spatial axes, 1 to 3.
Layout ChannelsLastLayout(int64_t spatial_rank);
// INVALID_ARGUMENT when `layout` is given and is not one for so many spatial axes.
absl::Status CheckLayout(Layout layout, int64_t spatial_rank);

template <typename A>
AttrDef<A> LayoutAttr(const char* name, Layout A::*field) {
  return EnumAttr(name, field,
                  {{"None", Layout::kNone},
                   {"NCW", Layout::kNCW},
                   {"NCHW", Layout::kNCHW},
                   {"NCDHW", Layout::kNCDHW},
                   {"NWC", Layout::kNWC},
                   {"NHWC", Layout::kNHWC},
                   {"NDHWC", Layout::kNDHWC}});
}

// Attributes with MXNet's names and defaults, and those that passes add.
template <bool kTransposed>
struct ConvAttrs {
  static constexpr bool kIsTransposed = kTransposed;

  IntTuple kernel, stride, dilate, pad;  // (): 1, 1 and 0 for every axis
  IntTuple adj, target_shape;            // of Deconvolution
  int64_t num_filter = 0, num_group = 1;
  bool no_bias = kTransposed;
  Layout layout =
      Layout::kNone;  // of data, output and residual; weights are (O, k..., I / groups) in channels-last ones

  std::string activation = "none";
  double act_alpha = 0, act_beta = 0;
  bool residual = false;               // one more input, of the output's type, is added before the activation
  Layout data_layout = Layout::kNone;  // of the data, where it is not `layout`
  // Of the activated results: the output has half as many pixels along each of the two axes. Channels last, stride 1.
  kernels::PairPool pool = kernels::PairPool::kNone;
  std::string algorithm;  // the one to take where it can be taken, see kernels/conv.h; "": by rule

  bool channels_last() const { return IsChannelsLast(layout); }
  bool data_channels_last() const { return IsChannelsLast(data_layout == Layout::kNone ? layout : data_layout); }
  bool pools() const { return pool != kernels::PairPool::kNone; }
  int64_t spatial_rank() const { return static_cast<int64_t>(kernel.size()); }
  int num_inputs() const { return 2 + !no_bias + residual; }
};
using ConvolutionAttrs = ConvAttrs<false>;
using DeconvolutionAttrs = ConvAttrs<true>;

// The definitions of the attributes that both operators have.
template <typename A>
std::vector<AttrDef<A>> ConvAttrDefs();

// OpSpec::check.
template <typename A>
absl::Status CheckConvAttrs(const A& attrs);

// OpSpec::infer_types and complete_types. Inputs: data, weight, bias unless no_bias, residual if any.
template <typename A>
absl::StatusOr<TensorTypes> InferConvTypes(const A& attrs, const TensorTypes& inputs);
template <typename A>
absl::Status CompleteConvTypes(const A& attrs, TensorTypes& inputs, TensorTypes& outputs);

// OpSpec::to_channels_last.
template <typename A>
std::optional<A> ConvToChannelsLast(const A& attrs, int rank);

// OpSpec::takes_slice: data, residual and output, where all have the channels last.
template <typename A>
bool ConvTakesSlice(const A& attrs, int operand, int rank);

// The convolution of a node whose types have passed the rule.
template <typename A>
kernels::ConvGeometry ConvGeometryOf(const A& attrs, const TensorType& data, const TensorType& output);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_CONV_RULES_H_
