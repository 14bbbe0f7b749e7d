#include "clients/cli/model_path.h"

#include <cstdlib>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ModelPathTest : public testing::Test {
 protected:
  void SetUp() override { setenv("BARYON_CACHE", files_.path("cache").c_str(), /*overwrite=*/1); }
  void TearDown() override { unsetenv("BARYON_CACHE"); }

  TempFolder files_;
};

TEST_F(ModelPathTest, WhatIsThereIsMeantWhateverItsName) {
  files_.Write("resnet18_v1/x-symbol.json", "{}");
  files_.Write("cache/resnet18_v1/y-symbol.json", "{}");
  for (const char* model : {"resnet18_v1", "resnet18_v1/x", "resnet18_v1/x-symbol.json"}) {
    ASSERT_OK_AND_ASSIGN(const std::string located, LocateModel(files_.path(model)));
    EXPECT_EQ(located, files_.path(model));
  }
}

TEST_F(ModelPathTest, BothSpellingsOfANetworkFindItInTheCache) {
  files_.Write("cache/mobilenetv2_1.0/x-symbol.json", "{}");
  for (const char* model : {"mobilenetv2_1.0", "mobilenet_v2_1_0", "MobileNetV2_1.0"}) {
    ASSERT_OK_AND_ASSIGN(const std::string located, LocateModel(model));
    EXPECT_EQ(located, files_.path("cache/mobilenetv2_1.0"));
  }
}

TEST_F(ModelPathTest, ANetworkThatIsNotInTheCacheIsAnError) {
  EXPECT_THAT(LocateModel("resnet18_v1"),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("resnet18_v1"), HasSubstr(files_.path("cache")))));
}

TEST_F(ModelPathTest, OtherModelsOfTheCacheAreFoundToo) {
  files_.Write("cache/flowers/x-symbol.json", "{}");
  ASSERT_OK_AND_ASSIGN(const std::string located, LocateModel("flowers"));
  EXPECT_EQ(located, files_.path("cache/flowers"));
  EXPECT_EQ(CacheName("mobilenet_v2_1_0"), "mobilenetv2_1.0");
}

TEST_F(ModelPathTest, WhatIsThereIsNotPulled) {
  files_.Write("cache/flowers/x-symbol.json", "{}");
  files_.Write("here/x-symbol.json", "{}");
  store::PullOptions nowhere;
  nowhere.from = files_.path("absent");
  for (const std::string& model : {std::string("flowers"), files_.path("here"), files_.path("here/x")}) {
    EXPECT_OK(LocateOrPull(model, nowhere)) << model;
  }
  EXPECT_THAT(LocateOrPull("trees", nowhere), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ModelPathTest, OtherNamesAreLeftToTheReader) {
  ASSERT_OK_AND_ASSIGN(const std::string located, LocateModel("nowhere"));
  EXPECT_EQ(located, "nowhere");
}

}  // namespace
}  // namespace baryon
