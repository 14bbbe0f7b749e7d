#include "engine/base/testing/status_matchers.h"
#include "engine/graph/op_registry.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// Four equal elements: what share each has shows which of them were taken together.
const Tensor& Ones() {
  static const Tensor* ones = new Tensor(OpTester("softmax").Input({1, 2, 2, 2}, Integers(1, 1)).inputs()[0]);
  return *ones;
}

Tensor Shares(float share) {
  Tensor shares = Tensor::Allocate(Ones().type());
  std::fill_n(shares.mutable_data<float>(), shares.num_elements(), share);
  return shares;
}

OpTester Output(const Shape& label) {
  return OpTester("SoftmaxOutput").Input(Ones()).Input(Tensor::Zeros({DType::kFloat32, label}));
}

TEST(SoftmaxOutputTest, TakesWholeInstancesChannelsOrTheLastAxis) {
  Output({1, 2, 2}).ExpectOutput(Shares(0.125f));
  Output({1, 4}).Attr("multi_output", true).ExpectOutput(Shares(0.5f));
  Output({1, 2, 2}).Attr("preserve_shape", true).ExpectOutput(Shares(0.5f));
}

TEST(SoftmaxOutputTest, TakesLabelsInTheShapesOfMxnet) {
  for (const Shape& label : {Shape{1, 4}, Shape{1, 2, 2}, Shape{1, 1, 2, 2}, Shape{1, 2, 2, 2}}) {
    EXPECT_THAT(Output(label).Attr("multi_output", true).Infer(), IsOk());
  }
  EXPECT_THAT(Output({1, 3}).Attr("multi_output", true).Infer(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Output({1}).Infer(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SoftmaxOutputTest, InfersTheLabelFromTheData) {
  const OpDef& op = *FindOp("SoftmaxOutput");
  const BoundAttrs attrs = *op.bind({{"multi_output", "True"}}, /*from_file=*/true);
  TensorTypes inputs = {Ones().type(), {}}, outputs = {{}};
  ASSERT_OK(op.complete_types(attrs.get(), inputs, outputs));
  EXPECT_EQ(inputs[1], (TensorType{DType::kFloat32, {1, 4}}));
  EXPECT_EQ(outputs[0], Ones().type());
}

TEST(SoftmaxOutputTest, ActivationAlongTheLastAxisOrTheChannels) {
  OpTester("SoftmaxActivation").Input(Ones()).ExpectOutput(Shares(0.5f));
  OpTester("SoftmaxActivation").Attr("mode", "channel").Input(Ones()).ExpectOutput(Shares(0.5f));
  EXPECT_THAT(OpTester("SoftmaxActivation").Attr("mode", "channel").Input({2, 3}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SoftmaxOutputTest, SameChannelsLast) {
  const std::vector<Tensor> maps = OpTester("softmax").Input({2, 5, 3, 4}, Uniform(-3, 3)).inputs();
  ExpectSameChannelsLast("SoftmaxActivation", {{"mode", "channel"}}, maps, Relative(1e-6));
  EXPECT_FALSE(HasChannelsLast("SoftmaxActivation", {}, 4));
  EXPECT_TRUE(HasChannelsLast("SoftmaxOutput", {{"multi_output", "True"}}, 4));
  EXPECT_FALSE(HasChannelsLast("SoftmaxOutput", {{"preserve_shape", "True"}}, 4));
}

}  // namespace
}  // namespace baryon
