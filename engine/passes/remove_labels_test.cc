#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(RemoveLabelsTest, DropsTheLabelOfALossAndKeepsTheInput) {
  EXPECT_EQ(RunPass(RemoveLabels, R"(
                input data: float32 [2, 3]
                input label: float32 [2]
                out = SoftmaxOutput(data, label)
                output out_output = out)"),
            WithoutTypes(R"(
                input data: float32 [2, 3]
                input label: float32 [2]
                out = SoftmaxOutput(data)
                output out_output = out)"));
}

}  // namespace
}  // namespace baryon
