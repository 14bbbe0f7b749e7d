#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(FoldConstantsTest, ChainsOfOperatorsOnConstantsBecomeOneConstant) {
  EXPECT_EQ(RunPass(FoldConstants, R"(
                input data: float32 [2, 3]
                const w: float32 [3]
                a = relu(w)
                b = elemwise_add(a, w)
                y = broadcast_mul(data, b)
                output y_output = y)"),
            WithoutTypes(R"(
                input data: float32 [2, 3]
                const b: float32 [3]
                y = broadcast_mul(data, b)
                output y_output = y)"));
}

TEST(FoldConstantsTest, OperatorsWithoutInputsAreConstants) {
  EXPECT_EQ(RunPass(FoldConstants, R"(
                input data: float32 [3]
                zeros = _zeros() {shape=(3,)}
                y = elemwise_add(data, zeros)
                output y_output = y)"),
            WithoutTypes(R"(
                input data: float32 [3]
                const zeros: float32 [3]
                y = elemwise_add(data, zeros)
                output y_output = y)"));
}

TEST(FoldConstantsTest, WhatDependsOnAnInputStays) {
  const std::string text = R"(
      input data: float32 [3]
      y = relu(data)
      output y_output = y)";
  EXPECT_EQ(RunPass(FoldConstants, text), WithoutTypes(text));
}

}  // namespace
}  // namespace baryon
