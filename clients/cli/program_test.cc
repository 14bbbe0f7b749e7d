// Commands as a user types them, except those that need a server: tests/integration has these.
#include "clients/cli/program.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/io/npy.h"
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

struct Outcome {
  int exit_code;
  std::string out, error;
};

Outcome RunBaryon(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"baryon"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = RunProgram(static_cast<int>(argv.size()), argv.data());
  std::string out = testing::internal::GetCapturedStdout();
  return {exit_code, std::move(out), testing::internal::GetCapturedStderr()};
}

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
                                             {"run", "m"},
                                             {"serve"},
                                             {"bench", "m", "--batch", "0"},
                                             {"check", "m", "--no-such"},
                                             {"summary", "m", "--shape", "data=1,x"},
                                             {"run", "m", "--input", "x.npy", "--numerics", "loose"}}) {
    const Outcome outcome = RunBaryon(wrong);
    EXPECT_EQ(outcome.exit_code, 2) << testing::PrintToString(wrong);
    EXPECT_THAT(outcome.error, StartsWith("baryon: error: "));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
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

TEST_F(DigitsTest, SummaryShowsSignatureLayersAndTotals) {
  const Outcome outcome = RunBaryon({"summary", digits_ + "/digits", "--shape", "1,1,8,8", "--graph"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("model   digits\ninput   data float32 [-1, 1, "), HasSubstr("Convolution"),
                                 HasSubstr("output  hybridlambda0_softmax0_output float32 [-1, 10]\n"),
                                 HasSubstr(" parameters, 0.1 MB\n"), HasSubstr("# before the passes\ninput data"),
                                 HasSubstr("# after the passes\ninput data")));
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
}

TEST_F(ProgramTest, NamesAZooNetworkThatDoesNotExist) {
  const Outcome outcome = RunBaryon({"export", "resnet19", "--output", files_.path("net")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("no network \"resnet19\" in the zoo"));
}

}  // namespace
}  // namespace baryon
