// Convolution over 1, 2 or 3 axes, with groups, strides, dilation and padding: cross-correlation, as everywhere in deep
// learning. The kernel is in conv_kernel.cc, the algorithms in engine/kernels.
#include "engine/graph/op_def.h"
#include "engine/ops/conv_kernel.h"
#include "engine/ops/conv_rules.h"

namespace baryon {
namespace {

const OpRegistration<ConvolutionAttrs> kConvolution({
    .names = {"Convolution", "_npx_convolution", "Convolution_v1"},
    .inputs = {"data", Parameter("weight"), Parameter("bias"), "residual"},
    .attrs = ConvAttrDefs<ConvolutionAttrs>(),
    .ignored_attrs = {"workspace", "cudnn_tune", "cudnn_off"},
    .check = CheckConvAttrs<ConvolutionAttrs>,
    .num_inputs = [](const ConvolutionAttrs& attrs) { return attrs.num_inputs(); },
    .infer_types = InferConvTypes<ConvolutionAttrs>,
    .complete_types = CompleteConvTypes<ConvolutionAttrs>,
    .prepare = PrepareConv<ConvolutionAttrs>,
    .in_place = {2, 3},  // the residual; a bias that is as large as the output is read before each store as well
    .accepts_unknown_dims = true,
    .to_channels_last = ConvToChannelsLast<ConvolutionAttrs>,
    .takes_slice = ConvTakesSlice<ConvolutionAttrs>,
});

}  // namespace
}  // namespace baryon
