#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(RemoveIdentityTest, DropsCopiesDropoutAndReshapesToTheSameShape) {
  EXPECT_EQ(RunPass(RemoveIdentity, R"(
                input data: float32 [2, 3]
                a = Dropout(data) {p=0.5}
                b = _copy(a)
                c = Flatten(b)
                d = Cast(c) {dtype=float32}
                e = relu(d)
                output e_output = e)"),
            WithoutTypes(R"(
                input data: float32 [2, 3]
                e = relu(data)
                output e_output = e)"));
}

TEST(RemoveIdentityTest, KeepsReshapesAndCastsThatChangeSomething) {
  const std::string text = R"(
      input data: float32 [2, 3, 1]
      a = Flatten(data)
      b = Cast(a) {dtype=float64}
      output b_output = b)";
  EXPECT_EQ(RunPass(RemoveIdentity, text), WithoutTypes(text));
}

TEST(RemoveIdentityTest, AnOutputMayBecomeTheInput) {
  EXPECT_EQ(RunPass(RemoveIdentity, R"(
                input data: float32 [2]
                a = _copy(data)
                output a_output = a)"),
            WithoutTypes(R"(
                input data: float32 [2]
                output a_output = data)"));
}

}  // namespace
}  // namespace baryon
