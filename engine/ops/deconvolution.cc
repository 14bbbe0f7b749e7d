// Transposed convolution: every input adds its product with the kernel to the outputs it meets. Computed from the
// outputs' side, as one ordinary convolution for each remainder of their coordinates by the stride (see
// kernels/conv_geometry.h), so that no output is written twice.
#include <vector>

#include "engine/graph/op_def.h"
#include "engine/ops/conv_kernel.h"
#include "engine/ops/conv_rules.h"

namespace baryon {
namespace {

std::vector<AttrDef<DeconvolutionAttrs>> AttrDefs() {
  std::vector<AttrDef<DeconvolutionAttrs>> defs = ConvAttrDefs<DeconvolutionAttrs>();
  defs.push_back(Attr("adj", &DeconvolutionAttrs::adj));
  defs.push_back(Attr("target_shape", &DeconvolutionAttrs::target_shape));
  return defs;
}

const OpRegistration<DeconvolutionAttrs> kDeconvolution({
    .names = {"Deconvolution", "_npx_deconvolution"},
    .inputs = {"data", Parameter("weight"), Parameter("bias"), "residual"},
    .attrs = AttrDefs(),
    .ignored_attrs = {"workspace", "cudnn_tune", "cudnn_off"},
    .check = CheckConvAttrs<DeconvolutionAttrs>,
    .num_inputs = [](const DeconvolutionAttrs& attrs) { return attrs.num_inputs(); },
    .infer_types = InferConvTypes<DeconvolutionAttrs>,
    .complete_types = CompleteConvTypes<DeconvolutionAttrs>,
    .prepare = PrepareConv<DeconvolutionAttrs>,
    .in_place = {2, 3},
    .accepts_unknown_dims = true,
    .to_channels_last = ConvToChannelsLast<DeconvolutionAttrs>,
    .takes_slice = ConvTakesSlice<DeconvolutionAttrs>,
});

}  // namespace
}  // namespace baryon
