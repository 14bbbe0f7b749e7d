#include "tests/support/mlp_files.h"

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "engine/load_model.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(MlpFilesTest, CanBeLoadedAndRun) {
  const std::string prefix = testing::TempDir() + "mlp_files_test";
  ASSERT_OK(WriteMlp(prefix, {3, 5, 2}));
  ThreadPool pool(1);
  ASSERT_OK_AND_ASSIGN(const auto model, LoadModel(prefix, pool));
  ASSERT_OK_AND_ASSIGN(const auto outputs,
                       model->Run(NamedTensors{{"data", Tensor::FromData<float>({1, 3}, {1, 2, 3})}}));
  EXPECT_EQ(outputs[0].second.shape(), (Shape{1, 2}));
}

}  // namespace
}  // namespace baryon
