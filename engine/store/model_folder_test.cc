#include "engine/store/model_folder.h"

#include <filesystem>
#include <optional>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/base/thread_pool.h"
#include "engine/io/params_file.h"
#include "engine/io/preprocess.h"
#include "engine/load_model.h"
#include "engine/store/testing/archives.h"
#include "engine/store/testing/store_fixture.h"
#include "engine/zoo/zoo.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

constexpr char kNetwork[] = "mobilenet0.25";
constexpr int64_t kClasses = 10;

class ModelFolderTest : public StoreTest {
 protected:
  ModelFolderTest() { fs::create_directories(target_); }

  absl::Status WriteNetwork(const std::string& params) {
    ModelParts parts;
    parts.params = params;
    parts.architecture = kNetwork;
    parts.classes = kClasses;
    return WriteModelFolder(parts, "m", target_);
  }
  void Write(const std::string& name, const std::string& contents) {
    fs::create_directories(fs::path(folder() + "/" + name).parent_path());
    ASSERT_OK(WriteFileAtomically(folder() + "/" + name, contents));
  }
  const std::string target_ = folder() + "/target", params_ = folder() + "/w.params";
};

TEST_F(ModelFolderTest, ParametersOfTheZooBecomeAModelUnderAnyOfTheirNames) {
  std::optional<std::string> bytes;
  for (const ParamNames names : {ParamNames::kExport, ParamNames::kSaveParameters, ParamNames::kSaveParams}) {
    WriteZooParams(params_, kNetwork, names, kClasses);
    ASSERT_OK(WriteNetwork(params_));
    const auto written = ReadFile(target_ + "/m-0000.params");
    ASSERT_OK(written);
    EXPECT_EQ(bytes.value_or(*written), *written);
    bytes = *written;
  }
}

TEST_F(ModelFolderTest, WhatWasWrittenIsWhatTheZooExports) {
  WriteZooParams(params_, kNetwork, ParamNames::kSaveParams, kClasses);
  ASSERT_OK(WriteNetwork(params_));
  const auto network = zoo::MakeNetwork(kNetwork, kClasses);
  ASSERT_OK(zoo::ExportNetwork(*network, /*seed=*/7, folder() + "/export"));
  EXPECT_EQ(*ReadFile(target_ + "/m-symbol.json"), *ReadFile(folder() + "/export-symbol.json"));
  EXPECT_EQ(*ReadFile(target_ + "/m-0000.params"), *ReadFile(folder() + "/export-0000.params"));
}

TEST_F(ModelFolderTest, ArraysThatDoNotFitAreNamed) {
  WriteZooParams(params_, kNetwork, ParamNames::kSaveParameters, kClasses + 1);
  EXPECT_THAT(WriteNetwork(params_), StatusIs(absl::StatusCode::kInvalidArgument,
                                              AllOf(HasSubstr("output.weight"), HasSubstr("[10,"), HasSubstr("[11,"))));
  ASSERT_OK_AND_ASSIGN(const auto file, ParamsFile::Open(params_));
  ASSERT_OK_AND_ASSIGN(NamedTensors tensors, file->ReadAll());
  tensors.erase(tensors.begin());
  ASSERT_OK(WriteParamsFile(params_, tensors));
  EXPECT_THAT(WriteNetwork(params_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("features.0.weight")));
}

TEST_F(ModelFolderTest, ParametersOfAnotherNetworkAreRefused) {
  WriteZooParams(params_, "squeezenet1.1", ParamNames::kSaveParameters, kClasses);
  EXPECT_FALSE(WriteNetwork(params_).ok());
  ModelParts parts;
  parts.architecture = "resnet51";
  EXPECT_THAT(WriteModelFolder(parts, "m", target_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ModelFolderTest, LabelsAndPreprocessingComeAlong) {
  WriteZooParams(params_, kNetwork, ParamNames::kExport, 2);
  ModelParts parts;
  parts.params = params_;
  parts.architecture = kNetwork;
  parts.classes = 2;
  parts.labels = {"cat", "dog"};
  ASSERT_OK(WriteModelFolder(parts, "m", target_));
  EXPECT_EQ(*ReadFile(target_ + "/labels.txt"), "cat\ndog\n");
  ASSERT_OK_AND_ASSIGN(const Preprocess preprocess, ReadPreprocess(target_ + "/preprocess.json"));
  EXPECT_EQ(preprocess.short_side, 256);
}

TEST_F(ModelFolderTest, EveryNetworkHasAPreprocessing) {
  for (const std::string& name : zoo::NetworkNames()) {
    ASSERT_OK_AND_ASSIGN(const std::string text, ZooPreprocess(name));
    ASSERT_OK_AND_ASSIGN(const Preprocess preprocess, ParsePreprocess(text));
    EXPECT_EQ(preprocess.input, "data");
    EXPECT_EQ(preprocess.crop_width, name == "inceptionv3" ? 299 : 224);
    EXPECT_EQ(preprocess.short_side, name == "inceptionv3" ? 342 : 256);
    EXPECT_THAT(preprocess.mean, ElementsAre(0.485f, 0.456f, 0.406f));
    EXPECT_THAT(preprocess.std, ElementsAre(0.229f, 0.224f, 0.225f));
  }
}

TEST_F(ModelFolderTest, PartsAreFoundInAnyDepth) {
  Write("in/deep/net-symbol.json", "{}");
  Write("in/deep/net-0003.params", "x");
  Write("in/synset.txt", "cat\r\n dog\n\n");
  Write("in/preprocess.json", "{}");
  ASSERT_OK_AND_ASSIGN(const ModelParts parts, FindModelParts(folder() + "/in"));
  EXPECT_THAT(parts.symbol, HasSubstr("net-symbol.json"));
  EXPECT_THAT(parts.params, HasSubstr("net-0003.params"));
  EXPECT_THAT(parts.labels, ElementsAre("cat", "dog"));
  EXPECT_EQ(parts.preprocess, "{}");
}

TEST_F(ModelFolderTest, ItMustBeClearWhichModelItIs) {
  Write("none/readme.txt", "");
  EXPECT_THAT(FindModelParts(folder() + "/none"), StatusIs(absl::StatusCode::kNotFound));
  Write("two/a-symbol.json", "{}");
  Write("two/b/b-symbol.json", "{}");
  EXPECT_THAT(
      FindModelParts(folder() + "/two"),
      StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("a-symbol.json"), HasSubstr("b-symbol.json"))));
  Write("params/a.params", "");
  Write("params/b.params", "");
  EXPECT_THAT(FindModelParts(folder() + "/params"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ModelFolderTest, AModelThatDoesNotLoadIsRefused) {
  Write("in/net-symbol.json", R"({"nodes": [{"op": "null", "name": "data", "inputs": []},
      {"op": "NoSuchOperator", "name": "x", "inputs": [[0, 0, 0]]}], "arg_nodes": [0], "heads": [[1, 0, 0]]})");
  ASSERT_OK_AND_ASSIGN(const ModelParts parts, FindModelParts(folder() + "/in"));
  EXPECT_THAT(WriteModelFolder(parts, "m", target_),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("NoSuchOperator"), HasSubstr("\"x\""))));
}

}  // namespace
}  // namespace baryon::store
