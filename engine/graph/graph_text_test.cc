#include "engine/graph/graph_text.h"

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

TEST(GraphTextTest, WhatIsWrittenReadsBackTheSame) {
  const auto graph = GraphFromText(R"(
      # a comment
      input data: float32 [1, 3, 8, 8]
      const weight: float32 [4, 3, 3, 3]

      conv0 = Convolution(data, weight) {kernel=(3, 3), no_bias=True, num_filter=4}
      out = softmax(conv0) {axis=1}
      output out_output = out)");
  ASSERT_OK(graph);
  const std::string text = GraphToText(*graph);
  EXPECT_EQ(text,
            "input data: float32 [1, 3, 8, 8]\n"
            "const weight: float32 [4, 3, 3, 3]\n"
            "conv0 = Convolution(data, weight) {kernel=(3, 3), no_bias=True, num_filter=4} : float32 [1, 4, 6, 6]\n"
            "out = softmax(conv0) {axis=1} : float32 [1, 4, 6, 6]\n"
            "output out_output = out\n");
  const auto again = GraphFromText(text);
  ASSERT_OK(again);
  EXPECT_EQ(GraphToText(*again), text);
}

TEST(GraphTextTest, NodesOfOneNameAndLaterOutputsAreToldApart) {
  const auto graph = GraphFromText(R"(
      input data: float32 [2, 4]
      a = SliceChannel(data) {num_outputs=2}
      a#2 = softmax(a:1)
      output y_output = a#2)");
  ASSERT_OK(graph);
  EXPECT_THAT(GraphToText(*graph), HasSubstr("softmax(a:1)"));
}

TEST(GraphTextTest, ConstantsHaveTheValuesGivenOrSeededOnes) {
  const auto graph = GraphFromText(R"(
      const k: float32 [2] = 1 2.5
      const bn_var: float32 [50]
      output k_output = k
      output var_output = bn_var)");
  ASSERT_OK(graph);
  const auto k = graph->node(graph->outputs()[0].value.node).constant->Get();
  ASSERT_OK(k);
  EXPECT_THAT(k->span<float>(), testing::ElementsAre(1, 2.5));
  const auto variance = graph->node(graph->outputs()[1].value.node).constant->Get();
  ASSERT_OK(variance);
  EXPECT_THAT(variance->span<float>(), testing::Each(testing::Gt(0)));
}

TEST(GraphTextTest, ErrorsNameTheLine) {
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"input data: float31 [1]", "dtype"},
           {"input data float32 [1]", "line 1"},
           {"input a: float32 [1]\ny = softmax(b)\noutput o = y", "line 2"},
           {"input a: float32 [1]\ny = softmix(a)\noutput o = y", "softmix"},
           {"input a: float32 [1]\ny = softmax(a) {axis}\noutput o = y", "line 2"},
           {"input a: float32 [1]\ny = softmax(a:1)\noutput o = y", "an output of the node"},
           {"const k: float32 [2] = 1 x", "line 1"},
           {"what is this", "line 1"},
       }) {
    EXPECT_THAT(GraphFromText(text).status().ToString(), HasSubstr(why)) << text;
    EXPECT_FALSE(GraphFromText(text).ok()) << text;
  }
}

}  // namespace
}  // namespace baryon
