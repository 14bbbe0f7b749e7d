#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

void ExpectInts(const char* op, double scalar, std::initializer_list<int32_t> x, std::initializer_list<int32_t> y) {
  const Shape shape = {static_cast<int64_t>(x.size())};
  OpTester(op)
      .Attr("scalar", scalar)
      .Input(Tensor::FromData<int32_t>(shape, x))
      .ExpectOutput(Tensor::FromData<int32_t>(shape, y));
}

TEST(BinaryScalarTest, MultipliesArraysOfAnySize) {
  for (int64_t n : {1, 17, 100000}) {
    OpTester("_mul_scalar")
        .Attr("scalar", 0.1)
        .Input({n})
        .ExpectNear(
            [n](const std::vector<Tensor>& inputs) {
              Tensor y = Tensor::Allocate(inputs[0].type());
              for (int64_t i = 0; i < n; ++i) y.mutable_data<float>()[i] = inputs[0].data<float>()[i] * 0.1f;
              return std::vector<Tensor>{y};
            },
            Exactly());
  }
}

TEST(BinaryScalarTest, TheNumberIsCastToTheArraysDType) {
  ExpectInts("_mul_scalar", 0.5, {3, 4}, {0, 0});
  ExpectInts("_plus_scalar", 0.75, {3, 4}, {3, 4});
  ExpectInts("_div_scalar", 2.5, {3, 4}, {1, 2});
  OpTester("_plus_scalar")
      .Attr("scalar", -1)
      .Input(Tensor::FromData<uint8_t>({2}, {1, 250}))
      .ExpectOutput(Tensor::FromData<uint8_t>({2}, {0, 249}));
}

TEST(BinaryScalarTest, ReversedFormsHaveTheNumberOnTheLeft) {
  ExpectInts("_rminus_scalar", 10, {3, 4}, {7, 6});
  ExpectInts("_RDivScalar", 7, {-7, -2, 0, 2}, {-1, -3, 0, 3});
  ExpectInts("_rmod_scalar", 7, {-2, 0, 4}, {-1, 0, 3});
  ExpectInts("_rpower_scalar", 2, {-1, 0, 5}, {0, 1, 32});
}

TEST(BinaryScalarTest, TruthsHaveTheArraysDType) {
  ExpectInts("_greater_scalar", 1.5, {1, 2, 3}, {0, 1, 1});
  ExpectInts("_LogicalXorScalar", 1, {0, 2}, {1, 0});
}

}  // namespace
}  // namespace baryon
