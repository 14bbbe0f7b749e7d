// What FormatSymbolFile writes; symbol_file_test.cc has a whole file and the way back.
#include <string>

#include "engine/base/testing/status_matchers.h"
#include "engine/io/json.h"
#include "engine/io/symbol_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SymbolFile OneVariable(const std::string& name) {
  SymbolFile file;
  file.nodes.resize(1);
  file.nodes[0].op = "null";
  file.nodes[0].name = name;
  file.heads = {{0, 0, 0}};
  return file;
}

TEST(FormatSymbolFileTest, TextsAreEscapedAsMxnetReadsThem) {
  const std::string text = FormatSymbolFile(OneVariable("a\"b\\c\nd\te"));
  EXPECT_THAT(text, HasSubstr(R"("a\"b\\c\nd\te")"));
  ASSERT_OK_AND_ASSIGN(const Json json, ParseJson(text));
  EXPECT_EQ(json["nodes"][0]["name"], "a\"b\\c\nd\te");
}

TEST(FormatSymbolFileTest, OutputsAreCountedUpToEachNode) {
  SymbolFile file = OneVariable("x");
  file.nodes.resize(3);
  file.nodes[1] = {"split", "s", {}, {{0, 0, 0}}, {}, 3};
  file.nodes[2] = {"null", "y", {}, {}, {}};
  ASSERT_OK_AND_ASSIGN(const Json json, ParseJson(FormatSymbolFile(file)));
  EXPECT_EQ(json["node_row_ptr"], Json({0, 1, 4, 5}));
  EXPECT_EQ(json["arg_nodes"], Json({0, 2}));
}

TEST(FormatSymbolFileTest, TheVersionStandsOnceForTheFile) {
  SymbolFile file = OneVariable("x");
  file.mxnet_version = 10901;
  file.nodes.push_back({"_foreach", "loop", {}, {{0, 0, 0}}, {OneVariable("inner")}});
  const std::string text = FormatSymbolFile(file);
  ASSERT_OK_AND_ASSIGN(const Json json, ParseJson(text));
  EXPECT_EQ(json["attrs"]["mxnet_version"], Json({"int", 10901}));
  EXPECT_EQ(json["nodes"][1]["subgraphs"][0]["nodes"][0]["name"], "inner");
  EXPECT_FALSE(json["nodes"][1]["subgraphs"][0].contains("attrs"));
  EXPECT_THAT(text, Not(HasSubstr("is_np_shape")));
  file.np_shape = true;
  EXPECT_THAT(FormatSymbolFile(file), HasSubstr("\"is_np_shape\": [\"int\", 1]"));
}

}  // namespace
}  // namespace baryon
