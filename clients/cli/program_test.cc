// Commands as a user types them, except those that need a server: tests/integration has these.
#include "clients/cli/program.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/testing/run_baryon.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/npy.h"
#include "engine/runtime/compile.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/testing/temp_folder.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

// The largest difference between the elements of two arrays of one shape.
float Difference(const Tensor& a, const Tensor& b) {
  float largest = 0;
  for (int64_t i = 0; i < a.num_elements(); ++i) {
    largest = std::max(largest, std::fabs(a.data<float>()[i] - b.data<float>()[i]));
  }
  return largest;
}

class ProgramTest : public testing::Test {
 protected:
  TempFolder files_;
};

class DigitsTest : public ProgramTest {
 protected:
  const std::string digits_ = GoldenFolder("digits");
};

TEST_F(ProgramTest, SaysItsVersion) {
  const Outcome outcome = RunBaryon({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "baryon 0.1.0\n");
}

TEST_F(ProgramTest, HelpListsTheCommands) {
  const Outcome outcome = RunBaryon({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* command : {"serve", "run", "summary", "check", "bench", "predict"}) {
    EXPECT_THAT(outcome.out, HasSubstr(command));
    EXPECT_EQ(RunBaryon({command, "--help"}).exit_code, 0) << command;
  }
}

TEST_F(ProgramTest, WrongUsageIsTwo) {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"fly"},

                                             {"run"},
                                             {"bench", "m", "--threads", "1,x"},
                                             {"bench", "m", "--disable-pass", "none"},
                                             {"serve", "m", "--model-control", "sometimes"},
                                             {"--no-such"},
                                             {"serve"},
                                             {"bench", "m", "--batch", "0"},
                                             {"bench", "m", "--concurrency", "0"},
                                             {"check", "m", "--no-such"},
                                             {"summary", "m", "--shape", "data=1,x"},
                                             {"run", "m", "--input", "x.npy", "--numerics", "loose"}}) {
    const Outcome outcome = RunBaryon(wrong);
    EXPECT_EQ(outcome.exit_code, 2) << testing::PrintToString(wrong);
    EXPECT_THAT(outcome.error, MatchesRegex("baryon: error: [^\n]+; see baryon [^\n]*--help\n"));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST_F(ProgramTest, WrongUsageNamesWhatWasExpectedAndWhatCame) {
  EXPECT_EQ(RunBaryon({"fly"}).error, "baryon: error: expected a command, got \"fly\"; see baryon --help\n");
  EXPECT_EQ(RunBaryon({}).error, "baryon: error: expected a command, got none; see baryon --help\n");
  EXPECT_EQ(RunBaryon({"run", "m", "--numerics", "loose"}).error,
            "baryon: error: --numerics: expected fast|strict, got loose; see baryon run --help\n");
}

TEST_F(ProgramTest, FailureIsOneWithOneLine) {
  const Outcome outcome = RunBaryon({"check", files_.path("nowhere")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, MatchesRegex("baryon: error: [^\n]*nowhere[^\n]*\n"));
}

TEST_F(DigitsTest, RunGivesWhatMxnetGives) {
  const std::string target = files_.path("y.npz");
  const Outcome outcome =
      RunBaryon({"run", digits_ + "/digits", "--input", digits_ + "/input.npz", "--output", target});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const NamedTensors got, ReadNpz(target));
  ASSERT_OK_AND_ASSIGN(const NamedTensors expected, ReadNpz(digits_ + "/output.npz"));
  ASSERT_EQ(got.size(), expected.size());
  EXPECT_EQ(got[0].first, "hybridlambda0_softmax0_output");
  ASSERT_EQ(got[0].second.type(), expected[0].second.type());
  EXPECT_LT(Difference(got[0].second, expected[0].second), 1e-5);
}

TEST_F(DigitsTest, RunRefusesAWrongInputAndSaysWhatWasExpected) {
  ASSERT_OK(WriteNpy(files_.path("x.npy"), Tensor::Zeros({DType::kFloat32, {1, 3, 8, 8}})));
  const Outcome outcome = RunBaryon({"run", digits_ + "/digits", "--input", files_.path("x.npy")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error,
              AllOf(HasSubstr("input \"data\": expected float32 [-1, 1, "), HasSubstr("got float32 [1, 3, 8, 8]")));
}

TEST_F(DigitsTest, RunWithoutInputsSaysWhatTheModelTakes) {
  const Outcome outcome = RunBaryon({"run", digits_ + "/digits"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(
      outcome.error,
      "baryon: error: --input is required, the model takes data float32 [-1, 1, -1, -1]; see baryon run --help\n");
}

TEST_F(ProgramTest, AModelWithoutInputsRunsWithoutThem) {
  files_.Write("m-symbol.json", R"({"nodes": [
    {"op": "_arange", "name": "r", "attrs": {"start": "1", "stop": "4"}, "inputs": []}],
    "arg_nodes": [], "heads": [[0, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}})");
  const Outcome outcome = RunBaryon({"run", files_.path("m")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(outcome.out, "r_output float32 [3]: 1, 2, 3\n");
}

TEST_F(DigitsTest, RunTakesPicturesOfAnyNumberAndNamesTheirClasses) {
  const Outcome one = RunBaryon({"run", digits_ + "/digits", "--input", digits_ + "/3.png", "--top=1"});
  EXPECT_EQ(one.exit_code, 0) << one.error;
  EXPECT_THAT(one.out, MatchesRegex(" +3 +[0-9.]+  3\n"));
  const Outcome two = RunBaryon(
      {"run", digits_ + "/digits", "--input=" + digits_ + "/3.png", "--input=data=" + digits_ + "/4.png", "--top=1"});
  EXPECT_THAT(two.out, MatchesRegex("row 0\n +3 +[0-9.]+  3\nrow 1\n +4 +[0-9.]+  4\n"));
}

TEST_F(DigitsTest, RunRefusesWhatIsNoPictureOrNoArray) {
  files_.Write("empty.png", "");
  files_.Write("empty.npy", "");
  files_.Write("empty.npz", "");
  for (const char* name : {"empty.png", "empty.npy", "empty.npz", "absent.npy"}) {
    const Outcome outcome = RunBaryon({"run", digits_ + "/digits", "--input", files_.path(name)});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.error, MatchesRegex(absl::StrCat("baryon: error: [^\n]*", name, "[^\n]*\n")));
  }
}

TEST_F(DigitsTest, TheOutputsPathIsCheckedBeforeAnythingRuns) {
  const Outcome outcome = RunBaryon({"run", "nowhere", "--input", "absent.npy", "--output", "y.txt"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.error, "baryon: error: output \"y.txt\": expected an .npz or .npy file\n");
}

TEST_F(DigitsTest, StrictAndFastAndAnyPassLeftOutGiveTheSameClass) {
  std::vector<std::vector<std::string>> ways = {{"--numerics=strict"}, {"--numerics", "fast"}, {"--disable-pass=all"}};
  for (const Pass& pass : Pipeline()) ways.push_back({"--disable-pass", pass.name});
  for (const std::vector<std::string>& way : ways) {
    std::vector<std::string> command = {"run", digits_ + "/digits", "--input", digits_ + "/7.png", "--top", "1"};
    command.insert(command.end(), way.begin(), way.end());
    const Outcome outcome = RunBaryon(command);
    EXPECT_THAT(outcome.out, MatchesRegex(" +7 +[0-9.]+  7\n")) << way[0] << outcome.error;
  }
}

TEST_F(DigitsTest, TuningGivesTheSameClassAndKeepsItsChoices) {
  setenv("BARYON_CACHE", files_.path("cache").c_str(), /*overwrite=*/1);
  const auto ask = [&] { return RunBaryon({"run", digits_ + "/digits", "--input", digits_ + "/7.png", "--tune"}); };
  const Outcome first = ask();
  EXPECT_THAT(first.out, MatchesRegex(" +7 +[0-9.]+  7\n[^|]*")) << first.error;
  ASSERT_OK_AND_ASSIGN(const std::string choices, ReadFile(files_.path("cache/costs/algorithms")));
  EXPECT_THAT(choices, HasSubstr("kernel=(3, 3)"));
  EXPECT_EQ(ask().out, first.out);
  unsetenv("BARYON_CACHE");
}

TEST_F(DigitsTest, ANetworkOfTheZooIsFoundInTheCache) {
  std::filesystem::create_directories(files_.path("cache"));
  setenv("BARYON_CACHE", files_.path("cache").c_str(), /*overwrite=*/1);
  std::filesystem::create_directory_symlink(digits_, files_.path("cache/mobilenetv2_1.0"));
  const Outcome outcome = RunBaryon({"check", "mobilenet_v2_1_0"});
  unsetenv("BARYON_CACHE");
  EXPECT_EQ(outcome.out, "model \"mobilenetv2_1.0\" can be loaded\n") << outcome.error;
}

TEST_F(DigitsTest, SummaryShowsSignatureLayersAndTotals) {
  const Outcome outcome = RunBaryon({"summary", digits_ + "/digits", "--shape", "1,1,8,8", "--graph"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("model   digits\ninput   data float32 [-1, 1, "), HasSubstr("Convolution"),
                                 HasSubstr("output  hybridlambda0_softmax0_output float32 [-1, 10]\n"),
                                 HasSubstr(" parameters, 0.1 MB\n"), HasSubstr("# before the passes\ninput data"),
                                 HasSubstr("# passes\n# remove_labels "), HasSubstr("# fold_batch_norm "),
                                 HasSubstr("# after the passes\ninput data")));
}

TEST_F(ProgramTest, SummaryOfAGraphWhoseShapesNobodyKnowsNamesItsLayers) {
  files_.Write("m-symbol.json", R"json({"nodes": [
    {"op": "null", "name": "a", "inputs": []}, {"op": "null", "name": "b", "inputs": []},
    {"op": "dot", "name": "y", "inputs": [[0, 0, 0], [1, 0, 0]]},
    {"op": "Reshape", "name": "z", "attrs": {"shape": "(5,7,11)"}, "inputs": [[2, 0, 0]]}],
    "arg_nodes": [0, 1], "heads": [[3, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}})json");
  const Outcome outcome = RunBaryon({"summary", files_.path("m")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("Reshape"), HasSubstr("dot=1")));
  EXPECT_THAT(outcome.error, HasSubstr("--shape"));
  EXPECT_EQ(RunBaryon({"summary", files_.path("m"), "--shape", "a=5,7", "--shape", "b=7,77"}).error, "");
}

TEST_F(DigitsTest, CheckSaysThatAModelCanBeLoaded) {
  const Outcome outcome = RunBaryon({"check", digits_ + "/digits"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(outcome.out, "model \"digits\" can be loaded\n");
}

TEST_F(ProgramTest, CheckNamesOperatorsItDoesNotKnow) {
  files_.Write("m-symbol.json", R"({"nodes": [
    {"op": "null", "name": "data", "inputs": []},
    {"op": "NoSuchOperator", "name": "mystery", "inputs": [[0, 0, 0]]}],
    "arg_nodes": [0], "heads": [[1, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}})");
  const Outcome outcome = RunBaryon({"check", files_.path("m")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out, "operator not supported: NoSuchOperator (mystery)\n");
  EXPECT_EQ(outcome.error, "baryon: error: model \"m\" cannot be loaded: 1 problem\n");
}

TEST_F(DigitsTest, BenchReportsEachCombination) {
  const Outcome outcome = RunBaryon({"bench", digits_ + "/digits", "--shape", "data=1,1,8,8", "--batch", "1,3",
                                     "--threads", "1,2", "--seconds", "0", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  const nlohmann::json list = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[3]["model"], "digits");
  EXPECT_EQ(list[3]["batch"], 3);
  EXPECT_EQ(list[3]["threads"], 2);
  EXPECT_GE(list[3]["runs"], 5);
  for (const char* key : {"min_ms", "median_ms", "p99_ms", "rows_per_second", "load_ms", "peak_rss_mb"}) {
    EXPECT_GT(list[3][key].get<double>(), 0) << key;
  }
}

TEST_F(DigitsTest, BenchSendsRequestsAtOnce) {
  const Outcome outcome = RunBaryon({"bench", digits_ + "/digits", "--shape", "data=1,1,8,8", "--threads", "2",
                                     "--concurrency", "1,3", "--seconds", "0", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  const nlohmann::json list = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["concurrency"], 1);
  EXPECT_EQ(list[1]["concurrency"], 3);
  EXPECT_GE(list[1]["runs"], 3);
  EXPECT_GT(list[1]["rows_per_second"].get<double>(), 0);
}

TEST_F(DigitsTest, ListsOfNumbersDoNotSwallowTheModel) {
  const Outcome outcome =
      RunBaryon({"bench", "--batch", "1,2", "--threads", "1", digits_ + "/digits", "--seconds", "0"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
}

TEST_F(DigitsTest, BenchProfilesNodes) {
  const Outcome outcome =
      RunBaryon({"bench", digits_ + "/digits", "--shape", "1,1,8,8", "--threads", "1", "--seconds", "0", "--profile"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("rows/s"), HasSubstr("profile of batch 1, 1 threads, peak "), HasSubstr("Convolution")));
}

TEST_F(ProgramTest, ExportsAZooNetworkThatCheckAccepts) {
  const std::string prefix = files_.path("net");
  ASSERT_EQ(RunBaryon({"export", "squeezenet1.1", "--output", prefix, "--classes", "5", "--seed", "2"}).exit_code, 0);
  EXPECT_EQ(RunBaryon({"check", prefix}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(files_.path("preprocess.json")));
}

TEST_F(ProgramTest, ExportTouchesNoPreprocessingOfOthers) {
  files_.Write("other-symbol.json", "{}");
  ASSERT_EQ(RunBaryon({"export", "squeezenet1.1", "--output", files_.path("net"), "--classes", "5"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(files_.path("preprocess.json")));
}

TEST_F(ProgramTest, NamesAZooNetworkThatDoesNotExist) {
  const Outcome outcome = RunBaryon({"export", "resnet19", "--output", files_.path("net")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("no network \"resnet19\" in the zoo"));
}

}  // namespace
}  // namespace baryon
