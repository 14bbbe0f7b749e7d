#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/loop_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

// Inputs of the body: weight, state, row. The state grows by weight * row, which is given twice as step output.
constexpr char kBody[] = R"(
    input w: float32 [2]
    input state: float32 [2]
    input row: float32 [2]
    product = elemwise_mul(w, row)
    next = elemwise_add(state, product)
    twice = elemwise_add(next, next)
    output a = twice
    output b = next)";
const Attrs kAttrs = {{"num_args", "4"},        {"num_outputs", "2"},      {"num_out_data", "1"},
                      {"in_data_locs", "(2,)"}, {"in_state_locs", "(1,)"}, {"remain_locs", "(0,)"}};

Attrs With(const char* name, const char* value) {
  Attrs attrs = kAttrs;
  attrs.Set(name, value);
  return attrs;
}

TEST(ForeachTest, StacksStepOutputsAndReturnsTheLastStates) {
  const auto got = RunLoop("_foreach", kAttrs, {Subgraph(kBody)},
                           {F({3, 2}, {1, 2, 3, 4, 5, 6}), F({2}, {100, 200}), F({2}, {1, 10})});
  ASSERT_OK(got);
  EXPECT_THAT((*got)[0].span<float>(), ElementsAre(202, 440, 208, 520, 218, 640));
  EXPECT_THAT((*got)[1].span<float>(), ElementsAre(109, 320));
  EXPECT_EQ((*got)[0].shape(), Shape({3, 2}));
}

TEST(ForeachTest, WithoutStepsTheStatesStay) {
  const auto got = RunLoop("_foreach", kAttrs, {Subgraph(kBody)}, {F({0, 2}, {}), F({2}, {100, 200}), F({2}, {1, 10})});
  ASSERT_OK(got);
  EXPECT_EQ((*got)[0].shape(), Shape({0, 2}));
  EXPECT_THAT((*got)[1].span<float>(), ElementsAre(100, 200));
}

TEST(ForeachTest, LoopsMayBeNested) {
  auto outer = std::make_shared<Graph>();
  const NodeId rows = outer->AddInput("rows", {}), state = outer->AddInput("state", {}), w = outer->AddInput("w", {});
  const auto inner =
      outer->AddOperator("_foreach", "inner", kAttrs, {{rows, 0}, {state, 0}, {w, 0}}, true, {Subgraph(kBody)});
  ASSERT_OK(inner);
  outer->AddOutput({*inner, 0}, "a");
  outer->AddOutput({*inner, 1}, "b");
  const Attrs attrs = {{"num_outputs", "2"},
                       {"num_out_data", "1"},
                       {"in_data_locs", "(0,)"},
                       {"in_state_locs", "(1,)"},
                       {"remain_locs", "(2,)"}};
  const auto got = RunLoop("_foreach", attrs, {outer}, {F({2, 1, 2}, {1, 2, 3, 4}), F({2}, {0, 0}), F({2}, {1, 10})});
  ASSERT_OK(got);
  EXPECT_THAT((*got)[0].span<float>(), ElementsAre(2, 40, 8, 120));
  EXPECT_THAT((*got)[1].span<float>(), ElementsAre(4, 60));
}

TEST(ForeachTest, TypesGoBothWaysThroughTheBody) {
  const std::string body = R"(
      input state: float32 [-1, 2]
      input row: float32 [-1, 2]
      next = elemwise_add(state, row)
      output a = next
      output b = next)";
  const Attrs attrs = {{"num_outputs", "2"},
                       {"num_out_data", "1"},
                       {"in_data_locs", "(1,)"},
                       {"in_state_locs", "(0,)"},
                       {"remain_locs", "()"}};
  const auto graph =
      LoopGraph("_foreach", attrs, {Subgraph(body)}, {{DType::kFloat32, {5, 3, 2}}, {DType::kFloat32, {-1, 2}}});
  ASSERT_OK(graph);
  EXPECT_EQ(graph->type({1, 0}).shape, Shape({3, 2}));
  EXPECT_EQ(graph->type({2, 0}).shape, Shape({5, 3, 2}));
  EXPECT_EQ(graph->type({2, 1}).shape, Shape({3, 2}));
}

TEST(ForeachTest, RefusesAttributesAndOperandsThatDoNotFit) {
  const TensorTypes types = {{DType::kFloat32, {3, 2}}, {DType::kFloat32, {2}}, {DType::kFloat32, {2}}};
  const auto graph = [&](const Attrs& attrs, TensorTypes inputs) {
    return LoopGraph("_foreach", attrs, {Subgraph(kBody)}, inputs).status();
  };
  EXPECT_OK(graph(kAttrs, types));
  EXPECT_THAT(graph(With("num_args", "5"), types), StatusIs(kInvalid, HasSubstr("num_args")));
  EXPECT_THAT(graph(With("in_data_locs", "(3,)"), types), StatusIs(kInvalid, HasSubstr("in [0, 3)")));
  EXPECT_THAT(graph(With("in_data_locs", "(1,)"), types), StatusIs(kInvalid, HasSubstr("differ")));
  EXPECT_THAT(graph(With("remain_locs", "()"), types), StatusIs(kInvalid));
  EXPECT_THAT(graph(With("num_out_data", "2"), types), StatusIs(kInvalid));
  EXPECT_THAT(graph(kAttrs, {types[0], {DType::kFloat32, {3}}, types[2]}), StatusIs(kInvalid));
  EXPECT_THAT(graph(kAttrs, {{DType::kFloat32, {}}, types[1], types[2]}), StatusIs(kInvalid, HasSubstr("rank 1")));
  EXPECT_THAT(LoopGraph("_foreach", kAttrs, {}, types), StatusIs(kInvalid, HasSubstr("expected 1 subgraphs, got 0")));
}

TEST(ForeachTest, RefusesDataOfDifferentLengths) {
  const std::string body = R"(
      input a: float32 [1]
      input b: float32 [1]
      y = elemwise_add(a, b)
      output y = y)";
  const Attrs attrs = {{"num_outputs", "1"},
                       {"num_out_data", "1"},
                       {"in_data_locs", "(0, 1)"},
                       {"in_state_locs", "()"},
                       {"remain_locs", "()"}};
  EXPECT_THAT(RunLoop("_foreach", attrs, {Subgraph(body)}, {F({2, 1}, {1, 2}), F({3, 1}, {1, 2, 3})}),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
