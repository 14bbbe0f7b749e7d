// Softmax of tensors on all threads, for the operators of the softmax family.
#ifndef BARYON_ENGINE_OPS_SOFTMAX_COMPUTE_H_
#define BARYON_ENGINE_OPS_SOFTMAX_COMPUTE_H_

#include "engine/graph/op_def.h"
#include "engine/kernels/softmax.h"
#include "engine/tensor/shape.h"

namespace baryon {

// y = softmax of x along the middle axis of `split`; floating types. y may share the elements of x.
void RunSoftmax(const kernels::SoftmaxFormula& formula, const AxisSplit& split, const TensorView& x,
                const TensorView& y, OpContext& context);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_SOFTMAX_COMPUTE_H_
