#include "engine/ops/conv_kernel.h"

#include <cstring>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/conv_op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

// A kernel with the operands of a tester, whose weight is a constant or comes with the request.
struct PreparedConv {
  PreparedConv(const ConvOpTester<ConvolutionAttrs>& tester, bool weight_is_constant, PreparedCache& cache,
               int threads = 1)
      : operands(tester.Operands()), pool(threads) {
    for (const Tensor& operand : operands) inputs.push_back(operand.type());
    outputs = *InferConvTypes(tester.attrs, inputs);
    std::vector<std::shared_ptr<const Constant>> constants(operands.size());
    if (weight_is_constant) {
      constants[1] = Constant::Lazy(inputs[1], "weight", [this] {
        ++weight_reads;
        return operands[1];
      });
    }
    PrepareContext context(inputs, outputs, constants, threads, Numerics::kStrict, cache);
    absl::StatusOr<std::unique_ptr<Kernel>> made = PrepareConv(tester.attrs, context);
    EXPECT_OK(made);
    kernel = *std::move(made);
  }

  Tensor Run() {
    Tensor out = Tensor::Allocate(outputs[0]);
    const int64_t bytes = (kernel->workspace_bytes() + 63) / 64 * 64;
    Tensor workspace = Tensor::Allocate({DType::kUInt8, {bytes * pool.num_threads()}});
    Resources resources(pool, static_cast<char*>(workspace.mutable_raw_data()), bytes);
    std::vector<TensorView> views;
    for (const Tensor& operand : operands) views.push_back(operand.view());
    const TensorView result = out.view();
    OpContext context(views, {&result, 1}, resources);
    kernel->Compute(context);
    return out;
  }

  std::vector<Tensor> operands;
  ThreadPool pool;
  TensorTypes inputs, outputs;
  std::unique_ptr<Kernel> kernel;
  int weight_reads = 0;
};

ConvOpTester<ConvolutionAttrs> Layer() {
  ConvOpTester<ConvolutionAttrs> tester;
  tester.data = {2, 20, 9, 9};
  tester.attrs.kernel = {3, 3};
  tester.attrs.dilate = tester.attrs.pad = {2, 2};
  tester.attrs.num_filter = 30;
  return tester;
}

TEST(ConvKernelTest, PacksAConstantWeightOnceForAllPlans) {
  PreparedCache cache;
  PreparedConv one(Layer(), true, cache);
  EXPECT_EQ(one.weight_reads, 1);
  EXPECT_TRUE(one.kernel->packs_input(1));
  EXPECT_FALSE(one.kernel->packs_input(2));
  auto larger = Layer();
  larger.data[0] = 5;
  EXPECT_EQ(PreparedConv(larger, true, cache).weight_reads, 0);
}

TEST(ConvKernelTest, PacksAWeightOfTheRequestAtRunTime) {
  for (const char* layout : {"first", "last"}) {
    auto layer = Layer();
    PreparedCache cache;
    if (std::string(layout) == "last") {
      layer.data = {2, 9, 9, 20};
      layer.attrs.layout = Layout::kNHWC;
    }
    PreparedConv constant(layer, true, cache), given(layer, false, cache, 3);
    EXPECT_FALSE(given.kernel->packs_input(1));
    EXPECT_THAT(given.kernel->algorithm(), HasSubstr("packed at run time"));
    const Tensor want = constant.Run(), got = given.Run();
    EXPECT_EQ(std::memcmp(want.raw_data(), got.raw_data(), want.size_bytes()), 0) << layout;
  }
}

TEST(ConvKernelTest, TellsWhatItDoes) {
  PreparedCache cache;
  auto layer = Layer();
  PreparedConv first(layer, true, cache);
  EXPECT_EQ(first.kernel->num_multiplications(), 2 * 81 * 9 * 20 * 30);
  EXPECT_THAT(first.kernel->algorithm(), HasSubstr("indirect gemm"));
  EXPECT_THAT(first.kernel->algorithm(), HasSubstr("transposed"));
  layer.data = {2, 9, 9, 20};
  layer.attrs.layout = Layout::kNHWC;
  PreparedConv last(layer, true, cache);
  EXPECT_THAT(last.kernel->algorithm(), ::testing::Not(HasSubstr("transposed")));
}

TEST(ConvKernelTest, TakesWinogradForConstantWeightsOnly) {
  PreparedCache cache;
  ConvOpTester<ConvolutionAttrs> layer;
  layer.data = {1, 28, 28, 64};
  layer.attrs.kernel = {3, 3};
  layer.attrs.num_filter = 64;
  layer.attrs.layout = Layout::kNHWC;
  EXPECT_THAT(PreparedConv(layer, true, cache).kernel->algorithm(), HasSubstr("winograd 2x2"));  // strict
  EXPECT_THAT(PreparedConv(layer, false, cache).kernel->algorithm(), HasSubstr("indirect gemm"));
  layer.attrs.algorithm = "indirect";
  EXPECT_THAT(PreparedConv(layer, true, cache).kernel->algorithm(), HasSubstr("indirect gemm"));
}

// The same elements under one key, read as another layout, must not be taken for the packed form of the first.
TEST(ConvKernelTest, DoesNotConfuseLayoutsOfOneWeight) {
  PreparedCache cache;
  ConvOpTester<ConvolutionAttrs> layer;
  layer.data = {1, 20, 5, 5};
  layer.attrs.kernel = {1, 1};
  layer.attrs.num_filter = 4;
  PreparedConv first(layer, true, cache);
  layer.data = {1, 5, 5, 20};
  layer.attrs.layout = Layout::kNHWC;
  EXPECT_EQ(PreparedConv(layer, true, cache).weight_reads, 1);
}

}  // namespace
}  // namespace baryon
