#include "server/models/random_inputs.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::AnyOf;
using testing::Each;

TEST(RandomInputsTest, AreOfTheirTypesAndTheSameForTheSameSeed) {
  const TensorTypes types = {{DType::kFloat32, {3, 4}}, {DType::kInt32, {5}}, TensorType()};
  ASSERT_OK_AND_ASSIGN(const Tensors a, RandomInputs(types, 1));
  ASSERT_OK_AND_ASSIGN(const Tensors b, RandomInputs(types, 1));
  ASSERT_OK_AND_ASSIGN(const Tensors other, RandomInputs(types, 2));
  EXPECT_EQ(a[0].type(), types[0]);
  EXPECT_THAT(a[1].span<int32_t>(), Each(AnyOf(0, 1)));
  EXPECT_TRUE(a[2].empty());
  EXPECT_EQ(a[0].span<float>(), b[0].span<float>());
  EXPECT_NE(a[0].span<float>(), other[0].span<float>());
}

}  // namespace
}  // namespace baryon
