// The kernel of the pooling operators.
#ifndef BARYON_ENGINE_OPS_POOL_KERNEL_H_
#define BARYON_ENGINE_OPS_POOL_KERNEL_H_

#include <memory>

#include "engine/graph/op_def.h"
#include "engine/kernels/pool.h"
#include "engine/tensor/dtype.h"

namespace baryon {

// Pools input 0, of a floating type, into output 0.
std::unique_ptr<Kernel> MakePoolKernel(kernels::PoolGeometry geometry, DType dtype, bool channels_last);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_POOL_KERNEL_H_
