// Activations as kernels apply them to finished results.
#ifndef BARYON_ENGINE_KERNELS_ACTIVATION_H_
#define BARYON_ENGINE_KERNELS_ACTIVATION_H_

namespace baryon::kernels {

enum class Activation {
  kNone,
  kRelu,     // max(x, 0)
  kClip,     // x > beta ? beta : x < alpha ? alpha : x
  kSigmoid,  // 1 / (1 + exp(-x))
  kTanh,
  kSoftRelu,  // log(1 + exp(x))
  kSoftSign,  // x / (1 + |x|)
  kLeaky,     // x > 0 ? x : alpha x
  kElu,       // x > 0 ? x : alpha (exp(x) - 1)
  kSelu,
  kGelu,         // x Phi(x), by the error function
  kGeluTanh,     // the approximation of it by tanh
  kSwish,        // x sigmoid(x)
  kHardSigmoid,  // clip(alpha x + beta, 0, 1)
  kMish,         // x tanh(softrelu(x))
  kLogSigmoid,   // log(sigmoid(x))
};

struct ActivationSpec {
  Activation kind = Activation::kNone;
  float alpha = 0, beta = 0;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_ACTIVATION_H_
