#include "engine/ops/packed_weight.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(PackedWeightTest, PacksOncePerForm) {
  const TensorTypes types = {{DType::kFloat32, {2}}};
  const auto constant = Constant::Literal(Tensor::FromData<float>({2}, {3, 4}));
  PreparedCache cache;
  int calls = 0;
  const auto pack = [&](const float* weight, float* packed) {
    ++calls;
    packed[0] = weight[1];
  };
  for (const char* form : {"a", "a", "b"}) {
    PrepareContext context(types, types, {constant}, 1, Numerics::kStrict, cache);
    ASSERT_OK_AND_ASSIGN(const auto packed, PackedWeight(context, 0, form, 1, pack));
    EXPECT_EQ(packed->data()[0], 4);
  }
  EXPECT_EQ(calls, 2);
}

TEST(PackedWeightTest, LeavesInputsOfTheRequestAlone) {
  const TensorTypes types = {{DType::kFloat32, {2}}};
  PreparedCache cache;
  PrepareContext context(types, types, {nullptr}, 1, Numerics::kStrict, cache);
  ASSERT_OK_AND_ASSIGN(const auto packed, PackedWeight(context, 0, "a", 1, [](const float*, float*) { FAIL(); }));
  EXPECT_EQ(packed, nullptr);
}

TEST(PackedWeightTest, ReportsThatThereIsNoMemory) {
  const TensorTypes types = {{DType::kFloat32, {1}}};
  PreparedCache cache;
  PrepareContext context(types, types, {Constant::Literal(Tensor::FromData<float>({1}, {3}))}, 1, Numerics::kStrict,
                         cache);
  EXPECT_THAT(PackedWeight(context, 0, "a", int64_t{1} << 50, [](const float*, float*) {}),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace baryon
