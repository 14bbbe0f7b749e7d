#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/tutorial.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::StrEq;

TEST(SummaryTest, IsGluonsOwn) {
  for (const char* name : {"dense", "sequential", "hybrid_sequential", "lenet", "mlp_hybrid"}) {
    const TutorialCase test_case = MakeTutorialCase(name);
    test_case.net->Initialize();
    ASSERT_OK_AND_ASSIGN(const std::string summary, test_case.net->Summary(np::Ones(test_case.input)));
    EXPECT_THAT(summary, StrEq(TutorialText(name, "v2", "summary.txt")));
  }
}

TEST(SummaryTest, RefusesHybridizedBlocks) {
  for (const char* name : {"dense", "hybrid_sequential", "lenet", "mlp_hybrid"}) {
    const TutorialCase test_case = MakeTutorialCase(name);
    test_case.net->Initialize();
    test_case.net->Hybridize();
    const absl::Status status = test_case.net->Summary(np::Ones(test_case.input)).status();
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT("AssertionError: " + std::string(status.message()) + "\n",
                StrEq(TutorialText(name, "v2", "summary_hybridized.txt")));
  }
}

TEST(SummaryTest, NeedsInitializedParameters) {
  nn::Dense dense(2);
  EXPECT_THAT(dense.Summary(np::Ones({1, 3})),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("has not been initialized")));
}

// What MXNet 2.0.0b1 prints for the same.
TEST(SummaryTest, CountsSharedAndFrozenParametersAndSeveralInputs) {
  class Add : public nn::HybridBlock {
   public:
    NDArrays ForwardMany(absl::Span<const NDArray> inputs) override {
      return {second(first(inputs[0]) + inputs[1]), inputs[1]};
    }
    Child<nn::Dense> first = Register("first", nn::Dense(3, {.in_units = 3}));
    Child<nn::Dense> second = Register("second", nn::Dense(3, {.in_units = 3}));
  };
  Add net;
  net.second->ShareParameters(net.first->CollectParams());
  net.first->bias().set_grad_req(gluon::GradReq::kNull);
  net.Initialize();
  ASSERT_OK_AND_ASSIGN(const std::string summary, net.Summary(np::Ones({2, 3}), np::Ones({2, 3})));
  EXPECT_THAT(summary, StrEq(R"(--------------------------------------------------------------------------------
        Layer (type)                                Output Shape         Param #
================================================================================
               Input                              (2, 3), (2, 3)               0
             Dense-1                                      (2, 3)              12
             Dense-2                                      (2, 3)              12
               Add-3                              (2, 3), (2, 3)               0
================================================================================
Parameters in forward computation graph, duplicate included
   Total params: 24
   Trainable params: 18
   Non-trainable params: 6
Shared params in forward computation graph: 12
Unique parameters in model: 12
--------------------------------------------------------------------------------
)"));
  EXPECT_TRUE(net.first->Summary(np::Ones({2, 3})).ok());  // the hooks are gone: no rows twice
}

}  // namespace
}  // namespace baryon
