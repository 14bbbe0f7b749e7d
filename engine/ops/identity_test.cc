#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(IdentityTest, ReturnsItsInput) {
  const OpTester tester = OpTester("_copy").Input({2, 3}, Uniform(-1, 1));
  tester.ExpectOutput(tester.inputs()[0]);
}

}  // namespace
}  // namespace baryon
