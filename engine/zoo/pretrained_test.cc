#include "engine/zoo/pretrained.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/symbol_block.h"
#include "engine/zoo/zoo.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::zoo {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr char kName[] = "mobilenet0.25";

// A new folder under the test's own.
std::string MakeFolder(const std::string& name) {
  const std::string folder = testing::TempDir() + "/" + name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

NDArray Picture() { return np::Ones({1, 3, 64, 64}) * 0.5; }

// Where a model is when it was pulled.
NDArray PutModel(const std::string& root) {
  std::filesystem::create_directories(root + "/" + kName);
  const std::string prefix = root + "/" + kName + "/" + kName;
  const auto network = MakeNetwork(kName);
  EXPECT_OK(network);
  EXPECT_OK(ExportNetwork(*network, 5, prefix));
  auto model = gluon::SymbolBlock::Imports(prefix + "-symbol.json", {"data"}, prefix + "-0000.params");
  EXPECT_OK(model);
  return (*model)(Picture());
}

TEST(PretrainedTest, TheCacheIsInTheHomeUnlessSaidOtherwise) {
  unsetenv("BARYON_CACHE");
  for (const char* home : {"", "/home/somebody"}) {
    ASSERT_EQ(setenv("HOME", home, 1), 0);
    EXPECT_EQ(CacheFolder(), absl::StrCat(home, "/.cache/baryon"));
    EXPECT_EQ(FindCacheFolder().has_value(), *home != '\0') << "there is no home to have one in";
  }
  EXPECT_EQ(FindCacheFolder(), "/home/somebody/.cache/baryon");
  ASSERT_EQ(setenv("BARYON_CACHE", "/cache", 1), 0);
  EXPECT_EQ(FindCacheFolder(), "/cache");
  EXPECT_EQ(CacheFolder(), "/cache");
  unsetenv("BARYON_CACHE");
}

TEST(PretrainedTest, ComesFromTheCache) {
  const std::string root = MakeFolder("cache");
  const NDArray expected = PutModel(root);
  ASSERT_EQ(setenv("BARYON_CACHE", root.c_str(), 1), 0);
  EXPECT_EQ(CacheFolder(), root);
  ASSERT_OK_AND_ASSIGN(const NetworkBlock net, GetModel("mobilenet0_25", {.pretrained = true}));
  EXPECT_TRUE(np::AllClose((*net)(Picture()), expected, 1e-4, 1e-5));
}

TEST(PretrainedTest, ComesFromAFileThatMXNetFetched) {
  const std::string root = MakeFolder("models");
  ASSERT_OK_AND_ASSIGN(const NetworkBlock trained, GetModel(kName));
  trained->Initialize(init::Xavier());
  const NDArray expected = (*trained)(Picture());
  ASSERT_OK(trained->SaveParameters(root + "/mobilenet0.25-9f83e440.params"));
  ASSERT_OK_AND_ASSIGN(const NetworkBlock net, GetModel(kName, {.pretrained = true, .root = root}));
  EXPECT_TRUE(np::ArrayEqual((*net)(Picture()), expected));
  EXPECT_THAT(GetModel(kName, {.classes = 10, .pretrained = true, .root = root}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("expected shape [10, 256], got [1000, 256]")));
}

TEST(PretrainedTest, SaysWhereItLookedAndHowToGetIt) {
  const std::string root = MakeFolder("empty");
  EXPECT_THAT(GetModel("resnet18_v1", {.pretrained = true, .root = root}).status(),
              StatusIs(StatusCode::kNotFound, HasSubstr("\"baryon pull resnet18_v1\" fetches them")));
  std::filesystem::create_directories(root + "/mobilenet0.25-draft.params");
  EXPECT_THAT(FindPretrained(kName, root).status(), StatusIs(StatusCode::kNotFound, HasSubstr(root)));
}

}  // namespace
}  // namespace baryon::zoo
