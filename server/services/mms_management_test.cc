#include "server/services/mms_management.h"

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/rest_tester.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class MmsManagementTest : public testing::Test {
 protected:
  MmsManagementTest() {
    tester_.WriteModel("double", 3, "_test_double float32 [-1, 2]");
    tester_.WriteModel("copy", 1, "_copy float32 [-1]");
    tester_.WriteModel("broken", 1, "bad");
  }

  json Ask(HttpMethod method, absl::string_view target, int status, absl::string_view body = "") {
    const HttpResponse response = baryon::Ask(routes_, MakeHttpRequest(method, target, body));
    EXPECT_EQ(response.status, status) << response.body;
    return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }

  std::atomic<bool> ready_{true};
  ServiceTester tester_;
  MmsRoutes predictions_{tester_.registry(), tester_.predictor(), ready_};
  MmsManagement routes_{tester_.registry(), tester_.manager(), predictions_};
};

TEST_F(MmsManagementTest, ModelsComeAndGo) {
  EXPECT_EQ(Ask(HttpMethod::kGet, "/models", 200)["models"], json::array());
  EXPECT_EQ(Ask(HttpMethod::kPost, "/models?url=double.mar&initial_workers=1&synchronous=true", 200)["status"],
            "Model \"double\" registered");
  EXPECT_EQ(Ask(HttpMethod::kPost, "/models", 200, R"({"model_name":"copy","url":"copy"})")["status"],
            "Model \"copy\" registered");
  EXPECT_EQ(Ask(HttpMethod::kGet, "/models", 200)["models"],
            json::parse(R"([{"modelName":"copy","modelUrl":"copy"},{"modelName":"double","modelUrl":"double"}])"));
  EXPECT_EQ(Ask(HttpMethod::kPost, "/models/double/invoke", 200, "[[1,2]]"), json::parse("[[2.0,4.0]]"));
  Ask(HttpMethod::kPost, "/models?url=double", 409);
  EXPECT_EQ(Ask(HttpMethod::kDelete, "/models/double", 200)["status"], "Model \"double\" unregistered");
  Ask(HttpMethod::kDelete, "/models/double", 404);
  Ask(HttpMethod::kGet, "/models/double", 404);
}

TEST_F(MmsManagementTest, DescribesAModel) {
  Ask(HttpMethod::kPost, "/models?url=double", 200);
  const json model = Ask(HttpMethod::kGet, "/models/double", 200);
  EXPECT_EQ(model["modelName"], "double");
  EXPECT_EQ(model["modelVersion"], "3");
  EXPECT_EQ(model["status"], "READY");
  EXPECT_EQ(model["versions"].size(), 1u);
}

TEST_F(MmsManagementTest, SaysWhyAModelCannotBeLoaded) {
  const json error = Ask(HttpMethod::kPost, "/models?url=broken", 500);
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("it says bad"));
  EXPECT_EQ(error["code"], 500);
  EXPECT_EQ(Ask(HttpMethod::kGet, "/models/broken", 200)["status"], "FAILED");
}

TEST_F(MmsManagementTest, TakesNothingButNamesOfItsRepository) {
  for (const char* url :
       {"https://example.org/m.mar", "file:///etc/passwd", "../double", "/models/double", "s3://b/m", ""}) {
    Ask(HttpMethod::kPost, absl::StrCat("/models?url=", url), 400);
  }
  EXPECT_THAT(Ask(HttpMethod::kPost, "/models?url=s3://b/m", 400)["message"].get<std::string>(),
              HasSubstr("nothing is fetched from elsewhere"));
  Ask(HttpMethod::kPost, "/models?url=nobody", 404);
  EXPECT_THAT(Ask(HttpMethod::kPost, "/models?url=double&model_name=mine", 400)["message"].get<std::string>(),
              HasSubstr("expected \"double\""));
  Ask(HttpMethod::kPost, "/models", 400, "{\"url\":7}");
  Ask(HttpMethod::kPost, "/models", 400, "[");
}

TEST_F(MmsManagementTest, ListsInPages) {
  Ask(HttpMethod::kPost, "/models?url=double", 200);
  Ask(HttpMethod::kPost, "/models?url=copy", 200);
  const json first = Ask(HttpMethod::kGet, "/models?limit=1", 200);
  EXPECT_EQ(first["models"][0]["modelName"], "copy");
  const std::string token = first["nextPageToken"];
  const json second = Ask(HttpMethod::kGet, absl::StrCat("/models?limit=1&next_page_token=", token), 200);
  EXPECT_EQ(second["models"][0]["modelName"], "double");
  EXPECT_FALSE(second.contains("nextPageToken"));
  Ask(HttpMethod::kGet, "/models?limit=0", 400);
  Ask(HttpMethod::kGet, "/models?next_page_token=x", 400);
  EXPECT_EQ(Ask(HttpMethod::kGet, "/models?next_page_token=9223372036854775807&limit=9", 200)["models"].size(), 0u);
}

TEST_F(MmsManagementTest, OnlyControlNeedsTheTokenForControl) {
  const auto right = [&](HttpMethod method, absl::string_view target) {
    return routes_.RightFor(*MakeHttpRequest(method, target));
  };
  EXPECT_EQ(right(HttpMethod::kGet, "/models"), Right::kUse);
  EXPECT_EQ(right(HttpMethod::kGet, "/models/double"), Right::kUse);
  EXPECT_EQ(right(HttpMethod::kPost, "/models/double/invoke"), Right::kUse);
  EXPECT_EQ(right(HttpMethod::kPost, "/models"), Right::kControl);
  EXPECT_EQ(right(HttpMethod::kDelete, "/models/double"), Right::kControl);
  Ask(HttpMethod::kPost, "/models/double", 405);
  Ask(HttpMethod::kDelete, "/models", 405);
  Ask(HttpMethod::kGet, "/models/double/x", 404);
}

}  // namespace
}  // namespace baryon
