#include "engine/gluon/rnn/rnn_layer.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/sequential.h"
#include "engine/gluon/symbol_block.h"
#include "engine/gluon/testing/both_ways.h"
#include "engine/io/params_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/seeded.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

// Parameters that any language can make from their names. What is expected below is what MXNet 1.9.1 gave for them.
template <typename Layer>
void SetSeeded(Layer& layer, const NDArray& x) {
  layer.Initialize();
  ASSERT_OK(layer(x).status());
  for (auto [name, parameter] : layer.params()) {
    ASSERT_OK(parameter.SetData(SeededParameter(name, parameter.shape())));
  }
}

void ExpectNear(const NDArray& got, const NDArray& expected, const Shape& shape) {
  EXPECT_EQ(got.shape(), shape);
  EXPECT_TRUE(np::AllClose(np::Ravel(got), expected, 1e-5, 1e-6)) << got;
}

TEST(RNNTest, GivesWhatMXNetGives) {
  const NDArray x = SeededInput("x", {3, 2, 3});
  rnn::RNN rnn(2);
  SetSeeded(rnn, x);
  ExpectNear(BothWays(rnn, x),
             np::Array({0, 0.5445375, 0.2649119, 0, 0, 0, 0.2355317, 2.144225, 0, 0.2941608, 0.3382735, 2.415329}),
             {3, 2, 2});
}

TEST(LSTMTest, GivesWhatMXNetGivesInTwoLayersAndDirections) {
  const NDArray x = SeededInput("x", {2, 3, 3}), h = SeededInput("h", {4, 2, 2}), c = SeededInput("c", {4, 2, 2});
  rnn::LSTM lstm(2, {.num_layers = 2, .layout = "NTC", .dropout = 0.5, .bidirectional = true});
  SetSeeded(lstm, x);
  const NDArrays outputs = AllBothWays(lstm, {x, h, c});
  ASSERT_EQ(outputs.size(), 3u);
  ExpectNear(outputs[0], np::Array({0.3719244,   0.3751638,  0.08311451,  0.2219444,   0.1788089,  0.2185051,
                                    -0.09280191, 0.121663,   0.2219521,   0.1798133,   -0.1404713, 0.08497765,
                                    -0.165962,   0.2912653,  -0.04402633, -0.05006832, 0.1198797,  0.001506108,
                                    -0.01651303, 0.03993325, 0.1828989,   -0.1364823,  0.01395684, 0.1452723}),
             {2, 3, 4});
  ExpectNear(outputs[1],
             np::Array({-0.1111261, -0.05971727, 0.03344977, -0.0387584, 0.01832336, 0.819242, 0.2281428, -0.1124847,
                        0.2219521, 0.1798133, 0.1828989, -0.1364823, 0.08311451, 0.2219444, -0.04402633, -0.05006832}),
             {4, 2, 2});
  ExpectNear(outputs[2],
             np::Array({-0.3944362, -0.08292037, 0.07519854, -0.05740342, 0.07521432, 1.610982, 0.507866, -0.2282536,
                        0.5369262, 0.5060801, 0.3924704, -0.2360266, 0.1417909, 0.3060513, -0.08195324, -0.08292656}),
             {4, 2, 2});
}

TEST(GRUTest, GivesWhatMXNetGives) {
  const NDArray x = SeededInput("x", {3, 2, 3}), h = SeededInput("h", {1, 2, 2});
  rnn::GRU gru(2);
  SetSeeded(gru, x);
  const auto [output, states] = gru(x, {h});
  ExpectNear(output,
             np::Array({0.4038871, -0.3660746, -0.3885485, -0.1596161, -0.3794992, -0.4533673, 0.2006103, 0.1152603,
                        0.1100378, -0.02196212, -0.06655558, -0.2127863}),
             {3, 2, 2});
  ASSERT_EQ(states.size(), 1u);
  ExpectNear(states[0], np::Array({0.1100378, -0.02196212, -0.06655558, -0.2127863}), {1, 2, 2});
}

TEST(RecurrentLayerTest, BeginsAtZeroWithoutStates) {
  const NDArray x = SeededInput("x", {3, 2, 3});
  rnn::LSTM lstm(4, {.num_layers = 2});
  SetSeeded(lstm, x);
  const auto [output, states] = lstm(x, lstm.BeginState(2));
  EXPECT_TRUE(np::ArrayEqual(lstm(x), output));
  EXPECT_EQ(states[1].shape(), Shape({2, 2, 4}));
  EXPECT_EQ(lstm.Call({x, NDArray(), NDArray()}).size(), 1u);
  ASSERT_EQ(lstm.StateInfos().size(), 2u);
  EXPECT_EQ(lstm.StateInfos()[0].shape, Shape({2, 0, 4}));
  EXPECT_EQ(lstm.StateInfos()[0].layout, "LNC");
}

// The first half of a sequence and then, from its states, the second half.
TEST(RecurrentLayerTest, GoesOnFromStates) {
  const NDArray x = SeededInput("x", {6, 2, 3});
  rnn::GRU gru(4);
  SetSeeded(gru, x);
  gru.Hybridize();
  const auto first = gru(x.Slice(0, 3), gru.BeginState(2));
  const auto second = gru(x.Slice(3), first.states);
  EXPECT_TRUE(np::AllClose(np::Concatenate({first.output, second.output}), gru(x), 1e-5, 1e-6));
}

TEST(RecurrentLayerTest, EndsSequencesAtTheirLengths) {
  const NDArray x = SeededInput("x", {3, 2, 3});
  rnn::LSTM lstm(2, {.use_sequence_length = true}), whole(2);
  SetSeeded(whole, x);
  lstm.Initialize();
  const NDArrays inputs = {x, NDArray(), NDArray(), np::Array({3, 1})};
  ASSERT_OK(lstm.Call(inputs)[0].status());
  for (auto [name, parameter] : lstm.params()) ASSERT_OK(parameter.SetData(whole.param(name).data()));
  const NDArray got = AllBothWays(lstm, inputs)[0];
  EXPECT_EQ(got.shape(), Shape({3, 2, 2}));
  EXPECT_TRUE(np::ArrayEqual(got[0], whole(x)[0]));
  EXPECT_TRUE(np::ArrayEqual(got[2][1], np::Zeros({2})));
  const auto [output, states] = lstm(x, lstm.BeginState(2), np::Array({3, 1}));
  EXPECT_TRUE(np::AllClose(states[0][0][1], whole(x)[0][1], 1e-5, 1e-6)) << states[0];
}

TEST(RecurrentLayerTest, ProjectsAndClips) {
  const NDArray x = SeededInput("x", {3, 2, 3});
  rnn::LSTM lstm(4, {.projection_size = 2, .state_clip_min = -0.1, .state_clip_max = 0.1});
  SetSeeded(lstm, x);
  EXPECT_EQ(lstm.param("l0_h2h_weight").shape(), Shape({16, 2}));
  EXPECT_EQ(lstm.param("l0_h2r_weight").shape(), Shape({2, 4}));
  const NDArrays begin = lstm.BeginState(2);
  const NDArrays outputs = AllBothWays(lstm, {x, begin[0], begin[1]});
  ASSERT_EQ(outputs.size(), 3u);
  EXPECT_EQ(outputs[0].shape(), Shape({3, 2, 2}));
  EXPECT_EQ(outputs[2].shape(), Shape({1, 2, 4}));
  EXPECT_LE(*np::Max(np::Abs(outputs[2])).Item<float>(), 0.1f);
}

TEST(RecurrentLayerTest, HasOptions) {
  rnn::RNN ones(1, {.activation = "tanh",
                    .i2h_weight_initializer = "ones",
                    .h2h_weight_initializer = "zeros",
                    .i2h_bias_initializer = init::Constant(100),
                    .input_size = 1,
                    .dtype = DType::kFloat64});
  ones.Initialize();
  EXPECT_EQ(ones(np::Zeros({2, 1, 1}, DType::kFloat64)).ToString(), "array([[[1.]],\n\n       [[1.]]], dtype=float64)");
  ones.Cast(DType::kFloat32);
  EXPECT_EQ(BothWays(ones, np::Zeros({2, 1, 1})).dtype(), DType::kFloat32);
  EXPECT_EQ(ones.BeginState(3)[0].type(), (TensorType{DType::kFloat32, {1, 3, 1}}));
}

TEST(RecurrentLayerTest, Prints) {
  rnn::LSTM lstm(100, {.num_layers = 2, .dropout = 0.1, .bidirectional = true});
  EXPECT_EQ(lstm.ToString(), "LSTM(None -> 100, TNC, num_layers=2, dropout=0.1, bidirectional)");
  EXPECT_EQ(rnn::RNN(3, {.layout = "NTC", .input_size = 5}).ToString(), "RNN(5 -> 3, NTC)");
  EXPECT_EQ(rnn::GRU(3).ToString(), "GRU(None -> 3, TNC)");
  nn::Sequential net;
  net.Add(rnn::LSTM(4, {.num_layers = 2}));
  net.Initialize();
  const auto summary = net.Summary(np::Ones({2, 4, 5}));
  ASSERT_OK(summary.status());
  EXPECT_THAT(*summary,
              HasSubstr("              LSTM-1                                   (2, 4, 4)             336\n"));
}

TEST(RecurrentLayerTest, NamesParametersAsMXNetDoes) {
  rnn::RNN both(3, {.num_layers = 1, .bidirectional = true, .input_size = 2});
  EXPECT_THAT(both.params().names(), ElementsAre("l0_i2h_weight", "l0_h2h_weight", "l0_i2h_bias", "l0_h2h_bias",
                                                 "r0_i2h_weight", "r0_h2h_weight", "r0_i2h_bias", "r0_h2h_bias"));
  nn::HybridSequential net;
  net.Add(std::move(both), rnn::GRU(2, {.input_size = 6}));
  net.Initialize();
  const std::string path = testing::TempDir() + "/recurrent.params";
  ASSERT_OK(net.SaveParameters(path));
  const auto file = ParamsFile::Open(path);
  ASSERT_OK(file.status());
  std::vector<std::string> names;
  for (const auto& entry : (*file)->entries()) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("0._unfused.0.l_cell.i2h_weight", "0._unfused.0.l_cell.h2h_weight",
                                 "0._unfused.0.l_cell.i2h_bias", "0._unfused.0.l_cell.h2h_bias",
                                 "0._unfused.0.r_cell.i2h_weight", "0._unfused.0.r_cell.h2h_weight",
                                 "0._unfused.0.r_cell.i2h_bias", "0._unfused.0.r_cell.h2h_bias",  //
                                 "1._unfused.0.i2h_weight", "1._unfused.0.h2h_weight", "1._unfused.0.i2h_bias",
                                 "1._unfused.0.h2h_bias"));
  EXPECT_OK(net.LoadParameters(path));
  // Names of attributes are understood, too.
  EXPECT_OK(net.LoadDict({{"1.l0_i2h_bias", Tensor::FromData<float>({6}, std::vector<float>(6, 5))}},
                         {.allow_missing = true}));
  EXPECT_EQ(net.Get<rnn::GRU>(1)->param("l0_i2h_bias").data()[0].ToString(), "array(5.)");
}

// MXNet 2 has all parameters of a layer in one vector.
TEST(RecurrentLayerTest, ExchangesOneVectorWithMXNet2) {
  const auto make = [](int64_t input_size) {
    nn::HybridSequential net;
    net.Add(rnn::LSTM(2, {.num_layers = 2, .bidirectional = true, .input_size = input_size}), rnn::GRU(3));
    return net;
  };
  const NDArray x = SeededInput("x", {3, 2, 5});
  nn::HybridSequential net = make(5), same = make(0), other = make(4);
  net.Initialize(init::Normal(0.5));
  const NDArray y = net(x);
  const std::string path = testing::TempDir() + "/recurrent.npz";
  ASSERT_OK(net.SaveParameters(path, {.npz = true}));
  const auto file = ParamsFile::Open(path);
  ASSERT_OK(file.status());
  ASSERT_EQ((*file)->entries().size(), 2u);
  EXPECT_EQ((*file)->entries()[0].name, "0.rnn_param");
  EXPECT_EQ((*file)->entries()[1].name, "1.rnn_param");
  ASSERT_OK(same.LoadParameters(path));
  EXPECT_TRUE(np::ArrayEqual(same(x), y));
  EXPECT_THAT(other.LoadParameters(path), StatusIs(StatusCode::kInvalidArgument, HasSubstr("shape incompatible")));
  EXPECT_THAT(same.LoadDict({{"0.rnn_param", Tensor::FromData<float>({3}, {1, 2, 3})}}, {.allow_missing = true}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("in one vector, got shape (3,)")));
}

// A network as MXNet would write it; the states are its nodes, made for any batch.
TEST(RecurrentLayerTest, ExportsAsMXNetDoes) {
  class Net : public nn::HybridBlock {
   public:
    Net() {
      const NameScope scope(*this);
      lstm = Register("lstm", rnn::LSTM(3, {.layout = "NTC"}));
    }
    NDArray Forward(const NDArray& x) override { return lstm(x); }
    Child<rnn::LSTM> lstm;
  };
  const NameManager fresh;
  Net net;
  net.Initialize();
  net.Hybridize();
  const NDArray x = SeededInput("x", {2, 4, 5}), more = SeededInput("x", {3, 6, 5});
  const NDArray y = net(x);
  ASSERT_OK(y.status());
  std::vector<std::string> names;
  const Graph& graph = *net.traced_graph();
  for (NodeId id = 0; id < graph.num_nodes(); ++id) names.push_back(graph.node(id).name);
  EXPECT_THAT(
      names, testing::UnorderedElementsAre("data", "net0_net0_lstm0_h0_0", "net0_net0_lstm0_h0_1",
                                           "net0_lstm0_swapaxes0", "net0_lstm0_l0_i2h_weight", "net0_lstm0_reshape0",
                                           "net0_lstm0_l0_h2h_weight", "net0_lstm0_reshape1", "net0_lstm0_l0_i2h_bias",
                                           "net0_lstm0_reshape2", "net0_lstm0_l0_h2h_bias", "net0_lstm0_reshape3",
                                           "net0_lstm0__rnn_param_concat0", "net0_lstm0_rnn0", "net0_lstm0_swapaxes1"));
  const auto files = net.Export(testing::TempDir() + "/recurrent");
  ASSERT_OK(files.status());
  auto imported = gluon::SymbolBlock::Imports(files->first, {"data"}, files->second);
  ASSERT_OK(imported.status());
  EXPECT_TRUE(np::ArrayEqual((*imported)(x), y));
  EXPECT_TRUE(np::AllClose((*imported)(more), net(more), 1e-5, 1e-6));
}

TEST(RecurrentLayerTest, CompilesOnceForAllBatches) {
  rnn::GRU gru(3, {.input_size = 5});
  gru.Initialize();
  gru.Hybridize();
  ASSERT_OK(gru(np::Ones({4, 2, 5})).status());
  const auto executable = gru.executable();
  EXPECT_EQ(gru(np::Ones({7, 3, 5})).shape(), Shape({7, 3, 3}));
  EXPECT_EQ(gru.executable(), executable);
}

TEST(RecurrentLayerTest, ReportsBadInputs) {
  rnn::LSTM lstm(3, {.input_size = 5});
  lstm.Initialize();
  const NDArray x = np::Ones({2, 4, 5});
  EXPECT_THAT(lstm(x, lstm.BeginState(3)).states[1].status(),
              StatusIs(StatusCode::kInvalidArgument,
                       HasSubstr("Invalid recurrent state shape. Expecting (1, 4, 3), got (1, 3, 3).")));
  EXPECT_THAT(lstm.Call({x, x})[0].status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("got 2")));
  EXPECT_THAT(lstm(np::Ones({2, 5})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("three axes (TNC)")));
  EXPECT_THAT(lstm(np::Ones({2, 4, 6})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("l0_i2h_weight")));
  EXPECT_THAT(rnn::LSTM(3, {.layout = "NCT"})(x).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Invalid layout NCT; must be one of ['TNC' or 'NTC']")));
  rnn::RNN odd(3, {.activation = "relo"});
  odd.Initialize();
  EXPECT_THAT(odd(x).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("rnn_relo")));
}

}  // namespace
}  // namespace baryon
