#include "server/services/predict_service.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/predict.grpc.pb.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PredictServiceTest : public testing::Test {
 protected:
  PredictServiceTest() {
    tester_.AddModel("double", 3, GraphOf("_test_double", "float32 [-1, 2]"), {"cat", "dog"});
    tester_.AddModel("pair", 1,
                     "input a: float32 [-1]\ninput b: int32 [-1]\nx = "
                     "_copy(a)\ny = _copy(b)\noutput x = x\noutput y = y\n");
    PictureInput pictures{"data", [](absl::string_view file) -> absl::StatusOr<Tensor> {
                            return Tensor::FromData<float>({1, 2}, {float(file[0]), float(file[0])});
                          }};
    tester_.AddModel("pictures", 1, GraphOf("_copy", "float32 [-1, 2]"), {}, pictures);
    stub_ = v1::PredictionService::NewStub(tester_.Serve(MakePredictService(tester_.calls())));
  }

  static v1::PredictRequest RequestOf(const std::string& model) {
    v1::PredictRequest request;
    request.mutable_model_spec()->set_name(model);
    return request;
  }
  static void AddFloats(v1::PredictRequest& request, const std::string& name, std::vector<int64_t> shape,
                        std::vector<float> elements) {
    v1::Tensor& tensor = *request.add_inputs();
    tensor.set_name(name);
    tensor.set_dtype("float32");
    for (int64_t dim : shape) tensor.add_shape(dim);
    tensor.set_data(elements.data(), elements.size() * sizeof(float));
  }
  static std::vector<float> FloatsOf(const v1::Tensor& tensor) {
    std::vector<float> elements(tensor.data().size() / sizeof(float));
    std::memcpy(elements.data(), tensor.data().data(), tensor.data().size());
    return elements;
  }

  grpc::Status Predict(const v1::PredictRequest& request) {
    grpc::ClientContext context;
    response_.Clear();
    return stub_->Predict(&context, request, &response_);
  }
  void ExpectRefused(const v1::PredictRequest& request, const std::string& message) {
    const grpc::Status status = Predict(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(message));
  }

  ServiceTester tester_;
  std::unique_ptr<v1::PredictionService::Stub> stub_;
  v1::PredictResponse response_;
};

TEST_F(PredictServiceTest, AnswersWithNamedOutputsAndTheVersionThatComputedThem) {
  v1::PredictRequest request = RequestOf("double");
  AddFloats(request, "data", {2, 2}, {1, 2, 3, 4});
  ASSERT_TRUE(Predict(request).ok());
  EXPECT_EQ(response_.model_spec().name(), "double");
  EXPECT_EQ(response_.model_spec().version(), 3);
  ASSERT_EQ(response_.outputs_size(), 1);
  EXPECT_EQ(response_.outputs(0).name(), "out");
  EXPECT_EQ(response_.outputs(0).dtype(), "float32");
  EXPECT_THAT(response_.outputs(0).shape(), ElementsAre(2, 2));
  EXPECT_THAT(FloatsOf(response_.outputs(0)), ElementsAre(2, 4, 6, 8));
  EXPECT_EQ(response_.rows_size(), 0);
}

TEST_F(PredictServiceTest, TheOnlyInputNeedsNoName) {
  v1::PredictRequest request = RequestOf("double");
  AddFloats(request, "", {1, 2}, {1, 2});
  EXPECT_TRUE(Predict(request).ok());
}

TEST_F(PredictServiceTest, OneOfSeveralInputsNeedsAName) {
  v1::PredictRequest request = RequestOf("pair");
  AddFloats(request, "", {1}, {1});
  ExpectRefused(request, "no input is called \"\", expected \"a\", \"b\"");
}

TEST_F(PredictServiceTest, NamesTheBestClassesWhenAsked) {
  v1::PredictRequest request = RequestOf("double");
  AddFloats(request, "data", {2, 2}, {1, 2, 4, 3});
  request.set_top(1);
  ASSERT_TRUE(Predict(request).ok());
  ASSERT_EQ(response_.rows_size(), 2);
  EXPECT_EQ(response_.rows(0).classes(0).label(), "dog");
  EXPECT_EQ(response_.rows(0).classes(0).score(), 4);
  EXPECT_EQ(response_.rows(1).classes(0).label(), "cat");
  EXPECT_EQ(response_.rows(1).classes_size(), 1);
}

TEST_F(PredictServiceTest, TakesPictures) {
  v1::PredictRequest request = RequestOf("pictures");
  v1::Tensor& tensor = *request.add_inputs();
  tensor.add_pictures("\5");
  tensor.add_pictures("\6");
  ASSERT_TRUE(Predict(request).ok());
  EXPECT_THAT(FloatsOf(response_.outputs(0)), ElementsAre(5, 5, 6, 6));
}

TEST_F(PredictServiceTest, ChoosesTheVersionAsked) {
  v1::PredictRequest request = RequestOf("double");
  request.mutable_model_spec()->set_version(7);
  AddFloats(request, "data", {1, 2}, {1, 2});
  const grpc::Status status = Predict(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "model \"double\" has no version 7; loaded: 3");
}

TEST_F(PredictServiceTest, RefusesWrongInputsBeforeAnythingRuns) {
  v1::PredictRequest request = RequestOf("double");
  ExpectRefused(request, "input \"data\" is missing, expected float32 [-1, 2]");
  AddFloats(request, "data", {1, 3}, {1, 2, 3});
  ExpectRefused(request, "input \"data\": expected float32 [-1, 2], got float32 [1, 3]");
  request.mutable_inputs(0)->set_dtype("complex64");
  ExpectRefused(request, "got \"complex64\"");
  request.mutable_inputs(0)->add_pictures("x");
  ExpectRefused(request, "got pictures");
}

}  // namespace
}  // namespace baryon
