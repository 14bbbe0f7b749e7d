#include "server/services/rest_protocol.h"

#include <memory>
#include <string>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/rest_tester.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

// Answers with its name; wants what the second segment says.
class EchoProtocol final : public RestProtocol {
 public:
  explicit EchoProtocol(std::string name) : name_(std::move(name)) {}
  std::optional<Right> RightFor(const HttpRequest& head) const override {
    if (head.path.back() == "open") return std::nullopt;
    return head.path.back() == "control" ? Right::kControl : Right::kUse;
  }
  void Answer(std::shared_ptr<const HttpRequest>, HttpReply reply) override { reply(HttpResponse{200, name_}); }

 private:
  const std::string name_;
};

class RestRouterTest : public testing::Test {
 protected:
  RestRouterTest() {
    files_.Write("use", "use-me-please");
    files_.Write("control", "master-of-all");
    access_ = *Access::Open(files_.path("use"), files_.path("control"));
    router_ = std::make_unique<RestRouter>(*access_, [this] { ++refusals_; });
    router_->Add("a", a_);
    router_->Add("b", b_);
    handler_ = router_->Handler();
  }

  // The status of a refusal, or 0.
  int Refused(absl::string_view target, const std::string& authorization = "") {
    const auto refusal =
        handler_.refuse(*MakeHttpRequest(HttpMethod::kGet, target, "", {{"Authorization", authorization}}));
    return refusal.has_value() ? refusal->status : 0;
  }

  TempFolder files_;
  std::unique_ptr<Access> access_;
  EchoProtocol a_{"protocol a"}, b_{"protocol b"};
  std::unique_ptr<RestRouter> router_;
  HttpHandler handler_;
  int refusals_ = 0;
};

TEST_F(RestRouterTest, ChoosesByTheFirstSegment) {
  std::string answer;
  handler_.answer(MakeHttpRequest(HttpMethod::kGet, "/b/x"), [&](HttpResponse response) { answer = response.body; });
  EXPECT_EQ(answer, "protocol b");
  EXPECT_EQ(Refused("/c/open"), 404);
  EXPECT_EQ(Refused("/"), 404);
}

TEST_F(RestRouterTest, AsksForTheTokenThatThePathNeeds) {
  EXPECT_EQ(Refused("/a/open"), 0);
  EXPECT_EQ(Refused("/a/use"), 401);
  EXPECT_EQ(Refused("/a/use", "Bearer wrong-token"), 401);
  EXPECT_EQ(Refused("/a/use", "Bearer use-me-please"), 0);
  EXPECT_EQ(Refused("/a/control", "Bearer use-me-please"), 403);
  EXPECT_EQ(Refused("/a/control", "Bearer master-of-all"), 0);
  EXPECT_EQ(Refused("/a/use?token=use-me-please"), 401);
  EXPECT_EQ(refusals_, 4);
}

TEST(RestPageTest, IsReadAtItsPathOnly) {
  RestPage page({"metrics"}, [] { return HttpResponse{200, "figures"}; });
  EXPECT_EQ(Get(page, "/metrics").body, "figures");
  EXPECT_EQ(Get(page, "/metrics/more").status, 404);
  EXPECT_EQ(Post(page, "/metrics", "").status, 405);
}

TEST(RestProtocolTest, SaysWhichMethodIsExpected) {
  EXPECT_EQ(WrongMethod(HttpMethod::kPost).status, 405);
  EXPECT_EQ(HeaderOf(WrongMethod(HttpMethod::kPost), "Allow"), "POST");
  EXPECT_EQ(HeaderOf(WrongMethod(HttpMethod::kGet), "Allow"), "GET, HEAD");
}

}  // namespace
}  // namespace baryon
