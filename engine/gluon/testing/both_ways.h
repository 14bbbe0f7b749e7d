// A layer's answer, computed operator by operator and compiled.
#ifndef BARYON_ENGINE_GLUON_TESTING_BOTH_WAYS_H_
#define BARYON_ENGINE_GLUON_TESTING_BOTH_WAYS_H_

#include <vector>

#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {

// What `block` gives for `inputs` as it is. Expects that it gives the same hybridized, which it is not afterwards.
inline NDArrays AllBothWays(gluon::HybridBlock& block, const NDArrays& inputs) {
  const NDArrays eager = block.Call(inputs);
  block.Hybridize();
  const NDArrays compiled = block.Call(inputs);
  block.Hybridize(false);
  EXPECT_EQ(eager.size(), compiled.size());
  for (size_t i = 0; i < eager.size() && i < compiled.size(); ++i) {
    EXPECT_TRUE(np::AllClose(compiled[i], eager[i], 1e-5, 1e-6))
        << "output " << i << ": " << eager[i] << " and compiled " << compiled[i];
  }
  return eager;
}

inline NDArray BothWays(gluon::HybridBlock& block, const NDArray& x) { return AllBothWays(block, {x})[0]; }

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_TESTING_BOTH_WAYS_H_
