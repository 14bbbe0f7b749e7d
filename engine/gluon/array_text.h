// Arrays as NumPy prints them.
#ifndef BARYON_ENGINE_GLUON_ARRAY_TEXT_H_
#define BARYON_ENGINE_GLUON_ARRAY_TEXT_H_

#include <string>

#include "engine/tensor/tensor.h"

namespace baryon {

// repr() of an mxnet.np.ndarray, which is NumPy's with another rule for the dtype: it is named unless it is float32 or
// bool. As in NumPy: eight digits behind the point at most and no more than tell the value apart, columns aligned, the
// exponent form where magnitudes are far apart, lines of 75 characters, "..." in arrays of more than 1000 elements.
std::string ArrayText(const Tensor& tensor);

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_ARRAY_TEXT_H_
