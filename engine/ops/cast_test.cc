#include <cmath>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(CastTest, ConvertsAsNumPyDoes) {
  const Tensor x = Tensor::FromData<float>({4}, {-1.75f, 0, 2.5f, 300});
  OpTester("Cast").Attr("dtype", "int32").Input(x).ExpectOutput(Tensor::FromData<int32_t>({4}, {-1, 0, 2, 300}));
  OpTester("Cast").Attr("dtype", "bool").Input(x).ExpectOutput(Tensor::FromData<bool>({4}, {true, false, true, true}));
  OpTester("Cast").Attr("dtype", "float64").Input(x).ExpectOutput(Tensor::FromData<double>({4}, {-1.75, 0, 2.5, 300}));
  OpTester("Cast")
      .Attr("dtype", "float16")
      .Input({300})
      .ExpectNear(
          [](const std::vector<Tensor>& inputs) { return std::vector<Tensor>{inputs[0].Cast(DType::kFloat16)}; },
          Exactly());
}

TEST(CastTest, AmpCastLeavesWholeNumbersAlone) {
  const Tensor whole = Tensor::FromData<int32_t>({2}, {1, 70000});
  OpTester("amp_cast").Attr("dtype", "float16").Input(whole).ExpectOutput(whole);
  EXPECT_EQ((*OpTester("amp_cast").Attr("dtype", "float16").Input({2}).Infer())[0].dtype, DType::kFloat16);
}

TEST(CastTest, AmpMulticastMeetsInTheWidestOrNarrowest) {
  OpTester wide("amp_multicast");
  wide.Attr("num_outputs", 2).Input({3}).Input({2, 2}, Uniform(-1, 1).As(DType::kFloat16));
  wide.ExpectNear(
      [](const std::vector<Tensor>& inputs) {
        return std::vector<Tensor>{inputs[0], inputs[1].Cast(DType::kFloat32)};
      },
      Exactly());
  const auto narrow = OpTester("amp_multicast")
                          .Attr("num_outputs", 2)
                          .Attr("cast_narrow", true)
                          .Input({3})
                          .Input({2}, Uniform(-1, 1).As(DType::kFloat16))
                          .Infer();
  ASSERT_OK(narrow);
  EXPECT_EQ((*narrow)[0].dtype, DType::kFloat16);
  EXPECT_EQ((*narrow)[1].dtype, DType::kFloat16);
}

TEST(CastTest, RefusesUnknownDtypesAndWrongNumbersOfInputs) {
  EXPECT_THAT(OpTester("Cast").Attr("dtype", "float12").Input({2}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(OpTester("amp_multicast").Attr("num_outputs", 3).Input({2}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
