#include "server/batching/cost_table.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CostTable::Cost Ms(double p50, double p95) { return {absl::Milliseconds(p50), absl::Milliseconds(p95)}; }

CostTable Table() {
  CostTable table;
  table.Set(1, 1, Ms(10, 12));
  table.Set(1, 4, Ms(22, 24));
  table.Set(4, 1, Ms(4, 5));
  return table;
}

TEST(CostTableTest, KnowsWhatWasMeasured) {
  const CostTable table = Table();
  EXPECT_THAT(table.threads(), ElementsAre(1, 4));
  EXPECT_THAT(table.rows(1), ElementsAre(1, 4));
  EXPECT_THAT(table.rows(2), IsEmpty());
  ASSERT_NE(table.Find(1, 4), nullptr);
  EXPECT_EQ(*table.Find(1, 4), Ms(22, 24));
  EXPECT_EQ(table.Find(1, 2), nullptr);
  EXPECT_EQ(table.Find(2, 1), nullptr);
}

TEST(CostTableTest, PredictsOnALineBetweenWhatWasMeasured) {
  const CostTable table = Table();
  EXPECT_EQ(table.Predict(1, 1), Ms(10, 12));
  EXPECT_EQ(table.Predict(1, 2), Ms(14, 16));
  EXPECT_EQ(table.Predict(1, 4), Ms(22, 24));
}

TEST(CostTableTest, PredictsInProportionBeyond) { EXPECT_EQ(Table().Predict(1, 8), Ms(44, 48)); }

TEST(CostTableTest, TakesTheNextSmallerNumberOfThreads) {
  const CostTable table = Table();
  EXPECT_EQ(table.Predict(3, 1), Ms(10, 12));
  EXPECT_EQ(table.Predict(4, 1), Ms(4, 5));
  EXPECT_EQ(table.Predict(64, 1), Ms(4, 5));
  CostTable only_two;
  only_two.Set(2, 1, Ms(6, 7));
  EXPECT_EQ(only_two.Predict(1, 1), Ms(6, 7)) << "there is no smaller one";
}

TEST(CostTableTest, PredictsNothingWhenEmpty) { EXPECT_EQ(CostTable().Predict(1, 8), Ms(0, 0)); }

TEST(CostTableTest, SurvivesBeingWrittenDown) {
  CostTable table = Table();
  table.error = "node \"a\": \xff";
  ASSERT_OK_AND_ASSIGN(const CostTable read, CostTable::FromJson(table.ToJson()));
  EXPECT_THAT(read.threads(), ElementsAre(1, 4));
  EXPECT_EQ(*read.Find(1, 4), Ms(22, 24));
  EXPECT_EQ(read.error, "node \"a\": \xEF\xBF\xBD");
}

TEST(CostTableTest, RefusesWhatIsNoTable) {
  for (const char* text : {"", "[]", "{", "{\"costs\":[]}", "{\"costs\":3,\"error\":\"\"}",
                           "{\"costs\":[[1,1,5]],\"error\":\"\"}", "{\"costs\":[[1,0,5,5]],\"error\":\"\"}",
                           "{\"costs\":[[1,1,-5,5]],\"error\":\"\"}", "{\"costs\":[[1,1,\"5\",5]],\"error\":\"\"}",
                           "{\"costs\":[[1,1.5,5,5]],\"error\":\"\"}", "{\"costs\":[[1,1,1e999,5]],\"error\":\"\"}"}) {
    EXPECT_THAT(CostTable::FromJson(text), StatusIs(absl::StatusCode::kDataLoss)) << text;
  }
}

}  // namespace
}  // namespace baryon
