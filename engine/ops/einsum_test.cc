#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

OpTester Einsum(const char* subscripts, std::initializer_list<Tensor> operands) {
  OpTester tester("_npi_einsum");
  tester.Attr("subscripts", subscripts).Attr("num_args", static_cast<int64_t>(operands.size()));
  for (const Tensor& operand : operands) tester.Input(operand);
  return tester;
}

const Tensor kSquare = F({2, 2}, {1, 2, 3, 4}), kVector = F({2}, {3, 4});

TEST(EinsumTest, OneOperandIsMovedAndSummed) {
  Einsum("ij->ji", {kSquare}).ExpectOutput(F({2, 2}, {1, 3, 2, 4}));
  Einsum("ba", {kSquare}).ExpectOutput(F({2, 2}, {1, 3, 2, 4}));  // alphabetical order
  Einsum("ii", {kSquare}).ExpectOutput(F({}, {5}));
  Einsum("ii->i", {kSquare}).ExpectOutput(F({2}, {1, 4}));
  Einsum("ij->", {kSquare}).ExpectOutput(F({}, {10}));
  Einsum("i...->...", {kSquare}).ExpectOutput(F({2}, {4, 6}));
}
TEST(EinsumTest, TwoOperandsAreMultiplied) {
  Einsum("ij,jk->ik", {kSquare, kSquare}).ExpectOutput(F({2, 2}, {7, 10, 15, 22}));
  Einsum(" i , j ", {kVector, kVector}).ExpectOutput(F({2, 2}, {9, 12, 12, 16}));
  Einsum("...i,i", {kSquare, kVector}).ExpectOutput(F({2}, {11, 25}));
  Einsum("ij,ij->ij", {F({1, 2}, {1, 2}), kSquare}).ExpectOutput(F({2, 2}, {1, 4, 3, 8}));
  Einsum("ij,k->k", {kSquare, kVector}).ExpectOutput(F({2}, {30, 40}));  // i and j in one operand alone
  Einsum("...,...", {kSquare, kVector}).ExpectOutput(F({2, 2}, {3, 8, 9, 16}));
}
TEST(EinsumTest, AnyNumberOfOperandsWillDo) {
  Einsum("ij,jk,kl->il", {kSquare, kSquare, kSquare}).ExpectOutput(F({2, 2}, {37, 54, 81, 118}));
  Einsum("i,i,i->", {kVector, kVector, kVector}).ExpectOutput(F({}, {91}));
}
TEST(EinsumTest, LargeProductsAgreeWithPlainOnes) {
  OpTester product("dot"), sum("_npi_einsum");
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> want, product.Input({33, 40}).Input({40, 21}).Run());
  sum.Attr("subscripts", "ij,jk->ik").Input({33, 40}).Input({40, 21}).ExpectOutput(want[0], {1e-5, 1e-5});
}
TEST(EinsumTest, RefusesSubscriptsThatDoNotFit) {
  const auto status = [](const char* subscripts) { return Einsum(subscripts, {kSquare}).Infer().status(); };
  EXPECT_THAT(status("ijk"), StatusIs(kInvalid, HasSubstr("3 axes")));
  EXPECT_THAT(status("i,j"), StatusIs(kInvalid, HasSubstr("expected 1 operands")));
  EXPECT_THAT(status("ij->k"), StatusIs(kInvalid, HasSubstr("no operand")));
  EXPECT_THAT(status("ij->ii"), StatusIs(kInvalid, HasSubstr("twice")));
  EXPECT_THAT(status("i1"), StatusIs(kInvalid, HasSubstr("letters")));
  EXPECT_THAT(status("i...->i"), StatusIs(kInvalid, HasSubstr("...")));
  EXPECT_THAT(status("ij->i->j"), StatusIs(kInvalid));
  EXPECT_THAT(Einsum("ij,jk", {kSquare, F({3, 1}, {1, 2, 3})}).Infer(),
              StatusIs(kInvalid, HasSubstr("an axis 0 of 2")));
}

}  // namespace
}  // namespace baryon
