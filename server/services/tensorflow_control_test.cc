#include "server/services/tensorflow_control.h"

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using tensorflow::serving::ModelSpec;
using testing::ElementsAre;
using testing::HasSubstr;

class TensorFlowControlTest : public testing::Test {
 protected:
  TensorFlowControlTest() {
    for (int64_t version : {3, 5}) tester_.AddModel("double", version, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.registry().SetLoading("slow", 1);
    tester_.registry().SetLabels("double", {{"stable", 3}});
  }

  static ModelSpec Spec(const std::string& name) {
    ModelSpec spec;
    spec.set_name(name);
    return spec;
  }

  ServiceTester tester_;
  const TensorFlowControl control_{tester_.registry()};
};

TEST_F(TensorFlowControlTest, VersionsHaveNumbersAndLabels) {
  ModelSpec spec = Spec("double");
  EXPECT_EQ(*control_.VersionOf(spec), 0);
  spec.mutable_version()->set_value(5);
  EXPECT_EQ(*control_.VersionOf(spec), 5);
  spec.set_version_label("stable");
  EXPECT_EQ(*control_.VersionOf(spec), 3);
}

TEST_F(TensorFlowControlTest, WhatIsNotThereIsNamed) {
  ModelSpec spec = Spec("double");
  spec.set_version_label("new");
  EXPECT_THAT(control_.VersionOf(spec).status(), StatusIs(absl::StatusCode::kNotFound));
  spec.mutable_version()->set_value(-1);
  EXPECT_THAT(control_.VersionOf(spec).status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no version -1")));
  spec = Spec("double");
  spec.set_signature_name("other");
  EXPECT_THAT(control_.VersionOf(spec).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("expected signature \"serving_default\"")));
}

TEST_F(TensorFlowControlTest, StatusIsOfOneVersionOrAll) {
  tensorflow::serving::GetModelStatusRequest request;
  *request.mutable_model_spec() = Spec("double");
  tensorflow::serving::GetModelStatusResponse all, one, loading, none;
  ASSERT_OK(control_.GetModelStatus(request, all));
  EXPECT_EQ(all.model_version_status_size(), 2);
  request.mutable_model_spec()->mutable_version()->set_value(3);
  ASSERT_OK(control_.GetModelStatus(request, one));
  ASSERT_EQ(one.model_version_status_size(), 1);
  EXPECT_EQ(one.model_version_status(0).version(), 3);
  EXPECT_EQ(one.model_version_status(0).state(), tensorflow::serving::ModelVersionStatus::AVAILABLE);
  *request.mutable_model_spec() = Spec("slow");
  ASSERT_OK(control_.GetModelStatus(request, loading));
  EXPECT_EQ(loading.model_version_status(0).state(), tensorflow::serving::ModelVersionStatus::LOADING);
  *request.mutable_model_spec() = Spec("nobody");
  EXPECT_THAT(control_.GetModelStatus(request, none), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TensorFlowControlTest, MetadataIsTheSignature) {
  tensorflow::serving::GetModelMetadataRequest request;
  *request.mutable_model_spec() = Spec("double");
  ModelSpec found;
  tensorflow::serving::SignatureDefMap signatures;
  EXPECT_THAT(control_.GetModelMetadata(request, found, signatures),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got none")));
  request.add_metadata_field("signature_def");
  ASSERT_OK(control_.GetModelMetadata(request, found, signatures));
  EXPECT_EQ(found.version().value(), 5);
  const auto& signature = signatures.signature_def().at("serving_default");
  ASSERT_EQ(signature.inputs_size(), 1);
  const auto& shape = signature.inputs().begin()->second.tensor_shape();
  ASSERT_EQ(shape.dim_size(), 2);
  EXPECT_EQ(shape.dim(0).size(), -1);
  EXPECT_EQ(shape.dim(1).size(), 2);
  request.add_metadata_field("graph");
  EXPECT_THAT(control_.GetModelMetadata(request, found, signatures),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got \"graph\"")));
}

TEST_F(TensorFlowControlTest, NamesAreThoseOfModelsThatServe) {
  EXPECT_THAT(control_.ModelNames(), ElementsAre("double"));
}

}  // namespace
}  // namespace baryon
