#include "server/security/access.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/error_details.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kUse[] = "use-me-please", kControl[] = "master-of-all";

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    SetLogSink([this](LogSeverity, absl::string_view message, LogFields fields) {
      log_ += std::string(message);
      for (const auto& [name, value] : fields) absl::StrAppend(&log_, " ", value);
    });
    files_.Write("use", absl::StrCat(kUse, "\n"));
    files_.Write("control", kControl);
  }
  ~AccessTest() override { SetLogSink(nullptr); }

  std::unique_ptr<Access> Open(bool use, bool control) {
    auto access = Access::Open(use ? files_.path("use") : "", control ? files_.path("control") : "");
    EXPECT_OK(access.status());
    return *std::move(access);
  }
  static std::string Bearer(absl::string_view token) { return absl::StrCat("Bearer ", token); }

  TempFolder files_;
  std::string log_;
};

TEST_F(AccessTest, IsOpenWithoutFiles) {
  const auto access = Open(false, false);
  EXPECT_OK(access->Check(Right::kUse, ""));
  EXPECT_OK(access->Check(Right::kControl, "Bearer whatever"));
}

TEST_F(AccessTest, OneTokenForInferenceGuardsControlToo) {
  const auto access = Open(true, false);
  for (Right right : {Right::kUse, Right::kControl}) {
    EXPECT_OK(access->Check(right, Bearer(kUse)));
    EXPECT_THAT(access->Check(right, ""), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("got none")));
  }
}

TEST_F(AccessTest, ATokenForControlLeavesInferenceOpen) {
  const auto access = Open(false, true);
  EXPECT_OK(access->Check(Right::kUse, ""));
  EXPECT_OK(access->Check(Right::kUse, "Bearer wrong-token"));
  EXPECT_THAT(access->Check(Right::kControl, ""), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_OK(access->Check(Right::kControl, Bearer(kControl)));
}

TEST_F(AccessTest, TwoTokensDoWhatEachIsFor) {
  const auto access = Open(true, true);
  EXPECT_OK(access->Check(Right::kUse, Bearer(kUse)));
  EXPECT_OK(access->Check(Right::kUse, Bearer(kControl)));
  EXPECT_OK(access->Check(Right::kControl, Bearer(kControl)));
  const absl::Status denied = access->Check(Right::kControl, Bearer(kUse));
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(DetailsOf(denied).reason, "TOKEN_FOR_INFERENCE");
}

TEST_F(AccessTest, RefusesEverythingButTheToken) {
  const auto access = Open(true, false);
  const std::string token = kUse;
  for (const std::string& wrong :
       {token, absl::StrCat("Basic ", token), absl::StrCat("Bearer", token), Bearer(token + "x"),
        Bearer(token.substr(0, token.size() - 1)), Bearer(""), Bearer(std::string(1 << 20, 'x')),
        Bearer(absl::StrCat(token, std::string(1, '\0'))), Bearer("USE-ME-PLEASE")}) {
    const absl::Status status = access->Check(Right::kUse, wrong);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnauthenticated, Not(HasSubstr("use-me"))));
  }
  EXPECT_OK(access->Check(Right::kUse, absl::StrCat("bearer  ", token, " ")));
}

TEST_F(AccessTest, WantsATokenInTheFile) {
  EXPECT_THAT(Access::Open(files_.path("none"), ""), StatusIs(absl::StatusCode::kNotFound));
  for (const std::string& contents : {std::string(), std::string("\nsecond-line"), std::string("short"),
                                      std::string("with space inside"), std::string(5000, 'x')}) {
    files_.Write("use", contents);
    EXPECT_THAT(Access::Open(files_.path("use"), ""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("use")));
  }
}

TEST_F(AccessTest, FollowsTheFile) {
  const auto access = Open(true, false);
  files_.Write("use", "another-token");
  EXPECT_OK(access->Reload());
  EXPECT_OK(access->Check(Right::kUse, "Bearer another-token"));
  EXPECT_THAT(access->Check(Right::kUse, Bearer(kUse)), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(log_, HasSubstr("the token has changed"));
}

TEST_F(AccessTest, KeepsTheTokenWhenTheFileGoesBadAndSaysSoOnce) {
  const auto access = Open(true, false);
  files_.Write("use", "");
  EXPECT_THAT(access->Reload(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(access->Check(Right::kUse, Bearer(kUse)));
  EXPECT_THAT(log_, HasSubstr("the token before it stays"));
  log_.clear();
  EXPECT_THAT(access->Reload(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(log_, "");
}

TEST_F(AccessTest, NeverLogsATokenOrPutsItIntoAnError) {
  const auto access = Open(true, true);
  files_.Write("use", "another-token");
  EXPECT_OK(access->Reload());
  EXPECT_THAT(log_, Not(HasSubstr("another-token")));
  EXPECT_THAT(std::string(access->Check(Right::kUse, "Bearer guessed-token").message()), Not(HasSubstr("guessed")));
}

}  // namespace
}  // namespace baryon
