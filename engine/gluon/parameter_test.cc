#include "engine/gluon/parameter.h"

#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::gluon {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StrEq;

TEST(ParameterTest, PrintsShapeAndDType) {
  EXPECT_THAT(Parameter("weight", {.shape = {5, 0}}).ToString(), StrEq("Parameter (shape=(5, -1), dtype=float32)"));
  EXPECT_THAT(Parameter("weight", {.shape = {5}, .dtype = DType::kFloat16}).ToString(),
              StrEq("Parameter (shape=(5,), dtype=float16)"));
  EXPECT_THAT(Parameter("weight").ToString(), StrEq("Parameter (shape=None, dtype=float32)"));
  EXPECT_THAT(Constant(np::Ones({2, 3})).ToString(), StrEq("Constant (shape=(2, 3), dtype=float32)"));
}

TEST(ParameterTest, PrefersItsOwnInitializer) {
  Parameter own("weight", {.shape = {2}, .init = init::Constant(3)}), plain("bias", {.shape = {2}});
  ASSERT_OK(own.Initialize({}, init::One()));
  EXPECT_EQ(own.data().ToString(), "array([3., 3.])");
  ASSERT_OK(plain.Initialize({}, init::One()));
  EXPECT_EQ(plain.data().ToString(), "array([1., 1.])");
  ASSERT_OK(own.Initialize(init::Zero(), init::One(), /*force_reinit=*/true));  // given by hand: stronger
  EXPECT_EQ(own.data().ToString(), "array([0., 0.])");
}

TEST(ParameterTest, IsUniformByDefault) {
  Parameter parameter("bias", {.shape = {1000}});
  ASSERT_OK(parameter.Initialize());
  EXPECT_LE(*np::Max(np::Abs(parameter.data())).Item<float>(), 0.07f);
  EXPECT_GE(*np::Max(parameter.data()).Item<float>(), 0.06f);
}

TEST(ParameterTest, DefersWhatItCannotDoYet) {
  Parameter parameter("weight", {.shape = {2, 0}, .allow_deferred_init = true});
  ASSERT_OK(parameter.Initialize(init::One()));
  EXPECT_FALSE(parameter.is_initialized());
  EXPECT_THAT(parameter.data().status(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("was deferred")));
  EXPECT_THAT(parameter.FinishDeferredInit(),
              StatusIs(StatusCode::kInvalidArgument,
                       "Cannot initialize Parameter 'weight' because it has invalid shape: (2, -1). Please specify "
                       "in_units, in_channels, etc for `Block`s."));
  ASSERT_OK(parameter.SetShape({2, 3}));
  ASSERT_OK(parameter.FinishDeferredInit());
  EXPECT_EQ(parameter.data().shape(), Shape({2, 3}));
}

TEST(ParameterTest, RefusesUnknownShapesThatMayNotBeDeferred) {
  Parameter parameter("weight", {.shape = {2, 0}});
  const absl::Status status = parameter.Initialize();
  EXPECT_THAT(status, StatusIs(StatusCode::kInvalidArgument,
                               "Cannot initialize Parameter 'weight' because it has invalid shape: (2, -1)."));
  EXPECT_EQ(parameter.data().status(), status);  // remembered for the forward
}

TEST(ParameterTest, KeepsTheDimensionsItKnows) {
  Parameter parameter("weight", {.shape = {5, 0}});
  EXPECT_THAT(parameter.SetShape({4, 4}),
              StatusIs(StatusCode::kInvalidArgument,
                       "Expected shape (4, 4) is incompatible with given shape (5, -1) for Parameter weight."));
  EXPECT_THAT(parameter.SetShape({5}), StatusIs(StatusCode::kInvalidArgument));
  ASSERT_OK(parameter.SetShape({5, 2}));
  EXPECT_EQ(parameter.shape(), Shape({5, 2}));
}

TEST(ParameterTest, TakesData) {
  Parameter parameter("weight", {.shape = {2, 0}, .allow_deferred_init = true});
  EXPECT_THAT(parameter.SetData(np::Ones({2, 2})),
              StatusIs(StatusCode::kFailedPrecondition, "Parameter 'weight' has not been initialized"));
  ASSERT_OK(parameter.Initialize());
  const int64_t before = ParameterEpoch();
  ASSERT_OK(parameter.SetData(np::Array({{1, 2}, {3, 4}}, DType::kFloat64)));
  EXPECT_EQ(parameter.data().ToString(), "array([[1., 2.],\n       [3., 4.]])");  // float32, as the parameter
  EXPECT_GT(ParameterEpoch(), before);
  EXPECT_THAT(parameter.SetData(np::Ones({3}) + np::Ones({2})), StatusIs(StatusCode::kInvalidArgument));
}

TEST(ParameterTest, ChangesItsDType) {
  Parameter parameter("weight", {.shape = {2}});
  ASSERT_OK(parameter.Initialize(init::One()));
  const int64_t version = parameter.version();
  parameter.Cast(DType::kFloat16);
  EXPECT_EQ(parameter.data().dtype(), DType::kFloat16);
  EXPECT_NE(parameter.version(), version);
}

TEST(ParameterTest, IsOneParameterInAllItsCopies) {
  Parameter a("a", {.shape = {1}}), copy = a, b("b", {.shape = {1}});
  ASSERT_OK(b.Initialize(init::One()));
  a.ShareWith(b);
  EXPECT_EQ(copy, b);
  EXPECT_EQ(copy.data().ToString(), "array([1.])");
  EXPECT_NE(Parameter("c"), b);
}

TEST(ParameterTest, KnowsWhetherItIsTrained) {
  Parameter parameter("weight", {.shape = {1}, .differentiable = false});
  EXPECT_EQ(parameter.grad_req(), GradReq::kNull);
  parameter.set_grad_req(GradReq::kWrite);
  EXPECT_EQ(parameter.grad_req(), GradReq::kNull);
}

TEST(ParameterTest, ReportsInitializersThatFail) {
  Parameter parameter("weight", {.shape = {3}, .init = "xavier"}), unknown("bias", {.shape = {3}, .init = "xaviar"});
  EXPECT_THAT(parameter.Initialize(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("requires at least 2D")));
  EXPECT_THAT(unknown.Initialize(),
              StatusIs(StatusCode::kNotFound, HasSubstr("initializing Parameter 'bias': \"xaviar\"")));
  EXPECT_THAT(unknown.data().status(), StatusIs(StatusCode::kNotFound));
}

TEST(ParameterTest, AnswersForNone) {
  const Parameter none;
  EXPECT_FALSE(none);
  EXPECT_THAT(none.data().status(), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(ParameterDict()["weight"].data().status(), StatusIs(StatusCode::kNotFound));
}

TEST(ConstantTest, IsThereFromTheStart) {
  Constant constant("anchors", np::Array({1, 2}));
  EXPECT_EQ(constant.data().ToString(), "array([1., 2.])");
  ASSERT_OK(constant.Initialize(init::Zero(), init::Zero(), /*force_reinit=*/true));
  EXPECT_EQ(constant.data().ToString(), "array([1., 2.])");
  EXPECT_EQ(constant.grad_req(), GradReq::kNull);
}

TEST(ParameterDictTest, PrintsAndFinds) {
  ParameterDict parameters;
  parameters.Add("weight", Parameter("weight", {.shape = {5, 3}}));
  parameters.Add("bias", Parameter("bias", {.shape = {5}}));
  EXPECT_THAT(parameters.ToString(), StrEq("{'weight': Parameter (shape=(5, 3), dtype=float32), 'bias': Parameter "
                                           "(shape=(5,), dtype=float32)}"));
  EXPECT_EQ(parameters["bias"].shape(), Shape({5}));
  EXPECT_THAT(parameters.names(), ElementsAre("weight", "bias"));
}

}  // namespace
}  // namespace baryon::gluon
