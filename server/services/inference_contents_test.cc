#include "server/services/inference_contents.h"

#include <limits>
#include <memory>
#include <string>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/error_details.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using inference::InferTensorContents;
using testing::ElementsAre;
using testing::HasSubstr;

const absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

class InferenceContentsTest : public testing::Test {
 protected:
  // What the contents of `input_` are as two elements of `dtype`, whose name in the protocol is `datatype`.
  absl::StatusOr<Tensor> Decode(const std::string& datatype, const std::string& name, DType dtype) {
    OpenedModel opened{MakeExecutable(GraphOf("_copy", name + " [-1]"), pool_), {}, std::nullopt};
    model_ = std::make_unique<ServedModel>("m", 1, std::move(opened), Batcher::Options(), executor_,
                                           metrics_.ForModel("m", 1));
    input_.set_name("data");
    input_.set_datatype(datatype);
    InputBinder binder(*model_);
    BARYON_RETURN_IF_ERROR(DecodeTypedContents(input_, {dtype, {2}}, binder));
    BARYON_ASSIGN_OR_RETURN(Tensors tensors, binder.Finish());
    return tensors[0];
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  std::unique_ptr<ServedModel> model_;
  inference::ModelInferRequest::InferInputTensor input_;
};

TEST_F(InferenceContentsTest, ElementsStandInTheListOfTheirDatatype) {
  input_.mutable_contents()->add_fp32_contents(1.5f);
  input_.mutable_contents()->add_fp32_contents(-2);
  ASSERT_OK_AND_ASSIGN(const Tensor floats, Decode("FP32", "float32", DType::kFloat32));
  EXPECT_THAT(floats.span<float>(), ElementsAre(1.5f, -2));
  input_.clear_contents();
  input_.mutable_contents()->add_int_contents(127);
  input_.mutable_contents()->add_int_contents(-128);
  ASSERT_OK_AND_ASSIGN(const Tensor bytes, Decode("INT8", "int8", DType::kInt8));
  EXPECT_THAT(bytes.span<int8_t>(), ElementsAre(127, -128));
}

TEST_F(InferenceContentsTest, AnElementThatDoesNotFitIsNamed) {
  input_.mutable_contents()->add_int_contents(1);
  input_.mutable_contents()->add_int_contents(128);
  const absl::Status status = Decode("INT8", "int8", DType::kInt8).status();
  EXPECT_THAT(status, StatusIs(kInvalid, HasSubstr("elements of INT8, got 128")));
  EXPECT_EQ(DetailsOf(status).reason, "INPUT_VALUE_INVALID");
}

TEST_F(InferenceContentsTest, AnotherListIsRefused) {
  input_.mutable_contents()->add_fp32_contents(1);
  input_.mutable_contents()->add_fp32_contents(2);
  input_.mutable_contents()->add_int64_contents(2);
  EXPECT_THAT(Decode("FP32", "float32", DType::kFloat32), StatusIs(kInvalid, HasSubstr("another list")));
}

TEST_F(InferenceContentsTest, TooFewElementsAreRefused) {
  input_.mutable_contents()->add_fp32_contents(1);
  EXPECT_THAT(Decode("FP32", "float32", DType::kFloat32), StatusIs(kInvalid));
}

TEST_F(InferenceContentsTest, SixteenBitFloatsHaveNoList) {
  EXPECT_FALSE(HasTypedContents(DType::kFloat16));
  EXPECT_TRUE(HasTypedContents(DType::kUInt64));
  EXPECT_THAT(Decode("FP16", "float16", DType::kFloat16), StatusIs(kInvalid, HasSubstr("raw_input_contents")));
}

TEST_F(InferenceContentsTest, WhatIsEncodedIsCountedInOneList) {
  InferTensorContents contents;
  EncodeTypedContents(Tensor::FromData<int64_t>({2}, {1, std::numeric_limits<int64_t>::min()}), contents);
  EXPECT_THAT(contents.int64_contents(), ElementsAre(1, std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(NumTypedElements(contents), 2);
  EncodeTypedContents(Tensor::FromData<double>({1}, {0.1}), contents);
  EXPECT_THAT(contents.fp64_contents(), ElementsAre(0.1));
  EXPECT_EQ(NumTypedElements(contents), 3);
}

}  // namespace
}  // namespace baryon
