#include "server/services/tensorflow_routes.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/rest_tester.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class TensorFlowRoutesTest : public testing::Test {
 protected:
  TensorFlowRoutesTest() {
    tester_.AddModel("double", 3, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.AddModel("double", 5, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.AddModel("pair", 1,
                     "input a: float32 [-1, 2]\ninput b: float32 [-1]\nx = "
                     "_copy(a)\ny = _copy(b)\n"
                     "output x = x\noutput y = y\n");
    tester_.AddModel("sum", 1, GraphOf("_test_sum_rows", "float32 [-1]"));
    tester_.registry().SetLoading("slow", 1);
    tester_.registry().SetLabels("double", {{"stable", 3}});
  }

  json GetJson(absl::string_view target, int status = 200) {
    const HttpResponse response = Get(routes_, target);
    EXPECT_EQ(response.status, status) << target << response.body;
    return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }
  json Predict(absl::string_view model, absl::string_view body, int status = 200) {
    const HttpResponse response = Post(routes_, absl::StrCat("/v1/models/", model, ":predict"), body);
    EXPECT_EQ(response.status, status) << body << response.body;
    return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }

  ServiceTester tester_;
  const TensorFlowControl control_{tester_.registry()};
  TensorFlowRoutes routes_{control_, tester_.predictor()};
};

TEST_F(TensorFlowRoutesTest, PredictsRows) {
  EXPECT_EQ(Predict("double", R"({"instances":[[1,2],[3,4]]})")["predictions"], json::parse("[[2.0,4.0],[6.0,8.0]]"));
  EXPECT_EQ(Predict("pair", R"({"signature_name":"serving_default","instances":[{"a":[1,2],"b":3}]})")["predictions"],
            json::parse(R"([{"x":[1.0,2.0],"y":3.0}])"));
}

TEST_F(TensorFlowRoutesTest, PredictsColumns) {
  EXPECT_EQ(Predict("double", R"({"inputs":[[1,2]]})")["outputs"], json::parse("[[2.0,4.0]]"));
  EXPECT_EQ(Predict("pair", R"({"inputs":{"a":[[1,2],[3,4]],"b":[5,6]}})")["outputs"],
            json::parse(R"({"x":[[1.0,2.0],[3.0,4.0]],"y":[5.0,6.0]})"));
  EXPECT_EQ(Predict("sum", R"({"inputs":[1,2,3]})")["outputs"], 6.0);
}

TEST_F(TensorFlowRoutesTest, ClassifiesExamples) {
  tester_.AddModel("classifier", 1, GraphOf("_copy", "float32 [-1, 3]"), {"cat", "dog \"d\"", "cow"});
  const auto classify = [&](absl::string_view model, absl::string_view body, int status = 200) {
    const HttpResponse response = Post(routes_, absl::StrCat("/v1/models/", model, ":classify"), body);
    EXPECT_EQ(response.status, status) << body << response.body;
    return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  };
  EXPECT_EQ(
      classify("classifier", R"({"examples":[{"data":[0.25,0.5,0.125]},{"data":[1,0,0]}],"context":{}})")["results"],
      json::parse(R"([[["cat",0.25],["dog \"d\"",0.5],["cow",0.125]],[["cat",1.0],["dog \"d\"",0.0],["cow",0.0]]])"));
  EXPECT_EQ(classify("double", R"({"examples":[{"data":[1,2]}]})")["results"],
            json::parse(R"([[["0",2.0],["1",4.0]]])"))
      << "without labels, their numbers";
  classify("double", R"({"instances":[[1,2]]})", 400);
  classify("double", R"({"examples":[]})", 400);
  classify("double", R"({"examples":[{"other":[1,2]}]})", 400);
  classify("double", R"({"examples":[{"data":[1,2]}],"context":{"data":1}})", 400);
  EXPECT_THAT(classify("pair", R"({"examples":[{"a":[1,2],"b":3}]})", 400)["error"].get<std::string>(),
              HasSubstr("expected a model with one array of scores for each of 1 examples, got 2 outputs"));
  EXPECT_EQ(Get(routes_, "/v1/models/double:classify").status, 405);
}

TEST_F(TensorFlowRoutesTest, RegressesExamples) {
  tester_.AddModel("price", 1, GraphOf("_test_double", "float32 [-1, 1]"));
  const auto regress = [&](absl::string_view model, absl::string_view body) {
    return Post(routes_, absl::StrCat("/v1/models/", model, ":regress"), body);
  };
  EXPECT_EQ(regress("price", R"({"examples":[{"data":[1.5]},{"data":[2]}]})").body, R"({"results":[3.0,4.0]})");
  EXPECT_EQ(regress("double", R"({"examples":[{"data":[1,2]}]})").status, 400);
}

TEST_F(TensorFlowRoutesTest, ChoosesAVersionByNumberAndByLabel) {
  Predict("double/versions/3", R"({"instances":[[1,2]]})");
  Predict("double/labels/stable", R"({"instances":[[1,2]]})");
  EXPECT_THAT(Predict("double/labels/canary", R"({"instances":[[1,2]]})", 404)["error"].get<std::string>(),
              HasSubstr("\"canary\""));
  Predict("double/versions/0",
          R"({"instances":[[1,2]]})");  // as OpenVINO's clients name the highest
  Predict("double/versions/4", "{}", 404);
  Predict("none", "{}", 404);
  Predict("slow", "{}", 503);
}

TEST_F(TensorFlowRoutesTest, RefusesWhatIsNotTheProtocol) {
  for (const char* body :
       {"", "[]", "{}", R"({"instances":[]})", R"({"instances":[[1,2]],"inputs":[[1,2]]})", R"({"instances":7})",
        R"({"instances":[[1,2]]} x)", R"({"signature_name":"other","instances":[[1,2]]})", R"({"signature_name":1})",
        R"({"instances":[[1,2,3]]})", R"({"instances":[[1,2]],"instances":[[1,2]]})", R"({"inputs":{"x":[[1,2]]}})"}) {
    EXPECT_TRUE(Predict("double", body, 400).contains("error")) << body;
  }
  EXPECT_THAT(Predict("sum", R"({"instances":[1,2,3]})", 400)["error"].get<std::string>(),
              HasSubstr("expected 3 rows, got []; use \"inputs\""));
}

TEST_F(TensorFlowRoutesTest, TellsStatusForClientsOfBothKinds) {
  const json status = GetJson("/v1/models/double");
  EXPECT_EQ(status["model_version_status"][1],
            json::parse(R"({"version":"5","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}})"));
  EXPECT_EQ(status["name"], "double");
  EXPECT_EQ(status["ready"], true);
  EXPECT_EQ(GetJson("/v1/models/slow")["ready"], false);
  EXPECT_EQ(GetJson("/v1/models/double/versions/3")["model_version_status"].size(), 1u);
  EXPECT_EQ(GetJson("/v1/models/double/labels/stable")["model_version_status"][0]["version"], "3");
  GetJson("/v1/models/none", 404);
  EXPECT_EQ(GetJson("/v1/models")["models"], json({"double", "pair", "sum"}));
}

TEST_F(TensorFlowRoutesTest, DescribesTheSignature) {
  const json metadata = GetJson("/v1/models/double/versions/3/metadata");
  EXPECT_EQ(metadata["model_spec"], json::parse(R"({"name":"double","signature_name":"","version":"3"})"));
  const json signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"];
  EXPECT_EQ(signature["method_name"], "tensorflow/serving/predict");
  EXPECT_EQ(signature["inputs"]["data"]["dtype"], "DT_FLOAT");
  EXPECT_EQ(signature["inputs"]["data"]["tensor_shape"]["dim"][1]["size"], "2");
  EXPECT_EQ(GetJson("/v1/models/double/metadata")["model_spec"]["version"], "5");
}

TEST_F(TensorFlowRoutesTest, FindsNothingElsewhere) {
  for (const char* target :
       {"/v1", "/v1/x", "/v1/models/double/x", "/v1/models/double/versions", "/v1/models/double:explode",
        "/v1/models/double/versions/x", "/v1/models/double/versions/-1", "/v1/models/double/versions/3/x",
        "/v1/models/:predict", "/v1/models/double/metadata/x", "/v1/models//metadata"}) {
    EXPECT_EQ(Get(routes_, target).status, 404) << target;
  }
  EXPECT_EQ(Get(routes_, "/v1/models/double:predict").status, 405);
  EXPECT_EQ(Post(routes_, "/v1/models/double", "").status, 405);
  EXPECT_EQ(Post(routes_, "/v1/models/double:classify", "{}").status, 400);
  EXPECT_EQ(Get(routes_, "/v1/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd").status, 404);
}

}  // namespace
}  // namespace baryon
