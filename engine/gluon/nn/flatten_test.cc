#include "engine/gluon/nn/flatten.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/graph/graph_text.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(FlattenTest, KeepsTheBatch) {
  const NameManager fresh;
  nn::Flatten flatten;
  EXPECT_EQ(flatten.ToString(), "Flatten");
  EXPECT_EQ(flatten(np::Ones({2, 3, 4})).shape(), Shape({2, 12}));
  flatten.Hybridize();
  EXPECT_EQ(flatten(np::Ones({2, 3, 4})).shape(), Shape({2, 12}));
  EXPECT_EQ(flatten.traced_graph()->node(1).name, "flatten0_flatten0");
  EXPECT_EQ(flatten(np::Ones({5, 3, 4})).shape(), Shape({5, 12}));
}

}  // namespace
}  // namespace baryon
