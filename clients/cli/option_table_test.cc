#include "clients/cli/option_table.h"

#include <algorithm>
#include <map>

#include "CLI/CLI.hpp"
#include "clients/cli/options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class OptionTableTest : public testing::Test {
 protected:
  OptionTableTest() {
    CLI::App& fly = *app_.add_subcommand("fly", "Leaves the ground");
    AddExamples(fly, {"bird fly south", "bird fly home --loud"});
    fly.add_option("PLACE", places_, "Where to")->required();
    fly.add_option("--height", height_, "Above the ground")
        ->capture_default_str()
        ->check(CLI::Range(1, 9))
        ->envname("HIGH");
    fly.add_option("--map", map_, "With roads")->type_name("FILE");
    fly.add_option("--wing", wing_, "Left or right")->check(CLI::IsMember({"left", "right"}));
    AddChoice<int>(fly, "--speed", {{"slow", 1}, {"fast", 2}}, speed_, "How soon");
    fly.add_flag("--loud", loud_, "So that all hear");
  }
  OptionRow Row(const std::string& name) {
    const std::vector<CommandRow> table = ReadOptionTable(app_);
    for (const OptionRow& row : table.at(0).options) {
      if (row.name == name) return row;
    }
    ADD_FAILURE() << name;
    return {};
  }

  CLI::App app_{"Birds", "bird"};
  std::vector<std::string> places_;
  int height_ = 3, speed_ = 2;
  std::string map_, wing_;
  bool loud_ = false;
};

TEST_F(OptionTableTest, HasTheExamplesOfHelp) {
  EXPECT_THAT(ReadOptionTable(app_).at(0).examples, ElementsAre("bird fly south", "bird fly home --loud"));
}

TEST_F(OptionTableTest, HasEveryCommandAndItsOptions) {
  const std::vector<CommandRow> table = ReadOptionTable(app_);
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table[0].name, "fly");
  EXPECT_EQ(table[0].help, "Leaves the ground");
  std::vector<std::string> names;
  for (const OptionRow& row : table[0].options) names.push_back(row.name);
  EXPECT_THAT(names, ElementsAre("--help", "PLACE", "--height", "--map", "--wing", "--speed", "--loud"));
}

TEST_F(OptionTableTest, TellsArgumentsFlagsAndValuesApart) {
  EXPECT_TRUE(Row("PLACE").is_argument);
  EXPECT_TRUE(Row("PLACE").required);
  EXPECT_TRUE(Row("PLACE").repeatable);
  EXPECT_EQ(Row("--loud").value, "");
  EXPECT_EQ(Row("--help").value, "");
  EXPECT_EQ(Row("--map").value, "FILE");
  EXPECT_EQ(Row("--map").help, "With roads");
  EXPECT_FALSE(Row("--map").repeatable);
  EXPECT_EQ(Row("--height").value, "INT");
  EXPECT_EQ(Row("--height").otherwise, "3");
  EXPECT_EQ(Row("--height").variable, "HIGH");
}

TEST_F(OptionTableTest, KnowsWhatThereIsToChoose) {
  EXPECT_THAT(Row("--speed").choices, ElementsAre("fast", "slow"));
  EXPECT_EQ(Row("--speed").otherwise, "fast");
  EXPECT_THAT(Row("--wing").choices, ElementsAre("left", "right"));
  EXPECT_THAT(Row("--map").choices, IsEmpty());
}

}  // namespace
}  // namespace baryon
