// Whole networks of tests/golden/gluon.zip, written again as blocks: what MXNet 1.9.1 answered, and the names that it
// gave to every node of the graphs it exported.
#include <memory>
#include <set>
#include <string>

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/invoke.h"
#include "engine/gluon/nn.h"
#include "engine/gluon/np.h"
#include "engine/gluon/npx.h"
#include "engine/gluon/rnn.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"
#include "tests/support/model_case.h"
#include "tests/support/seeded.h"

namespace baryon {
namespace {

std::set<std::string> NodeNames(const Graph& graph) {
  std::set<std::string> names;
  for (NodeId id = 0; id < graph.num_nodes(); ++id) names.insert(graph.node(id).name);
  return names;
}

NamedTensors Named(const Graph& graph, const NDArrays& outputs) {
  NamedTensors named;
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_OK(outputs[i].status());
    if (outputs[i].ok()) named.emplace_back(graph.outputs()[i].name, outputs[i].tensor());
  }
  return named;
}

void ExpectGolden(gluon::HybridBlock& net, const std::string& name) {
  ASSERT_OK_AND_ASSIGN(const ModelCase golden, ReadModelCase(GoldenFolder("gluon") + "/" + name));
  NDArrays inputs;
  for (const auto& [input, tensor] : golden.inputs) inputs.emplace_back(tensor);
  net.Initialize();
  ASSERT_OK(net.Call(inputs)[0].status());
  net.ResolveNames();
  for (auto [path, parameter] : net.CollectParams()) {
    ASSERT_OK(parameter.LoadData(SeededParameter(parameter.export_name(), parameter.shape())));
  }
  const NDArrays eager = net.Call(inputs);
  net.Hybridize();
  const NDArrays compiled = net.Call(inputs);
  ASSERT_NE(net.traced_graph(), nullptr);
  EXPECT_EQ(Disagreement(golden, Named(*net.traced_graph(), eager)), "");
  EXPECT_EQ(Disagreement(golden, Named(*net.traced_graph(), compiled)), "");
  EXPECT_EQ(NodeNames(*net.traced_graph()), NodeNames(golden.graph));
}

TEST(GoldenNetworksTest, TagsWordsInBothDirections) {
  const NameManager fresh;
  nn::HybridSequential net;
  net.Add(nn::Embedding(200, 24), rnn::LSTM(28, {.layout = "NTC", .bidirectional = true}), nn::LayerNorm(),
          nn::Dense(9, {.flatten = false}));
  ExpectGolden(net, "bilstm_tagger");
}

class GRULanguageModel : public gluon::HybridBlock {
 public:
  GRULanguageModel() {
    const NameScope scope(*this);
    embed = Register("embed", nn::Embedding(300, 40));
    encode = Register("encode", rnn::GRU(48, {.num_layers = 2, .layout = "NTC", .dropout = 0.2}));
    out = Register("out", nn::Dense(300, {.flatten = false}));
  }
  NDArray Forward(const NDArray& tokens) override {
    return npx::LogSoftmax(out(InvokeOne("Dropout", {{"p", "0.2"}}, {encode(embed(tokens))})));
  }

  Child<nn::Embedding> embed;
  Child<rnn::GRU> encode;
  Child<nn::Dense> out;
};

TEST(GoldenNetworksTest, PredictsWords) {
  const NameManager fresh;
  GRULanguageModel net;
  ExpectGolden(net, "gru_language_model");
}

// An encoder, a decoder with upsampling and shortcuts; probabilities of classes and the best.
class SegNet : public gluon::HybridBlock {
 public:
  SegNet() {
    const NameScope scope(*this);
    nn::HybridSequential encoder, decoder;
    for (int64_t channels : {12, 24, 40}) encoder.Add(Unit(channels, 2, true));
    for (int64_t channels : {24, 12, 12}) decoder.Add(Unit(channels, 1, false));
    down = Register("down", std::move(encoder));
    up = Register("up", std::move(decoder));
    grow = Register("grow", nn::Conv2DTranspose(12, 4, {.strides = 2, .padding = 1}));
    out = Register("out", nn::Conv2D(3, 1));
  }
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override {
    NDArray x = inputs[0];
    NDArrays skips;
    for (auto& block : *down) {
      x = block(x);
      skips.push_back(x);
    }
    for (int64_t i = 0; i < 2; ++i) {
      const Attrs twice = {{"scale_height", "2"}, {"scale_width", "2"}};
      const NDArray grown = InvokeOne("_contrib_BilinearResize2D", twice, {x}, {.hint = "bilinearresize2d"});
      x = (*up)[i](grown) + skips[1 - i];
    }
    const NDArray y = out((*up)[2](grow(x)));
    return {npx::Softmax(y, 1), InvokeOne("argmax", {{"axis", "1"}}, {y})};
  }

  Child<nn::HybridSequential> down, up;
  Child<nn::Conv2DTranspose> grow;
  Child<nn::Conv2D> out;

 private:
  static nn::HybridSequential Unit(int64_t channels, int64_t stride, bool scale) {
    nn::HybridSequential unit;
    unit.Add(nn::Conv2D(channels, 3, {.strides = stride, .padding = 1, .use_bias = false}),
             nn::BatchNorm({.scale = scale}), nn::PReLU());
    return unit;
  }
};

TEST(GoldenNetworksTest, SegmentsPictures) {
  const NameManager fresh;
  SegNet net;
  ExpectGolden(net, "segmentation_bilinear");
}

}  // namespace
}  // namespace baryon
