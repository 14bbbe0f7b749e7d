#include "engine/runtime/tuner.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/runtime/compile.h"
#include "engine/runtime/plan.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kNet[] = R"(
    input data: float32 [-1, 16, 9, 9]
    const w1: float32 [32, 16, 3, 3]
    const w2: float32 [64, 32, 1, 1]
    const w3: float32 [64, 1, 3, 3]
    a = Convolution(data, w1) {kernel=(3, 3), pad=(1, 1), num_filter=32, no_bias=True}
    b = Convolution(a, w2) {kernel=(1, 1), num_filter=64, no_bias=True}
    c = Convolution(b, w3) {kernel=(3, 3), num_filter=64, num_group=64, no_bias=True}
    output c_output = c)";

constexpr absl::Duration kAsLongAsItTakes = absl::InfiniteDuration();

class TunerTest : public testing::Test {
 protected:
  // The algorithms of the steps of kNet, compiled with `tuner`.
  std::vector<std::string> Algorithms(std::shared_ptr<Tuner> tuner, int64_t batch = 1,
                                      Numerics numerics = Numerics::kFast) {
    CompileOptions options;
    options.tuner = std::move(tuner);
    options.numerics = numerics;
    PreparedCache cache;
    const auto plan = Compile(*GraphFromText(kNet), {{DType::kFloat32, {batch, 16, 9, 9}}}, 1, options, cache);
    EXPECT_OK(plan);
    std::vector<std::string> algorithms;
    if (plan.ok()) {
      for (const Plan::Step& step : (*plan)->steps()) algorithms.push_back(step.kernel->algorithm());
    }
    return algorithms;
  }

  // The key under which `tuner` keeps the convolution whose weight has this shape.
  static std::string KeyWith(const Tuner& tuner, const std::string& text) {
    for (const auto& [key, name] : tuner.choices()) {
      if (key.find(text) != std::string::npos) return key;
    }
    return "";
  }

  void SetUp() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string file_ = folder_ + "/choices";
};

TEST_F(TunerTest, TimesEachConvolutionOnceForAllBatches) {
  const auto tuner = std::make_shared<Tuner>("", kAsLongAsItTakes);
  Algorithms(tuner);
  const auto choices = tuner->choices();
  EXPECT_THAT(choices, SizeIs(3));
  Algorithms(tuner, 4);
  EXPECT_EQ(tuner->choices(), choices);
  Algorithms(tuner, 4, Numerics::kStrict);
  EXPECT_THAT(tuner->choices(), SizeIs(6));
}

TEST_F(TunerTest, TakesWhatAFileSays) {
  Tuner first(file_, kAsLongAsItTakes);
  Graph graph = *OptimizedGraph(*GraphFromText(kNet), {{DType::kFloat32, {1, 16, 9, 9}}}, {});
  ASSERT_OK(first.Tune(Numerics::kFast, graph));
  const std::string three = KeyWith(first, "kernel=(3, 3)"), one = KeyWith(first, "kernel=(1, 1)");
  ASSERT_FALSE(one.empty());
  EXPECT_EQ(Tuner(file_).choices(), first.choices());

  std::ofstream(file_) << "strassen1\t" << one << "\nno name\t" << three << "\nindirect\nindirect";
  const auto second = std::make_shared<Tuner>(file_, kAsLongAsItTakes);
  EXPECT_THAT(second->choices(), testing::ElementsAre(Pair(one, "strassen1")));
  for (int64_t batch : {1, 3}) {
    EXPECT_THAT(Algorithms(second, batch), Contains(StartsWith("strassen 7 "))) << batch;
  }
  // What the file did not say has been timed and is there now.
  EXPECT_THAT(Tuner(file_).choices(), SizeIs(3));
}

TEST_F(TunerTest, WithoutTimeTheRuleStands) {
  const auto tuner = std::make_shared<Tuner>(file_, -absl::Seconds(1));
  EXPECT_EQ(Algorithms(tuner), Algorithms(nullptr));
  EXPECT_THAT(tuner->choices(), SizeIs(0));
}

TEST_F(TunerTest, SaysWhenChoicesCannotBeKept) {
  std::ofstream(folder_) << "a file where the folder should be";
  Tuner tuner(file_);
  Graph graph = *OptimizedGraph(*GraphFromText(kNet), {{DType::kFloat32, {1, 16, 9, 9}}}, {});
  const absl::Status status = tuner.Tune(Numerics::kFast, graph);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("choices"));
}

}  // namespace
}  // namespace baryon
