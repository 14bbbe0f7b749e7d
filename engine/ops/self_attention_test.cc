#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// The three operators that it stands for.
std::vector<Tensor> OneByOne(const std::vector<Tensor>& inputs, int64_t heads) {
  std::vector<Tensor> scores =
      *OpTester("_contrib_interleaved_matmul_selfatt_qk").Attr("heads", heads).Input(inputs[0]).Run();
  OpTester softmax("softmax");
  softmax.Attr("use_length", inputs.size() > 1).Input(scores[0]);
  if (inputs.size() > 1) softmax.Input(inputs[1]);
  const std::vector<Tensor> weights = *softmax.Run();
  return *OpTester("_contrib_interleaved_matmul_selfatt_valatt")
              .Attr("heads", heads)
              .Input(inputs[0])
              .Input(weights[0])
              .Run();
}

TEST(SelfAttentionTest, IsScoresSoftmaxAndValuesInOne) {
  OpTester("_self_attention")
      .Attr("heads", 3)
      .Input({11, 2, 90}, Uniform(-1, 1))
      .ExpectNear([](const std::vector<Tensor>& inputs) { return OneByOne(inputs, 3); }, {0, 2e-6});
}

TEST(SelfAttentionTest, LengthsSayHowManyKeysAQuerySees) {
  OpTester("_self_attention")
      .Attr("heads", 2)
      .Attr("use_length", true)
      .Input({9, 3, 36}, Uniform(-1, 1))
      .Input({6, 9}, Integers(0, 9).As(DType::kInt32))
      .ExpectNear([](const std::vector<Tensor>& inputs) { return OneByOne(inputs, 2); }, {0, 2e-6});
}

TEST(SelfAttentionTest, RefusesHeadsThatDoNotDivideAndOtherLengths) {
  EXPECT_THAT(OpTester("_self_attention").Attr("heads", 2).Input({2, 1, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_self_attention").Attr("heads", 0).Input({2, 1, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_self_attention").Attr("heads", 1).Input({2, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_self_attention")
                  .Attr("heads", 1)
                  .Attr("use_length", true)
                  .Input({2, 1, 3})
                  .Input({2, 2}, Integers(0, 2).As(DType::kInt32))
                  .Infer(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
