// Arrays that golden cases describe by a name and a shape instead of holding them: any language makes the same ones.
// Element i is SplitMix64 of the FNV-1a hash of the name and i, mapped by the end of the name to what suits a weight, a
// gamma, a running variance and so on; `seeded_params.py` in make.zip has the definition.
#ifndef BARYON_TESTS_SUPPORT_SEEDED_H_
#define BARYON_TESTS_SUPPORT_SEEDED_H_

#include <string>

#include "engine/tensor/tensor.h"

namespace baryon {

// The parameter `name`, without "arg:" or "aux:", float32.
Tensor SeededParameter(const std::string& name, const Shape& shape);

// The input `name`, float32 in [-1, 1).
Tensor SeededInput(const std::string& name, const Shape& shape);

}  // namespace baryon

#endif  // BARYON_TESTS_SUPPORT_SEEDED_H_
