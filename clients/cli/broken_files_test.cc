// Broken symbol and parameter files (tests/golden/params.zip), given to every command that loads a model.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "clients/cli/testing/run_baryon.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/json.h"
#include "engine/io/npy.h"
#include "engine/io/params_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using testing::MatchesRegex;

// Reads the arrays of good.params, where a broken file does not prevent it.
constexpr char kReader[] = R"({"nodes": [
    {"op": "null", "name": "data", "inputs": []}, {"op": "null", "name": "w", "inputs": []},
    {"op": "FullyConnected", "name": "fc", "attrs": {"num_hidden": "2", "no_bias": "True"},
     "inputs": [[0, 0, 0], [1, 0, 0]]}],
    "arg_nodes": [0, 1], "heads": [[2, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}})";

// What a tolerant reader may take: a list with bytes behind it, nodes in another order, numbers that nobody reads.
const std::vector<std::string> kTolerated = {"bytes_after_end.params", "forward_reference.json", "row_ptr_wrong.json"};

class BrokenFilesTest : public testing::Test {
 protected:
  BrokenFilesTest() {
    EXPECT_OK(WriteNpy(files_.path("x.npy"), Tensor::FromData<float>({1, 3}, {1, 2, 3})));
    std::filesystem::create_directories(files_.path("m"));
    EXPECT_OK(WriteParamsFile(files_.path("m/m-0000.params"),
                              {{"arg:fc_weight", Tensor::FromData<float>({2, 3}, {1, 2, 3, 4, 5, 6})},
                               {"arg:fc_bias", Tensor::FromData<float>({2}, {1, 2})}}));
  }

  // The model with this broken file in it, and sound ones besides.
  std::string ModelWith(const std::string& name) {
    const std::filesystem::path broken = golden_ + "/broken/" + name, model = files_.path(name);
    std::filesystem::create_directories(model);
    if (absl::EndsWith(name, ".params")) {
      files_.Write(name + "/m-symbol.json", kReader);
      std::filesystem::copy_file(broken, model / "m-0000.params");
    } else {
      std::filesystem::copy_file(broken, model / "m-symbol.json");
      std::filesystem::copy_file(files_.path("m/m-0000.params"), model / "m-0000.params");
    }
    return model.string();
  }

  const std::string golden_ = GoldenFolder("params");
  TempFolder files_;
};

TEST_F(BrokenFilesTest, EndEveryCommandWithOneAndOneLine) {
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(golden_ + "/broken/broken.json"));
  ASSERT_OK_AND_ASSIGN(const Json list, ParseJson(text));
  ASSERT_GT(list.size(), 70u);
  for (const auto& [name, unused] : list.items()) {
    const std::string model = ModelWith(name);
    const bool tolerated = testing::Value(kTolerated, testing::Contains(name));
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"run", model, "--input", files_.path("x.npy")}, {"check", model}, {"summary", model}}) {
      // Elements are read where they are wanted: a summary does not see a wrong checksum.
      const bool unread = name == "npz_crc.params" && command[0] == "summary";
      const Outcome outcome = RunBaryon(command);
      EXPECT_EQ(outcome.exit_code, tolerated || unread ? 0 : 1) << command[0] << " " << name << " " << outcome.error;
      if (outcome.exit_code == 0) continue;
      EXPECT_THAT(outcome.error, MatchesRegex("(baryon: warning: [^\n]+\n)?baryon: error: [^\n]+\n"))
          << command[0] << " " << name;
    }
  }
}

TEST_F(BrokenFilesTest, GoodOnesBesideThemAreTaken) {
  for (const auto& entry : std::filesystem::directory_iterator(golden_)) {
    if (!absl::EndsWith(entry.path().string(), ".params")) continue;
    const auto params = ParamsFile::Open(entry.path().string());
    ASSERT_OK(params);
    EXPECT_OK((*params)->ReadAll()) << entry.path();
  }
}

}  // namespace
}  // namespace baryon
