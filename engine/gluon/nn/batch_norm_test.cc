// Numbers and texts are those of MXNet 1.9.1 for the same layers, see testing/pattern.h.
#include "engine/gluon/nn/batch_norm.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/pattern.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

const NDArray& Normalized() {
  static const auto* values = new NDArray(
      np::Array({-0.414591, -1.58852, 0.183773, 0.73717, 0, 0, -1.92393, -1.25311, 0.0256593, 0.579057, 0, 0}));
  return *values;
}

TEST(BatchNormTest, NormalizesChannelsByTheirStatistics) {
  nn::BatchNorm norm;
  const NDArray y = PatternAnswer(norm, {2, 3, 2});
  EXPECT_TRUE(np::AllClose(np::Ravel(y), Normalized(), 1e-5, 1e-5)) << y;
  EXPECT_EQ(norm.ToString(),
            "BatchNorm(axis=1, eps=1e-05, momentum=0.9, fix_gamma=False, use_global_stats=False, in_channels=3)");
}

TEST(BatchNormTest, TakesAnotherAxisAndNoScale) {
  nn::BatchNorm norm({.axis = -1, .epsilon = 0.25, .center = false, .scale = false});
  const NDArray y = PatternAnswer(norm, {2, 3});
  EXPECT_TRUE(np::AllClose(y, np::Array({{-1.15825, 0.5, -0.333333}, {0.882993, 0.349244, -0.5}}), 1e-5, 1e-5)) << y;
  EXPECT_EQ(norm.ToString(),
            "BatchNorm(axis=-1, eps=0.25, momentum=0.9, fix_gamma=True, use_global_stats=False, in_channels=3)");
}

TEST(BatchNormTest, StartsAsTheIdentity) {
  nn::BatchNorm norm({.epsilon = 0});
  EXPECT_THAT(norm.ToString(), HasSubstr("in_channels=-1)"));
  norm.Initialize();
  const NDArray x = PatternInput({2, 3, 2});
  EXPECT_TRUE(np::ArrayEqual(norm(x), x));
}

TEST(BatchNormTest, TrainsWhatItIsTold) {
  const auto trained = [](const nn::BatchNorm& norm) {
    std::vector<std::string> names;
    for (const auto& [name, parameter] : norm.params()) {
      if (parameter.grad_req() != gluon::GradReq::kNull) names.push_back(name);
    }
    return names;
  };
  EXPECT_THAT(trained(nn::BatchNorm()), ElementsAre("gamma", "beta"));
  EXPECT_THAT(trained(nn::BatchNorm({.scale = false})), ElementsAre("beta"));
  EXPECT_THAT(trained(nn::BatchNorm({.center = false})), ElementsAre("gamma"));
}

TEST(BatchNormTest, KeepsItsParametersWhenTheRestIsHalf) {
  nn::BatchNorm norm({.in_channels = 3});
  norm.Cast(DType::kFloat16);
  EXPECT_EQ(norm.gamma().dtype(), DType::kFloat32);
  norm.Initialize();
  EXPECT_EQ(norm(np::Ones({2, 3}, DType::kFloat16)).dtype(), DType::kFloat16);
  norm.Cast(DType::kFloat64);
  EXPECT_EQ(norm.gamma().dtype(), DType::kFloat64);
}

TEST(BatchNormTest, ReportsInputsThatDoNotFit) {
  nn::BatchNorm norm({.in_channels = 3});
  norm.Initialize();
  EXPECT_THAT(norm(np::Ones({3})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("axis 1, got (3,)")));
  EXPECT_THAT(norm(np::Ones({2, 4})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("(4,)")));
}

TEST(SyncBatchNormTest, ComputesTheSame) {
  const NameManager fresh;
  nn::SyncBatchNorm norm({.num_devices = 2});
  const NDArray y = PatternAnswer(norm, {2, 3, 2});
  EXPECT_TRUE(np::AllClose(np::Ravel(y), Normalized(), 1e-5, 1e-5)) << y;
  EXPECT_EQ(norm.ToString(),
            "SyncBatchNorm(eps=1e-05, momentum=0.9, fix_gamma=False, use_global_stats=False, ndev=2, "
            "key='syncbatchnorm0_', in_channels=3)");
}

}  // namespace
}  // namespace baryon
