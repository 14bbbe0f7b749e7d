#include "engine/runtime/independent_rows.h"

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// Whether the rows of y, made of eight rows of data, are kept apart.
bool Apart(const std::string& text) {
  const absl::StatusOr<Graph> graph =
      GraphFromText("input data: float32 [8, 6, 4]\n const w: float32 [5, 4]\n" + text + "\n output y_output = y");
  EXPECT_OK(graph) << text;
  return RowsAreIndependent(*graph, 8);
}

TEST(IndependentRowsTest, LayersViewsAndElementwiseOperatorsKeepRowsApart) {
  EXPECT_TRUE(Apart("y = FullyConnected(data, w) {flatten=False, no_bias=True, num_hidden=5}"));
  EXPECT_TRUE(Apart("a = relu(data)\n y = elemwise_add(a, data)"));
  EXPECT_TRUE(Apart("y = Reshape(data) {shape=(0, -1)}"));
  EXPECT_TRUE(Apart("y = softmax(data)"));
  EXPECT_TRUE(Apart("y = Concat(data, data) {dim=2, num_args=2}"));
}

TEST(IndependentRowsTest, OperatorsAlongTheRowsDoNot) {
  EXPECT_FALSE(Apart("y = softmax(data) {axis=0}"));
  EXPECT_FALSE(Apart("y = softmax(data) {axis=-3}"));
  EXPECT_FALSE(Apart("y = Reshape(data) {shape=(-1, 4)}"));
  EXPECT_FALSE(Apart("y = sum(data) {axis=0, keepdims=True}"));
  EXPECT_FALSE(Apart("y = transpose(data) {axes=(1, 0, 2)}"));
}

TEST(IndependentRowsTest, FusedConvolutionsKeepRowsApart) {
  EXPECT_TRUE(
      Apart("p = Reshape(data) {shape=(0, 4, 6, 1)}\n const q: float32 [5, 1, 1, 1]\n const r: float32 [5, 3, 3, 1]\n"
            "y = _conv_depthwise(p, q, r)"));
}

TEST(IndependentRowsTest, BatchNormByConstantsKeepsRowsApart) {
  const std::string constants =
      "const g: float32 [6]\n const h: float32 [6]\n const m: float32 [6]\n const v: float32 [6]\n";
  EXPECT_TRUE(Apart(constants + "y = BatchNorm(data, g, h, m, v)"));
  EXPECT_TRUE(Apart(constants + "y = _contrib_BatchNormWithReLU(data, g, h, m, v)"));
  EXPECT_FALSE(Apart(constants + "y = BatchNorm(data, g, h, m, v) {output_mean_var=True}"))
      << "means are of no row";
  EXPECT_FALSE(Apart(constants + "input n: float32 [6]\n y = BatchNorm(data, n, h, m, v)"));
  const std::string eight =
      "const g: float32 [8]\n const h: float32 [8]\n const m: float32 [8]\n const v: float32 [8]\n";
  EXPECT_FALSE(Apart(eight + "y = BatchNorm(data, g, h, m, v) {axis=0}"));
  EXPECT_FALSE(Apart(eight + "y = BatchNorm(data, g, h, m, v) {axis=-3}"));
}

TEST(IndependentRowsTest, LayersWhoseFirstAxisIsTimeDoNot) {
  const std::string layer = "y = FullyConnected(data, w) {flatten=False, no_bias=True, num_hidden=5, batch_axis=";
  EXPECT_TRUE(Apart(layer + "0}"));
  EXPECT_FALSE(Apart(layer + "1}"));
}

TEST(IndependentRowsTest, WhatIsNotOfTheBatchBelongsToNoRow) {
  EXPECT_FALSE(Apart("const c: float32 [8, 6, 4]\n y = elemwise_add(data, c)"));
  EXPECT_FALSE(
      Apart("input v: float32 [5, 4]\n y = FullyConnected(data, v) {flatten=False, no_bias=True, "
            "num_hidden=5}"));
  EXPECT_FALSE(
      Apart("input v: float32 [8, 4]\n y = FullyConnected(data, v) {flatten=False, no_bias=True, "
            "num_hidden=8}"));
}

}  // namespace
}  // namespace baryon
