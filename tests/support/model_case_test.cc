#include "tests/support/model_case.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

ModelCase Wanting(std::initializer_list<float> values) {
  ModelCase model_case;
  model_case.outputs = {{"y", Tensor::FromData<float>({static_cast<int64_t>(values.size())}, values)}};
  model_case.rtol = 1e-3;
  return model_case;
}

TEST(ModelCaseTest, DisagreementIsAPartOfTheLargestElement) {
  const ModelCase model_case = Wanting({100, 0});
  EXPECT_EQ(Disagreement(model_case, {{"y", Tensor::FromData<float>({2}, {100, 0.09f})}}), "");
  EXPECT_THAT(Disagreement(model_case, {{"y", Tensor::FromData<float>({2}, {100, 0.2f})}}),
              testing::HasSubstr("at most 0.1"));
}

TEST(ModelCaseTest, NamesTypesAndNumbersMustBeRight) {
  const ModelCase model_case = Wanting({1});
  EXPECT_NE(Disagreement(model_case, {}), "");
  EXPECT_NE(Disagreement(model_case, {{"z", Tensor::FromData<float>({1}, {1})}}), "");
  EXPECT_NE(Disagreement(model_case, {{"y", Tensor::FromData<float>({1, 1}, {1})}}), "");
  EXPECT_NE(Disagreement(model_case, {{"y", Tensor::FromData<float>({1}, {NAN})}}), "");
}

}  // namespace
}  // namespace baryon
