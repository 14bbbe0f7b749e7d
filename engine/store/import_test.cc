#include "engine/store/import.h"

#include <filesystem>

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/base/thread_pool.h"
#include "engine/load_model.h"
#include "engine/store/testing/archives.h"
#include "engine/store/testing/store_fixture.h"
#include "engine/zoo/zoo.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

constexpr char kNetwork[] = "mobilenet0.25";

class ImportTest : public StoreTest {
 protected:
  ImportTest() {
    const absl::Status written = zoo::ExportNetwork(*zoo::MakeNetwork(kNetwork, 3), 1, folder() + "/model");
    EXPECT_OK(written);
    symbol_ = *ReadFile(folder() + "/model-symbol.json");
    params_ = *ReadFile(folder() + "/model-0000.params");
  }
  absl::StatusOr<ImportedModel> ImportFile(const std::string& file) { return Import(file, cache_, options_, {}); }
  void ExpectLoads(const ImportedModel& model) {
    ThreadPool pool(1);
    EXPECT_OK(LoadModel(model.folder, pool));
  }
  void ExpectNothing() {
    EXPECT_TRUE(ListInstalled(cache_).empty());
    EXPECT_FALSE(fs::exists(cache_.path + "/.store/.import.staging"));
  }
  std::vector<TestMember> Mar() const {
    return {{"MAR-INF/MANIFEST.json",
             R"({"runtime": "python", "model": {"modelName": "flowers", "handler": "mxnet_vision_service:handle"}})"},
            {"flowers-symbol.json", symbol_},
            {"flowers-0000.params", params_},
            {"synset.txt", "daisy\nrose\ntulip\n"},
            {"signature.json", R"({"input_type": "image/jpeg",
                                   "inputs": [{"data_name": "data", "data_shape": [0, 3, 224, 224]}]})"}};
  }

  std::string symbol_, params_;
  const ModelRoot cache_ = {folder() + "/cache"};
  ImportOptions options_;
};

TEST_F(ImportTest, AMarOfMultiModelServer) {
  ASSERT_OK_AND_ASSIGN(const ImportedModel model, ImportFile(WriteZip(folder() + "/x.mar", Mar())));
  EXPECT_EQ(model.name, "flowers");
  ExpectLoads(model);
  EXPECT_EQ(*ReadFile(model.folder + "/labels.txt"), "daisy\nrose\ntulip\n");
  EXPECT_THAT(*ReadFile(model.folder + "/preprocess.json"), HasSubstr("224"));
  EXPECT_EQ(*ReadFile(model.folder + "/flowers-0000.params"), params_);
  EXPECT_THAT(ReadProvenance(model.folder)->source, HasSubstr("x.mar"));
}

TEST_F(ImportTest, AMarWithCodeOfItsOwnIsRefusedUnlessTheCodeIsGivenUp) {
  std::vector<TestMember> members = Mar();
  members.push_back({"my_service.py", "import os\n"});
  const std::string file = WriteZip(folder() + "/x.mar", members);
  EXPECT_THAT(ImportFile(file), StatusIs(absl::StatusCode::kFailedPrecondition,
                                         AllOf(HasSubstr("my_service.py"), HasSubstr("preprocess.json"))));
  ExpectNothing();
  options_.ignore_code = true;
  ASSERT_OK_AND_ASSIGN(const ImportedModel model, ImportFile(file));
  ExpectLoads(model);
}

TEST_F(ImportTest, AnArchiveOfSageMaker) {
  const std::string file = WriteTarGz(folder() + "/model.tar.gz",
                                      {{"./", "", 040755},
                                       {"./model-symbol.json", symbol_},
                                       {"./model-0000.params", params_},
                                       {"./model-shapes.json", R"([{"name": "data", "shape": [1, 3, 224, 224]}])"}});
  ASSERT_OK_AND_ASSIGN(const ImportedModel model, ImportFile(file));
  EXPECT_EQ(model.name, "model");
  ExpectLoads(model);
  ASSERT_OK_AND_ASSIGN(const ImportedModel again, ImportFile(file));
  EXPECT_TRUE(again.was_there);
}

TEST_F(ImportTest, AnExportsPrefixStaysWhereItIs) {
  options_.name = "mine";
  ASSERT_OK_AND_ASSIGN(const ImportedModel model, ImportFile(folder() + "/model"));
  EXPECT_EQ(model.folder, cache_.path + "/mine");
  ExpectLoads(model);
  EXPECT_EQ(*ReadFile(folder() + "/model-symbol.json"), symbol_);
  EXPECT_EQ(*ReadFile(folder() + "/model-0000.params"), params_);
}

TEST_F(ImportTest, ParametersAloneNeedAnArchitecture) {
  const std::string file = folder() + "/weights.params";
  WriteZooParams(file, kNetwork, ParamNames::kSaveParameters, 3);
  EXPECT_THAT(ImportFile(file), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--architecture")));
  options_.architecture = "mobilenet0_25";
  options_.classes = 3;
  ASSERT_OK_AND_ASSIGN(const ImportedModel model, ImportFile(file));
  EXPECT_EQ(model.name, "weights");
  ExpectLoads(model);
  EXPECT_TRUE(fs::exists(file));
}

TEST_F(ImportTest, IntoARepositoryAsTheNextVersion) {
  const ModelRoot repository = {folder() + "/repository", true};
  ASSERT_OK_AND_ASSIGN(const ImportedModel model, Import(folder() + "/model", repository, {.name = "mine"}, {}));
  EXPECT_EQ(model.folder, repository.path + "/mine/1");
}

TEST_F(ImportTest, WhatIsNoModelIsRefused) {
  EXPECT_THAT(ImportFile(folder() + "/absent"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ImportFile(WriteZip(folder() + "/empty.zip", {{"readme.txt", "x"}})),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("empty.zip")));
  ASSERT_OK(WriteFileAtomically(folder() + "/junk.mar", "junk"));
  EXPECT_THAT(ImportFile(folder() + "/junk.mar"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ImportFile(WriteZip(folder() + "/slip.mar", {{"../x", "x"}})),
              StatusIs(absl::StatusCode::kInvalidArgument));
  options_.name = "../x";
  EXPECT_THAT(ImportFile(folder() + "/model"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--name")));
  ExpectNothing();
}

}  // namespace
}  // namespace baryon::store
