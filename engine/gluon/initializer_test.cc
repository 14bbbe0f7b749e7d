#include "engine/gluon/initializer.h"

#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

NDArray Filled(const init::Initializer& initializer, const Shape& shape, const std::string& name = "weight",
               const init::Initializer& global = init::Uniform()) {
  random::Generator generator(1);
  return initializer({name, {DType::kFloat32, shape}, generator, global});
}

double Mean(const NDArray& x) { return *np::Mean(x).Item<double>(); }
double Std(const NDArray& x) { return *np::Std(x).Item<double>(); }
double Largest(const NDArray& x) { return *np::Max(np::Abs(x)).Item<double>(); }

TEST(InitializerTest, FillsWithOneValue) {
  EXPECT_EQ(Filled("zeros", {2}).ToString(), "array([0., 0.])");
  EXPECT_EQ(Filled("One", {2}).ToString(), "array([1., 1.])");
  EXPECT_EQ(Filled(init::Constant(0.25), {2}).ToString(), "array([0.25, 0.25])");
  EXPECT_EQ(Filled(init::Constant(np::Array({1, 2})), {2}).ToString(), "array([1., 2.])");
  EXPECT_THAT(Filled(init::Constant(np::Array({1, 2})), {3}).status(),
              StatusIs(StatusCode::kInvalidArgument, "expected a constant of shape (3,), got (2,)"));
}

TEST(InitializerTest, DrawsFromTheUsualDistributions) {
  const NDArray uniform = Filled("uniform", {300, 300}), normal = Filled(init::Normal(0.5), {300, 300});
  EXPECT_LE(Largest(uniform), 0.07);
  EXPECT_NEAR(Std(uniform), 0.07 / std::sqrt(3), 5e-4);
  EXPECT_NEAR(Mean(uniform), 0, 1e-3);
  EXPECT_NEAR(Std(normal), 0.5, 0.01);
  EXPECT_NEAR(Std(Filled("normal", {300, 300})), 0.01, 2e-4);
  EXPECT_LE(Largest(Filled(init::Uniform(2), {100})), 2);
  EXPECT_GE(Largest(Filled(init::Uniform(2), {100})), 1.5);
}

TEST(InitializerTest, IsFoundByName) {
  ASSERT_OK_AND_ASSIGN(const init::Initializer xavier, init::Create("Xavier"));
  EXPECT_EQ(xavier.name(), "xavier");
  EXPECT_THAT(init::Create("xaviar").status(),
              StatusIs(StatusCode::kNotFound, HasSubstr("\"xaviar\" is not registered")));
  EXPECT_TRUE(init::Initializer().empty());
}

TEST(InitializerTest, MayBeOfYourOwn) {
  const init::Initializer counting("counting", [](const init::Request& request) {
    return init::FillElements(request.type, [](int64_t i) { return static_cast<double>(i); });
  });
  EXPECT_EQ(Filled(counting, {3}).ToString(), "array([0., 1., 2.])");
}

// Fan-in 20 * 9, fan-out 30 * 9.
TEST(XavierTest, ScalesByFanInAndFanOut) {
  const Shape shape = {30, 20, 3, 3};
  EXPECT_NEAR(Largest(Filled("xavier", shape)), std::sqrt(3 / 225.0), 1e-3);
  EXPECT_NEAR(Largest(Filled(init::Xavier({.factor_type = "in", .magnitude = 6}), shape)), std::sqrt(6 / 180.0), 1e-3);
  EXPECT_NEAR(Largest(Filled(init::Xavier({.factor_type = "out"}), shape)), std::sqrt(3 / 270.0), 1e-3);
  EXPECT_NEAR(Std(Filled(init::Xavier({.rnd_type = "gaussian"}), shape)), std::sqrt(3 / 225.0), 3e-3);
  EXPECT_NEAR(Std(Filled("msraprelu", shape)), std::sqrt(2 / (1 + 0.0625) / 225), 3e-3);
}

TEST(XavierTest, RefusesWhatItCannotScale) {
  EXPECT_THAT(Filled("xavier", {3}, "bias").status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("cannot be applied to vector bias")));
  EXPECT_THAT(Filled(init::Xavier({.factor_type = "sum"}), {3, 3}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Incorrect factor type")));
  EXPECT_THAT(Filled(init::Xavier({.rnd_type = "cauchy"}), {3, 3}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Unknown random type")));
}

TEST(OrthogonalTest, MakesTheShorterSideOrthonormal) {
  for (const char* kind : {"uniform", "normal"}) {
    const NDArray wide = Filled(init::Orthogonal({.scale = 2, .rand_type = kind}), {4, 3, 3});
    const NDArray rows = wide.Reshape({4, 9});
    EXPECT_TRUE(np::AllClose(np::Dot(rows, rows.T()), np::Eye(4) * 4, 1e-5, 1e-5));
    const NDArray tall = Filled(init::Orthogonal({.scale = 1, .rand_type = kind}), {9, 4});
    EXPECT_TRUE(np::AllClose(np::Dot(tall.T(), tall), np::Eye(4), 1e-5, 1e-5));
  }
  EXPECT_EQ(Filled(init::Orthogonal({.rand_type = "cauchy"}), {2, 2}).status().code(), StatusCode::kInvalidArgument);
}

// MXNet's own numbers for (1, 1, 4, 4) and (1, 1, 3, 3).
TEST(BilinearTest, InterpolatesBetweenPixels) {
  const NDArray even = Filled("bilinear", {2, 1, 4, 4});
  EXPECT_TRUE(np::AllClose(even[1][0][0], np::Array({0.0625, 0.1875, 0.1875, 0.0625})));
  EXPECT_TRUE(np::AllClose(even[0][0][1], np::Array({0.1875, 0.5625, 0.5625, 0.1875})));
  const NDArray odd = Filled("bilinear", {1, 1, 3, 3});
  EXPECT_TRUE(np::AllClose(odd[0][0][1], np::Array({0.1875, 0.5625, 0.5625})));
  EXPECT_EQ(Filled("bilinear", {3, 3}).status().code(), StatusCode::kInvalidArgument);
}

TEST(RecurrentInitializerTest, OpensTheForgetGate) {
  EXPECT_EQ(Filled("lstmbias", {8}).ToString(), "array([0., 0., 1., 1., 0., 0., 0., 0.])");
  EXPECT_EQ(Filled(init::LSTMBias(2), {4}).ToString(), "array([0., 2., 0., 0.])");
}

// One layer of an LSTM with 2 units on 3 columns: i2h 8x3, h2h 8x2, then two biases of 8.
TEST(RecurrentInitializerTest, FillsAFusedVectorPartByPart) {
  const NDArray v = Filled(init::RNNFused({.mode = "lstm",
                                           .num_layers = 1,
                                           .state_size = 2,
                                           .i2h_weight_initializer = init::Constant(1),
                                           .h2h_weight_initializer = init::Constant(2),
                                           .i2h_bias_initializer = "zeros",
                                           .h2h_bias_initializer = init::LSTMBias(5)}),
                           {24 + 16 + 16});
  EXPECT_TRUE(np::ArrayEqual(v.Slice(0, 24), np::Ones({24})));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(24, 40), np::Full({16}, 2)));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(40, 48), np::Zeros({8})));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(48), np::Array({0, 0, 5, 5, 0, 0, 0, 0})));
}

TEST(RecurrentInitializerTest, KnowsLayersDirectionsAndProjections) {
  // Two layers of two directions with 2 units and a projection to 1, on 3 columns, one gate.
  const int64_t first = 2 * (2 * 3 + 2 * 1 + 1 * 2), second = 2 * (2 * 2 + 2 * 1 + 1 * 2), biases = 4 * 4;
  const init::Initializer fused = init::RNNFused({.mode = "rnn_tanh",
                                                  .num_layers = 2,
                                                  .state_size = 2,
                                                  .bidirectional = true,
                                                  .projection_size = 1,
                                                  .i2h_bias_initializer = "ones",
                                                  .h2h_bias_initializer = "ones",
                                                  .h2r_weight_initializer = init::Constant(7)});
  const NDArray v = Filled(fused, {first + second + biases}, "rnn_param", init::Zero());
  EXPECT_TRUE(np::ArrayEqual(v.Slice(0, 10), np::Array({0, 0, 0, 0, 0, 0, 0, 0, 7, 7})));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(first, first + 8), np::Array({0, 0, 0, 0, 0, 0, 7, 7})));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(first + second), np::Ones({biases})));
  EXPECT_THAT(Filled(fused, {first + second + biases + 1}).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Filled(init::RNNFused({.mode = "elman", .state_size = 1}), {4}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"elman\"")));
}

TEST(RecurrentInitializerTest, FillsFusedVectorsOfTheOlderKind) {
  const NDArray v = Filled(init::FusedRNN({.num_hidden = 1, .mode = "lstm", .forget_bias = 3}), {4 * 2 + 4 + 8},
                           "parameters", init::Constant(0.5));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(0, 12), np::Full({12}, 0.5)));
  EXPECT_TRUE(np::ArrayEqual(v.Slice(12), np::Array({0.5, 3, 0.5, 0.5, 0.5, 3, 0.5, 0.5})));
}

TEST(LoadTest, CopiesByName) {
  const init::Initializer load = init::Load({{"arg:weight", np::Array({1, 2}).tensor()}}, init::One());
  EXPECT_EQ(Filled(load, {2}).ToString(), "array([1., 2.])");
  EXPECT_EQ(Filled(load, {2}, "bias").ToString(), "array([1., 1.])");
  EXPECT_THAT(Filled(load, {3}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Shape mismatch, target (3,) vs loaded (2,)")));
  EXPECT_THAT(Filled(init::Load({}), {3}).status(),
              StatusIs(StatusCode::kNotFound, HasSubstr("Cannot Initialize weight. Not found in loaded param")));
}

TEST(MixedTest, TakesTheFirstThatMatches) {
  const init::Initializer mixed = init::Mixed({{"bias", init::Zero()}, {".*", init::One()}});
  EXPECT_EQ(Filled(mixed, {1}, "bias").ToString(), "array([0.])");
  EXPECT_EQ(Filled(mixed, {1}, "dense_bias").ToString(), "array([1.])");  // matched from the start
  EXPECT_THAT(Filled(init::Mixed({{"bias", init::Zero()}}), {1}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("did not match any pattern")));
  EXPECT_THAT(Filled(init::Mixed({{"(", init::Zero()}}), {1}).status(), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
