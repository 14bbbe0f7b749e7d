#include "server/models/uploaded_model.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::HasSubstr;

TEST(UploadedModelTest, HoldsTheFilesAsLongAsItLives) {
  ASSERT_OK_AND_ASSIGN(auto model, UploadedModel::Store("net", {{"1/net-symbol.json", "{}"},
                                                                {"1/net-0000.params", std::string(3, '\0')},
                                                                {"12/net-symbol.json", "{ }"},
                                                                {"labels.txt", "cat\n"}}));
  const std::string path = model->path();
  EXPECT_THAT(path, testing::EndsWith("/net"));
  EXPECT_EQ(*ReadFile(path + "/1/net-0000.params"), std::string(3, '\0'));
  EXPECT_EQ(*ReadFile(path + "/12/net-symbol.json"), "{ }");
  EXPECT_EQ(*ReadFile(path + "/labels.txt"), "cat\n");
  struct stat status {};
  ASSERT_EQ(stat(std::filesystem::path(path).parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 077, 0u) << "nobody else reads it";
  model.reset();
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path).parent_path()));
}

TEST(UploadedModelTest, TakesNoPathOutsideOfAVersion) {
  for (const std::string& path : {std::string("../1/x"),
                                  std::string("/etc/passwd"),
                                  std::string("1/../x"),
                                  std::string("1/2/x"),
                                  std::string("1/"),
                                  std::string("/x"),
                                  std::string(""),
                                  std::string("1/.x"),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("01/x"),
                                  std::string("0/x"),
                                  std::string("-1/x"),
                                  std::string("a/x"),
                                  std::string("1/a b"),
                                  std::string("1/x\0y", 5),
                                  std::string("1/x\n"),
                                  std::string("1\\x"),
                                  std::string("9223372036854775808/x"),
                                  std::string("1/%2e%2e"),
                                  "1/" + std::string(300, 'x')}) {
    EXPECT_THAT(UploadedModel::Store("net", {{path, ""}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected VERSION/NAME or NAME")))
        << path;
  }
  for (const char* name : {"..", "a/b", "", "/"}) {
    EXPECT_THAT(UploadedModel::Store(name, {{"1/x", ""}}), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(UploadedModelTest, BoundsTheNumberOfFiles) {
  EXPECT_THAT(UploadedModel::Store("net", {}), StatusIs(absl::StatusCode::kInvalidArgument));
  std::vector<UploadedFile> files;
  for (int i = 0; i < 1001; ++i) files.push_back({absl::StrCat("1/x", i), ""});
  EXPECT_THAT(UploadedModel::Store("net", files), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got 1001")));
  EXPECT_THAT(UploadedModel::Store("net", {{"1/x", ""}, {"1/X", ""}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
}

}  // namespace
}  // namespace baryon
