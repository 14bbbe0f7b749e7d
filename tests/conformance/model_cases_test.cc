// Whole networks against the answers of MXNet: the zoo of 1.9.1 and of 2.x, the networks of the tutorial, digits, and
// networks of GluonCV, GluonNLP and the symbol API.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/op_registry.h"
#include "engine/graph/run_op.h"
#include "engine/load_model.h"
#include "engine/runtime/executable.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"
#include "tests/support/model_case.h"

namespace baryon {
namespace {

ThreadPool& Threads() {
  static ThreadPool* pool = new ThreadPool(2);
  return *pool;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.find('/');
  return GoldenFolder(path.substr(0, slash)) + (slash == std::string::npos ? "" : path.substr(slash));
}

ModelCase Read(const std::string& path) {
  absl::StatusOr<ModelCase> model_case = ReadModelCase(FolderOf(path));
  EXPECT_OK(model_case.status()) << path;
  return model_case.ok() ? *std::move(model_case) : ModelCase();
}

void ExpectAgreement(const ModelCase& model_case, const CompileOptions& options, const std::string& what) {
  const auto executable = Executable::Create(model_case.graph, Threads(), options);
  ASSERT_OK(executable) << what;
  const absl::StatusOr<NamedTensors> outputs = (*executable)->Run(model_case.inputs);
  ASSERT_OK(outputs) << what;
  EXPECT_EQ(Disagreement(model_case, *outputs), "") << what;
}

class ModelCasesTest : public testing::TestWithParam<const char*> {};

TEST_P(ModelCasesTest, AgreeWithMxnet) {
  const ModelCase model_case = Read(GetParam());
  for (Numerics numerics : {Numerics::kFast, Numerics::kStrict}) {
    CompileOptions options;
    options.numerics = numerics;
    ExpectAgreement(model_case, options, numerics == Numerics::kFast ? "fast" : "strict");
  }
}

std::string NameOf(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Zoo, ModelCasesTest,
                         testing::Values("zoo/alexnet", "zoo/densenet121", "zoo/densenet161", "zoo/densenet169",
                                         "zoo/densenet201", "zoo/inceptionv3", "zoo/mobilenet0.25", "zoo/mobilenet0.5",
                                         "zoo/mobilenet0.75", "zoo/mobilenet1.0", "zoo/mobilenetv2_0.25",
                                         "zoo/mobilenetv2_0.5", "zoo/mobilenetv2_0.75", "zoo/mobilenetv2_1.0",
                                         "zoo/resnet101_v1", "zoo/resnet101_v2", "zoo/resnet152_v1", "zoo/resnet152_v2",
                                         "zoo/resnet18_v1", "zoo/resnet18_v2", "zoo/resnet34_v1", "zoo/resnet34_v2",
                                         "zoo/resnet50_v1", "zoo/resnet50_v2", "zoo/squeezenet1.0", "zoo/squeezenet1.1",
                                         "zoo/vgg11", "zoo/vgg11_bn", "zoo/vgg13", "zoo/vgg13_bn", "zoo/vgg16",
                                         "zoo/vgg16_bn", "zoo/vgg19", "zoo/vgg19_bn"),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(Zoo2x, ModelCasesTest,
                         testing::Values("zoo-2x/densenet121", "zoo-2x/inceptionv3", "zoo-2x/mobilenetv2_1.0",
                                         "zoo-2x/resnet18_v1", "zoo-2x/resnet50_v2", "zoo-2x/squeezenet1.1"),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(Tutorial, ModelCasesTest,
                         testing::Values("tutorial/dense/v1", "tutorial/dense/v2", "tutorial/hybrid_sequential/v1",
                                         "tutorial/hybrid_sequential/v2", "tutorial/lenet/v1", "tutorial/lenet/v2",
                                         "tutorial/mlp_hybrid/v1", "tutorial/mlp_hybrid/v2", "digits", "digits/v2"),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(Gluon, ModelCasesTest,
                         testing::Values("gluon/bert_tiny", "gluon/bilstm_tagger", "gluon/center_net_resnet50",
                                         "gluon/face_embedding_symbol", "gluon/fcn_resnet101_voc",
                                         "gluon/gru_language_model", "gluon/mobilenetv3_large_half",
                                         "gluon/r2plus1d_resnet34", "gluon/resnet34_v1b", "gluon/se_resnet34_v1",
                                         "gluon/segmentation_bilinear", "gluon/simple_pose_resnet50",
                                         "gluon/ssd_300_mobilenet", "gluon/yolo3_mobilenet"),
                         NameOf);

// Each pass must leave the answers as they are; nets with all kinds of layers between them.
TEST(PassesOnModelsTest, AnyPassMayBeLeftOut) {
  for (const char* path : {"zoo/resnet18_v2", "zoo/mobilenetv2_0.25", "zoo/squeezenet1.1", "zoo/densenet121"}) {
    const ModelCase model_case = Read(path);
    std::vector<std::string> names = {"all"};
    for (const Pass& pass : Pipeline()) names.push_back(pass.name);
    for (const std::string& name : names) {
      CompileOptions options;
      options.passes.disabled = {name};
      options.passes.verify = true;
      ExpectAgreement(model_case, options, std::string(path) + " without " + name);
    }
  }
}

// Rows of a batch are the rows alone.
TEST(BatchesOnModelsTest, ARowIsTheSameAloneAndInABatch) {
  for (const char* path : {"zoo/resnet18_v1", "zoo/mobilenet0.25", "zoo/inceptionv3"}) {
    const ModelCase model_case = Read(path);
    const auto executable = Executable::Create(model_case.graph, Threads());
    ASSERT_OK(executable);
    const Tensor& one = model_case.inputs[0].second;
    Shape shape = one.shape();
    shape[0] = 3;
    Tensor batch = Tensor::Allocate({DType::kFloat32, shape});
    for (int64_t i = 0; i < batch.num_elements(); ++i) {
      const int64_t row = i / one.num_elements();
      batch.mutable_data<float>()[i] = one.data<float>()[i % one.num_elements()] * static_cast<float>(row + 1) / 3;
    }
    const auto together = (*executable)->Run(absl::MakeConstSpan(&batch, 1));
    ASSERT_OK(together);
    for (int64_t row = 0; row < 3; ++row) {
      const Tensor part = batch.Rows(row, row + 1);
      const auto alone = (*executable)->Run(absl::MakeConstSpan(&part, 1));
      ASSERT_OK(alone);
      EXPECT_LE(ScaledError((*alone)[0], (*together)[0].Rows(row, row + 1)), 1e-6) << path << ", row " << row;
    }
  }
}

// The held-back pictures: as many right as MXNet has, and the same probabilities.
TEST(DigitsTest, AsManyAreRightAsWithMxnet) {
  const ModelCase model_case = Read("digits");
  const auto executable = Executable::Create(model_case.graph, Threads());
  ASSERT_OK(executable);
  const auto got = (*executable)->Run(model_case.inputs);
  ASSERT_OK(got);
  const Tensor &answers = (*got)[0].second, &want = model_case.outputs[0].second;
  int64_t equal = 0;
  for (int64_t row = 0; row < answers.shape()[0]; ++row) {
    const auto best = [row](const Tensor& t) {
      const float* begin = t.data<float>() + row * t.shape()[1];
      return std::max_element(begin, begin + t.shape()[1]) - begin;
    };
    equal += best(answers) == best(want);
  }
  EXPECT_EQ(equal, answers.shape()[0]);
  EXPECT_LE(ScaledError(answers, want), 1e-5);
}

}  // namespace
}  // namespace baryon
