#include "server/services/inference_routes.h"

#include <atomic>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/rest_tester.h"
#include "server/testing/service_tester.h"
#include "server/testing/shared_object.h"

namespace baryon {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class InferenceRoutesTest : public testing::Test {
 protected:
  InferenceRoutesTest() {
    tester_.AddModel("double", 3, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.AddModel("double", 5, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.registry().SetLoading("slow", 1);
  }

  json GetJson(absl::string_view target, int status = 200) {
    const HttpResponse response = Get(routes_, target);
    EXPECT_EQ(response.status, status) << target << response.body;
    return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }
  json PostJson(absl::string_view target, absl::string_view body, int status = 200) {
    const HttpResponse response = Post(routes_, target, body);
    EXPECT_EQ(response.status, status) << target << response.body;
    return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }

  std::atomic<bool> ready_{false};
  ServiceTester tester_;
  SharedMemoryRegistry regions_{/*allowed=*/true};
  InferenceControl control_{tester_.registry(), tester_.manager(), regions_, ready_};
  InferenceRoutes routes_{control_, tester_.predictor()};
};

TEST_F(InferenceRoutesTest, TellsHealth) {
  EXPECT_EQ(GetJson("/v2/health/live")["live"], true);
  EXPECT_EQ(GetJson("/v2/health/ready", 503)["ready"], false);
  ready_ = true;
  EXPECT_EQ(GetJson("/v2/health/ready")["ready"], true);
  EXPECT_EQ(Get(routes_, "/v2/health/other").status, 404);
}

TEST_F(InferenceRoutesTest, DescribesTheServerAndItsModels) {
  for (const char* target : {"/v2", "/v2/"}) {
    const json server = GetJson(target);
    EXPECT_EQ(server["name"], "baryon");
    EXPECT_THAT(server["extensions"], testing::Contains("binary_tensor_data"));
  }
  const json model = GetJson("/v2/models/double");
  EXPECT_EQ(model["name"], "double");
  EXPECT_EQ(model["versions"], json({"3", "5"}));
  EXPECT_EQ(model["platform"], "mxnet_mxnet");
  EXPECT_EQ(model["inputs"], json::parse(R"([{"name":"data","datatype":"FP32","shape":[-1,2]}])"));
  EXPECT_EQ(GetJson("/v2/models/double/versions/3")["name"], "double");
  EXPECT_EQ(GetJson("/v2/models/double/config")["input"][0]["data_type"], "TYPE_FP32");
}

TEST_F(InferenceRoutesTest, TellsWhichModelsAreReady) {
  EXPECT_EQ(GetJson("/v2/models/double/ready")["ready"], true);
  EXPECT_EQ(GetJson("/v2/models/double/versions/5/ready")["ready"], true);
  EXPECT_EQ(GetJson("/v2/models/double/versions/4/ready", 503)["ready"], false);
  EXPECT_EQ(GetJson("/v2/models/slow/ready", 503)["ready"], false);
}

TEST_F(InferenceRoutesTest, Infers) {
  const json answer = PostJson("/v2/models/double/versions/3/infer",
                               R"({"id":"a","inputs":[{"name":"data","datatype":"FP32","shape":[1,2],"data":[1,2]}]})");
  EXPECT_EQ(answer["model_version"], "3");
  EXPECT_EQ(answer["id"], "a");
  EXPECT_EQ(answer["outputs"][0]["data"], json({2.0, 4.0}));
  EXPECT_EQ(PostJson("/v2/models/double/infer", "{}", 400)["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(PostJson("/v2/models/none/infer", "{}", 404)["code"], "NOT_FOUND");
  EXPECT_EQ(PostJson("/v2/models/slow/infer", "{}", 503)["code"], "UNAVAILABLE");
  EXPECT_EQ(PostJson("/v2/models/double/versions/4/infer", "{}", 404)["code"], "NOT_FOUND");
  for (const char* version : {"0", "-1", "x", "9999999999999999999"}) {
    EXPECT_EQ(PostJson(absl::StrCat("/v2/models/double/versions/", version, "/infer"), "{}", 400)["code"],
              "INVALID_ARGUMENT");
  }
}

TEST_F(InferenceRoutesTest, CountsWhatWasDone) {
  PostJson("/v2/models/double/infer", R"({"inputs":[{"name":"data","datatype":"FP32","shape":[1,2],"data":[1,2]}]})");
  EXPECT_EQ(GetJson("/v2/models/double/stats")["model_stats"][0]["inference_stats"]["success"]["count"], 1);
  EXPECT_EQ(GetJson("/v2/models/stats")["model_stats"].size(), 2u);
}

TEST_F(InferenceRoutesTest, SaysWhatMethodAPathHas) {
  for (const char* target : {"/v2", "/v2/health/live", "/v2/models/double", "/v2/models/double/config",
                             "/v2/models/stats", "/v2/systemsharedmemory/status"}) {
    EXPECT_EQ(Post(routes_, target, "").status, 405) << target;
  }
  for (const char* target : {"/v2/models/double/infer", "/v2/repository/index", "/v2/repository/models/double/load",
                             "/v2/systemsharedmemory/region/x/register", "/v2/systemsharedmemory/unregister"}) {
    EXPECT_EQ(Get(routes_, target).status, 405) << target;
  }
}

TEST_F(InferenceRoutesTest, FindsNothingElsewhere) {
  for (const char* target : {"/v2/x", "/v2/models", "/v2/models/", "/v2/models/double/x", "/v2/models/double/infer/x",
                             "/v2/models/double/versions", "/v2/models/double/versions/3/x", "/v2/models//ready",
                             "/v2/repository", "/v2/repository/models/double", "/v2/repository/models/double/explode",
                             "/v2/systemsharedmemory", "/v2/models/%2e%2e%2fetc", "/v2/models/../ready/x"}) {
    EXPECT_EQ(Get(routes_, target).status, 404) << target;
  }
  EXPECT_EQ(Get(routes_, "/v2/cudasharedmemory/status").status, 501);
  EXPECT_EQ(Post(routes_, "/v2/models/double/generate", "{}").status, 501);
}

TEST_F(InferenceRoutesTest, LoadsAndUnloadsModels) {
  tester_.WriteModel("late", 1, "_test_double float32 [-1, 2]");
  EXPECT_EQ(PostJson("/v2/repository/models/late/load", ""), json::object());
  EXPECT_EQ(GetJson("/v2/models/late/ready")["ready"], true);
  const json index = PostJson("/v2/repository/index", R"({"ready":true})");
  EXPECT_EQ(index.back()["name"], "late");
  EXPECT_EQ(index.back()["state"], "READY");
  PostJson("/v2/repository/some_repository/models/late/unload", R"({"parameters":{"unload_dependents":false}})");
  for (const json& model : PostJson("/v2/repository/index", "")) {
    EXPECT_EQ(model["state"] == "UNAVAILABLE", model["name"] == "late") << model;
  }
  EXPECT_EQ(PostJson("/v2/repository/models/none/load", "{}", 404)["code"], "NOT_FOUND");
  EXPECT_EQ(PostJson("/v2/repository/models/late/load", R"({"parameters":{"file:1/x":"aGVsbG8="}})", 501)["code"],
            "UNIMPLEMENTED");
  EXPECT_EQ(PostJson("/v2/repository/models/late/load", R"({"parameters":[]})", 400)["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(PostJson("/v2/repository/index", R"({"ready":1})", 400)["code"], "INVALID_ARGUMENT");
}

TEST_F(InferenceRoutesTest, ModelsMayComeWithTheirFilesWhereThatIsAllowed) {
  InferenceControl control(tester_.registry(), tester_.manager(), regions_, ready_, /*uploads=*/true);
  InferenceRoutes routes(control, tester_.predictor());
  const auto load = [&](const json& parameters) {
    return Post(routes, "/v2/repository/models/brought/load", json{{"parameters", parameters}}.dump()).status;
  };
  const std::string model = absl::Base64Escape("_test_double float32 [-1, 2]");
  EXPECT_EQ(load({{"file:3/model", model}}), 400) << "without a configuration";
  EXPECT_EQ(load({{"config", "{}"}, {"file:../3/model", model}}), 400);
  EXPECT_EQ(load({{"config", "{}"}, {"file:3/model", "no base64!"}}), 400);
  EXPECT_EQ(load({{"config", "{}"}, {"file:3/model", model}, {"other", 1}}), 501);
  EXPECT_EQ(load({{"config", R"({"max_batch_size":4})"}, {"file:3/model", model}}), 200);
  EXPECT_EQ(GetJson("/v2/models/brought")["versions"], json({"3"}));
  EXPECT_EQ(GetJson("/v2/models/brought/config")["max_batch_size"], 4);
}

TEST_F(InferenceRoutesTest, OnlyControlNeedsTheTokenForControl) {
  const auto right_of = [&](absl::string_view target) {
    return routes_.RightFor(*MakeHttpRequest(HttpMethod::kPost, target));
  };
  EXPECT_EQ(right_of("/v2/repository/models/x/load"), Right::kControl);
  EXPECT_EQ(right_of("/v2/repository/r/models/x/unload"), Right::kControl);
  EXPECT_EQ(right_of("/v2/repository/index"), Right::kUse);
  EXPECT_EQ(right_of("/v2/models/x/infer"), Right::kUse);
  EXPECT_EQ(right_of("/v2/models/x/ready"), std::nullopt);
  EXPECT_EQ(right_of("/v2/health/ready"), std::nullopt);
  EXPECT_EQ(right_of("/v2"), Right::kUse);
}

TEST_F(InferenceRoutesTest, RegistersSharedMemory) {
  const SharedObject object(std::string(100, 'x'));
  const std::string body = absl::StrCat(R"({"key":")", object.key(), R"(","offset":10,"byte_size":90})");
  PostJson("/v2/systemsharedmemory/region/r/register", body);
  PostJson("/v2/systemsharedmemory/region/r/register", body, 409);
  const json status = GetJson("/v2/systemsharedmemory/region/r/status");
  EXPECT_EQ(status[0]["name"], "r");
  EXPECT_EQ(status[0]["offset"], 10);
  EXPECT_EQ(status[0]["byte_size"], 90);
  EXPECT_EQ(GetJson("/v2/systemsharedmemory/status").size(), 1u);
  PostJson("/v2/systemsharedmemory/region/r/unregister", "");
  EXPECT_EQ(GetJson("/v2/systemsharedmemory/status").size(), 0u);
  EXPECT_EQ(Get(routes_, "/v2/systemsharedmemory/region/r/status").status, 404);
  PostJson("/v2/systemsharedmemory/region/r/register", R"({"key":"/../etc/passwd","byte_size":1})", 400);
  PostJson("/v2/systemsharedmemory/region/r/register", R"({"key":"/x","byte_size":-1})", 400);
  PostJson("/v2/systemsharedmemory/region/r/register", R"({"key":7})", 400);
}

TEST_F(InferenceRoutesTest, TellsSettingsAndRefusesToChangeThem) {
  EXPECT_EQ(GetJson("/v2/logging")["log_info"], true);
  EXPECT_EQ(GetJson("/v2/logging")["log_verbose_level"], 0);
  EXPECT_EQ(GetJson("/v2/trace/setting")["trace_level"], json({"OFF"}));
  EXPECT_EQ(GetJson("/v2/models/double/trace/setting")["trace_level"], json({"OFF"}));
  EXPECT_THAT(PostJson("/v2/logging", R"({"log_info":false})", 400)["error"].get<std::string>(),
              HasSubstr("\"log_info\""));
  PostJson("/v2/trace/setting", R"({"trace_level":["TIMESTAMPS"]})", 400);
}

}  // namespace
}  // namespace baryon
