#include "engine/gluon/compute.h"

#include "engine/gluon/nn/dense.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ComputeTest, SetsTheNumberOfThreads) {
  SetNumThreads(2);
  ThreadPool& two = ComputePool();
  EXPECT_EQ(two.num_threads(), 2);
  nn::Dense dense(1, {.in_units = 2});
  dense.Initialize(init::One());
  dense.Hybridize();
  dense(np::Ones({1, 2}));
  EXPECT_EQ(&dense.executable()->pool(), &two);
  SetNumThreads(1);
  EXPECT_EQ(dense(np::Ones({1, 2})).ToString(), "array([[2.]])");  // compiled again
  EXPECT_EQ(dense.executable()->pool().num_threads(), 1);
  SetNumThreads(2);
  EXPECT_EQ(&ComputePool(), &two);
}

}  // namespace
}  // namespace baryon
