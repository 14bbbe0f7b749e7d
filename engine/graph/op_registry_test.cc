#include "engine/graph/op_registry.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(OpRegistryTest, FindsAnOperatorByEachOfItsNames) {
  const OpDef* op = FindOp("Convolution");
  ASSERT_NE(op, nullptr);
  EXPECT_EQ(FindOp("_npx_convolution"), op);
  EXPECT_EQ(op->name(), "Convolution");
  EXPECT_EQ(FindOp("Telepathy"), nullptr);
  EXPECT_EQ(FindOp(""), nullptr);
}

TEST(OpRegistryTest, ListsEveryOperatorOnceInOrder) {
  std::vector<std::string> names;
  for (const OpDef* op : AllOps()) names.push_back(std::string(op->name()));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  EXPECT_THAT(names, testing::Contains("softmax"));
}

TEST(OpRegistryTest, EveryOperatorCanBeComputedInExactlyOneWay) {
  for (const OpDef* op : AllOps()) {
    const int ways = (op->compute != nullptr) + (op->prepare != nullptr) + op->view + op->dynamic;
    EXPECT_GE(ways, 1) << op->name();
    EXPECT_FALSE(op->dynamic && (op->compute != nullptr || op->prepare != nullptr)) << op->name();
  }
}

}  // namespace
}  // namespace baryon
