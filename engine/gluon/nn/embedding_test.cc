#include "engine/gluon/nn/embedding.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/both_ways.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(EmbeddingTest, LooksRowsUpAsMXNetDoes) {
  nn::Embedding embedding(4, 2);
  embedding.Initialize();
  ASSERT_OK(embedding.weight().SetData(np::Arange(8).Reshape({4, 2})));
  EXPECT_TRUE(np::ArrayEqual(BothWays(embedding, np::Array({{3, 0}, {-1, 9}})),
                             np::Array({{{6, 7}, {0, 1}}, {{0, 1}, {6, 7}}})));
  EXPECT_TRUE(np::ArrayEqual(embedding(np::Array({2}, DType::kInt64)), np::Array({{4, 5}})));
}

TEST(EmbeddingTest, HasOptions) {
  nn::Embedding embedding(2, 3, {.dtype = DType::kFloat64, .weight_initializer = init::Constant(7)});
  EXPECT_EQ(embedding.ToString(), "Embedding(2 -> 3, float64)");
  embedding.Initialize();
  EXPECT_EQ(BothWays(embedding, np::Array({1})).ToString(), "array([[7., 7., 7.]], dtype=float64)");
  embedding.Cast(DType::kFloat32);
  EXPECT_EQ(embedding.ToString(), "Embedding(2 -> 3, float32)");
  EXPECT_EQ(BothWays(embedding, np::Array({1})).dtype(), DType::kFloat32);
}

}  // namespace
}  // namespace baryon
