// mxnet.npx: what neural networks need of arrays beyond NumPy. Layers are in nn; any other operator is one Invoke away.
#ifndef BARYON_ENGINE_GLUON_NPX_H_
#define BARYON_ENGINE_GLUON_NPX_H_

#include <cstdint>
#include <string>

#include "engine/gluon/invoke.h"
#include "engine/gluon/ndarray.h"

namespace baryon::npx {

NDArray Relu(const NDArray& x);
NDArray Sigmoid(const NDArray& x);
// relu, sigmoid, tanh, softrelu, softsign, log_sigmoid, mish
NDArray Activation(const NDArray& x, const std::string& act_type);
NDArray Softmax(const NDArray& x, int64_t axis = -1);
NDArray LogSoftmax(const NDArray& x, int64_t axis = -1);
// [N, ...] to [N, product of the rest]
NDArray BatchFlatten(const NDArray& x);
// Row i is 1 at column indices[i] and 0 elsewhere.
NDArray OneHot(const NDArray& indices, int64_t depth, DType dtype = DType::kFloat32);
// The element at indices[i] of each line along `axis`.
NDArray Pick(const NDArray& x, const NDArray& indices, int64_t axis = -1);
// The places of the `k` largest (smallest) elements along `axis`, in order, as float32.
NDArray TopK(const NDArray& x, int64_t k = 1, int64_t axis = -1, bool is_ascend = false);
// Products of matrices, one for each index of axis 0.
NDArray BatchDot(const NDArray& a, const NDArray& b, bool transpose_a = false, bool transpose_b = false);

}  // namespace baryon::npx

#endif  // BARYON_ENGINE_GLUON_NPX_H_
