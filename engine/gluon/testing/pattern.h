// Small arrays that any language makes alike, for layers whose answers come from MXNet: element i is
// ((i * factor) mod modulus - modulus / 2) / 4, so that sums of products are exact.
#ifndef BARYON_ENGINE_GLUON_TESTING_PATTERN_H_
#define BARYON_ENGINE_GLUON_TESTING_PATTERN_H_

#include <vector>

#include "absl/strings/match.h"
#include "engine/base/check.h"
#include "engine/gluon/block.h"
#include "engine/gluon/np.h"

namespace baryon {

inline NDArray Pattern(const Shape& shape, int64_t factor, int64_t modulus) {
  std::vector<float> values(shape.num_elements());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(static_cast<int64_t>(i) * factor % modulus - modulus / 2) / 4;
  }
  return np::FromData(shape, values);
}

inline NDArray PatternInput(const Shape& shape) { return Pattern(shape, 7, 11); }

// What `net` answers to PatternInput(shape) with parameters of Pattern(5, 7); variances have 2 added. The same number
// for number hybridized and not.
inline NDArray PatternAnswer(gluon::Block& net, const Shape& shape) {
  const NDArray x = PatternInput(shape);
  net.Initialize();
  if (const NDArray first = net(x); !first.ok()) return first;
  for (auto [name, parameter] : net.CollectParams()) {
    const NDArray values = Pattern(parameter.shape(), 5, 7);
    BARYON_CHECK(parameter.SetData(absl::StrContains(name, "var") ? values + 2 : values).ok());
  }
  const NDArray y = net(x);
  net.Hybridize();
  const NDArray compiled = net(x);
  net.Hybridize(false);
  if (!np::AllClose(compiled, y, 1e-5, 1e-6)) {
    return absl::InternalError("hybridized " + compiled.ToString() + ", before " + y.ToString());
  }
  return y;
}

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_TESTING_PATTERN_H_
