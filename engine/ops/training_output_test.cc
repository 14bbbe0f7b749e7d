#include <cmath>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

TEST(TrainingOutputTest, MarksForTheGradientDoNothing) {
  for (const char* op : {"BlockGrad", "make_loss", "MakeLoss", "_contrib_gradientmultiplier", "Dropout"}) {
    OpTester tester(op);
    tester.Input({3, 4});
    tester.ExpectOutput(tester.inputs()[0]);
  }
}

TEST(TrainingOutputTest, LossesAnswerWithTheirData) {
  for (const char* op : {"LinearRegressionOutput", "MAERegressionOutput", "SVMOutput"}) {
    OpTester tester(op);
    tester.Input({3, 4}).Input({3, 4});
    tester.ExpectOutput(tester.inputs()[0]);
  }
  OpTester("LogisticRegressionOutput")
      .Input(Tensor::FromData<float>({1, 2}, {0, std::log(3.0f)}))
      .Input({1, 2})
      .ExpectOutput(Tensor::FromData<float>({1, 2}, {0.5f, 0.75f}), Ulps(2));
}

TEST(TrainingOutputTest, TheLabelMayBeLeftOut) {
  auto graph = GraphFromText(R"(
      input data: float32 [2, 3]
      input label: float32 [2, 3]
      y = LinearRegressionOutput(data, label)
      output y_output = y)");
  ASSERT_OK(graph);
  graph->SetType({graph->inputs()[1], 0}, {});
  ThreadPool pool(1);
  const std::vector<Tensor> inputs = {Tensor::Zeros({DType::kFloat32, {2, 3}}), Tensor()};
  EXPECT_OK(RunGraph(*graph, inputs, pool));
}

TEST(TrainingOutputTest, ThePenaltysStateIsNotRead) {
  OpTester tester("IdentityAttachKLSparseReg");
  tester.Input({3, 4}).Input({4});
  tester.ExpectOutput(tester.inputs()[0]);
}

TEST(TrainingOutputTest, RandomAnswersAreRefused) {
  EXPECT_THAT(OpTester("Dropout").Attr("mode", "always").Input({2}).Infer(),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("always")));
  EXPECT_OK(OpTester("Dropout").Attr("mode", "always").Attr("p", 0.0).Input({2}).Infer());
  EXPECT_THAT(OpTester("Dropout").Attr("p", 1.5).Input({2}).Infer(), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
