// Initializers on their own, for tests.
#ifndef BARYON_ENGINE_GLUON_TESTING_FILLED_H_
#define BARYON_ENGINE_GLUON_TESTING_FILLED_H_

#include <string>

#include "engine/gluon/initializer.h"
#include "engine/gluon/np.h"

namespace baryon {

// What `initializer` makes of a float32 parameter, with the random numbers of a fixed seed.
inline NDArray Filled(const init::Initializer& initializer, const Shape& shape, const std::string& name = "weight",
                      const init::Initializer& global = init::Uniform()) {
  random::Generator generator(1);
  return initializer({name, {DType::kFloat32, shape}, generator, global});
}

inline double Std(const NDArray& x) { return *np::Std(x).Item<double>(); }
inline double Largest(const NDArray& x) { return *np::Max(np::Abs(x)).Item<double>(); }

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_TESTING_FILLED_H_
