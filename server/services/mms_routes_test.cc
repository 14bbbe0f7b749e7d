#include "server/services/mms_routes.h"

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/npy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/rest_tester.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class MmsRoutesTest : public testing::Test {
 protected:
  MmsRoutesTest() { tester_.AddModel("double", 3, GraphOf("_test_double", "float32 [-1, 2]")); }

  json Predict(absl::string_view target, absl::string_view body, const std::string& type = "application/json",
               int status = 200) {
    const HttpResponse response = Post(routes_, target, body, {{"Content-Type", type}});
    EXPECT_EQ(response.status, status) << body << response.body;
    return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }

  std::atomic<bool> ready_{false};
  ServiceTester tester_;
  MmsRoutes routes_{tester_.registry(), tester_.predictor(), ready_};
};

TEST_F(MmsRoutesTest, AnswersPings) {
  EXPECT_EQ(Get(routes_, "/ping").status, 503);
  ready_ = true;
  EXPECT_EQ(Get(routes_, "/ping").status, 200);
  EXPECT_EQ(Get(routes_, "/ping").body, "{\"status\":\"Healthy\"}");
  EXPECT_EQ(Get(routes_, "/ping/x").status, 404);
  EXPECT_EQ(routes_.RightFor(*MakeHttpRequest(HttpMethod::kGet, "/ping")), std::nullopt);
}

TEST_F(MmsRoutesTest, TakesArraysInJson) {
  EXPECT_EQ(Predict("/predictions/double", "[[1,2],[3,4]]"), json::parse("[[2.0,4.0],[6.0,8.0]]"));
  EXPECT_EQ(Predict("/predictions/double", R"( {"data":[[1,2]]})", ""), json::parse("[[2.0,4.0]]"));
}

TEST_F(MmsRoutesTest, TakesArraysOfNumPy) {
  const std::string npy = FormatNpy(Tensor::FromData<float>({1, 2}, {1, 2}));
  EXPECT_EQ(Predict("/invocations", npy, "application/x-npy"), json::parse("[[2.0,4.0]]"));
  const HttpResponse response =
      Post(routes_, "/invocations", npy, {{"Content-Type", "application/x-npy"}, {"Accept", "application/x-npy"}});
  EXPECT_EQ(response.content_type, "application/x-npy");
  ASSERT_OK_AND_ASSIGN(const Tensor answer, ParseNpy(response.body, "answer"));
  EXPECT_THAT(answer.span<float>(), testing::ElementsAre(2, 4));
  const std::string pickled =
      "\x93NUMPY\x01\x00v\x00{'descr': '|O', "
      "'fortran_order': False, 'shape': (1,), }\n";
  Predict("/invocations", pickled, "application/x-npy", 400);
  Predict("/invocations", "not npy", "application/x-npy", 400);
}

TEST_F(MmsRoutesTest, TakesRowsOfText) {
  EXPECT_EQ(Predict("/invocations", "1,2\r\n 3, 4\n\n", "text/csv; charset=utf-8"),
            json::parse("[[2.0,4.0],[6.0,8.0]]"));
  EXPECT_THAT(Predict("/invocations", "1,2\n3", "text/csv", 400)["message"].get<std::string>(),
              HasSubstr("line 2: expected 2 numbers as before, got 1"));
  EXPECT_THAT(Predict("/invocations", "1,x", "text/csv", 400)["message"].get<std::string>(), HasSubstr("got \"x\""));
  Predict("/invocations", "", "text/csv", 400);
  tester_.AddModel("image", 1, GraphOf("_test_double", "float32 [-1, 1, 2, 2]"));
  EXPECT_EQ(Predict("/predictions/image", "1,2,3,4", "text/csv"), json::parse("[[[[2.0,4.0],[6.0,8.0]]]]"));
}

TEST_F(MmsRoutesTest, NamesTheBestClassesOfAPicture) {
  tester_.AddModel("classifier", 1, GraphOf("_copy", "float32 [-1, 3]"), {"cat", "dog", "cow"},
                   PictureInput{"data", [](absl::string_view) {
                                  return absl::StatusOr<Tensor>(Tensor::FromData<float>({1, 3}, {0.25f, 0.5f, 0.25f}));
                                }});
  for (const char* type : {"image/jpeg", "image/png", "application/octet-stream"}) {
    const json best = Predict("/predictions/classifier", "picture", type);
    EXPECT_EQ(best[0], json::parse(R"({"probability":0.5,"class":"dog"})"));
    EXPECT_EQ(best.size(), 3u);
  }
  Predict("/predictions/double", "picture", "image/jpeg", 400);
}

TEST_F(MmsRoutesTest, FindsTheModel) {
  Predict("/invocations", "[[1,2]]");
  tester_.AddModel("other", 1, GraphOf("_test_double", "float32 [-1, 2]"));
  EXPECT_THAT(Predict("/invocations", "[[1,2]]", "", 400)["message"].get<std::string>(),
              HasSubstr("there are 2 models"));
  Predict("/invocations?model_name=other", "[[1,2]]");
  const HttpResponse response = Post(routes_, "/invocations", "[[1,2]]", {{"X-Amzn-SageMaker-Target-Model", "other"}});
  EXPECT_EQ(response.status, 200);
}

TEST_F(MmsRoutesTest, ErrorsAreThoseOfMultiModelServer) {
  const json error = Predict("/predictions/none", "[[1,2]]", "", 404);
  EXPECT_EQ(error["code"], 404);
  EXPECT_EQ(error["type"], "NOT_FOUND");
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("\"none\""));
  EXPECT_EQ(Predict("/predictions/double", "x", "application/xml", 415)["code"], 415);
  Predict("/predictions/double", "{", "application/json", 400);
  Predict("/predictions/double", "[[1,2]] x", "application/json", 400);
  EXPECT_EQ(Get(routes_, "/predictions/double").status, 405);
  EXPECT_EQ(Get(routes_, "/invocations").status, 405);
  EXPECT_EQ(Post(routes_, "/predictions", "").status, 404);
  EXPECT_EQ(Post(routes_, "/predictions/double/x", "").status, 404);
}

}  // namespace
}  // namespace baryon
