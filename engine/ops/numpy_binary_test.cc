#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(NumpyBinaryTest, OperandsMeetInACommonDType) {
  OpTester("_npi_add")
      .Input(Tensor::FromData<int32_t>({2, 1}, {1, 2}))
      .Input(Tensor::FromData<float>({2}, {0.5f, 10}))
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {1.5f, 11, 2.5f, 12}));
  OpTester("_npi_multiply")
      .Input(Tensor::FromData<bool>({2}, {true, false}))
      .Input(Tensor::FromData<uint8_t>({1}, {200}))
      .ExpectOutput(Tensor::FromData<uint8_t>({2}, {200, 0}));
}

TEST(NumpyBinaryTest, TrueDivisionOfWholeNumbersHasFractions) {
  OpTester("_npi_true_divide")
      .Input(Tensor::FromData<int64_t>({2}, {1, -7}))
      .Input(Tensor::FromData<int64_t>({2}, {2, 2}))
      .ExpectOutput(Tensor::FromData<float>({2}, {0.5f, -3.5f}));
  OpTester("_npi_rtrue_divide_scalar")
      .Attr("scalar", 3.0)
      .Attr("is_int", false)
      .Input(Tensor::FromData<int32_t>({1}, {2}))
      .ExpectOutput(Tensor::FromData<float>({1}, {1.5f}));
}

TEST(NumpyBinaryTest, TruthsAreBool) {
  OpTester("_npi_less")
      .Input(Tensor::FromData<int64_t>({2}, {1, 3}))
      .Input(Tensor::FromData<float>({2}, {1.5f, 2.5f}))
      .ExpectOutput(Tensor::FromData<bool>({2}, {true, false}));
  OpTester("_npi_equal_scalar")
      .Attr("scalar", 1.5)
      .Attr("is_int", false)
      .Input(Tensor::FromData<int32_t>({2}, {1, 2}))
      .ExpectOutput(Tensor::FromData<bool>({2}, {false, false}));
}

TEST(NumpyBinaryTest, AFloatWidensWholeArrays) {
  OpTester("_npi_add_scalar")
      .Attr("scalar", 1.5)
      .Attr("is_int", false)
      .Input(Tensor::FromData<int32_t>({2}, {1, 2}))
      .ExpectOutput(Tensor::FromData<double>({2}, {2.5, 3.5}));
  OpTester("_npi_rsubtract_scalar")
      .Attr("scalar", 1)
      .Input(Tensor::FromData<bool>({2}, {true, false}))
      .ExpectOutput(Tensor::FromData<int64_t>({2}, {0, 1}));
}

TEST(NumpyBinaryTest, DivisionByZeroDoesNotTrap) {
  for (const char* op : {"_npi_mod", "_npi_fmod", "_npi_floor_divide"}) {
    OpTester(op)
        .Input(Tensor::FromData<int8_t>({2}, {5, -128}))
        .Input(Tensor::FromData<int8_t>({1}, {0}))
        .ExpectOutput(Tensor::FromData<int8_t>({2}, {0, 0}));
  }
}

TEST(NumpyBinaryTest, RejectsBitsOfFloatsAndShapesThatDoNotBroadcast) {
  EXPECT_THAT(OpTester("_npi_bitwise_and").Input({2}).Input({2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_lcm_scalar").Input({2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_add").Input({2, 3}).Input({2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
