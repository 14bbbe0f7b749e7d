#include "engine/gluon/naming.h"

#include "engine/gluon/testing/tutorial.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(NamingTest, CountsByHint) {
  const NameManager fresh;
  EXPECT_EQ(nn::Dense(1).prefix(), "dense0_");
  EXPECT_EQ(nn::Activation("relu").name(), "relu0");
  EXPECT_EQ(nn::Dense(1).prefix(), "dense1_");
  EXPECT_EQ(nn::Dense(1, {.prefix = "fc_"}).prefix(), "fc_");
  const nn::Dense dense(1);
  dense.ResolveNames();
  EXPECT_EQ(dense.weight().export_name(), "dense2_weight");
}

// Whatever the compiler makes first.
TEST(NamingTest, CountsInTheOrderOfTheStructure) {
  const NameManager fresh;
  nn::HybridSequential net;
  net.Add(nn::Dense(1), nn::Activation("relu"), nn::Dense(2), nn::Dense(3));
  net.ResolveNames();
  EXPECT_EQ(net.prefix(), "hybridsequential0_");
  EXPECT_EQ(net[0].name(), "dense0");
  EXPECT_EQ(net[2].name(), "dense1");
  EXPECT_EQ(net.Get<nn::Dense>(3)->weight().export_name(), "dense2_weight");
}

TEST(NamingTest, StartsAfreshInAManager) {
  const NameManager fresh;
  EXPECT_EQ(nn::Dense(1).prefix(), "dense0_");
  {
    const NameManager inner;
    EXPECT_EQ(nn::Dense(1).prefix(), "dense0_");
  }
  EXPECT_EQ(nn::Dense(1).prefix(), "dense1_");
}

TEST(NamingTest, NamesChildrenBehindTheirParent) {
  const NameManager fresh;
  const nn::HybridSequential net;
  {
    const NameScope scope(net);
    EXPECT_EQ(nn::Dense(1).prefix(), "hybridsequential0_dense0_");
    const nn::HybridSequential inner({.prefix = "stage1_"});
    EXPECT_EQ(inner.prefix(), "hybridsequential0_stage1_");
    const NameScope inner_scope(inner);
    EXPECT_EQ(nn::Dense(1).prefix(), "hybridsequential0_stage1_dense0_");
  }
  EXPECT_EQ(nn::Dense(1).prefix(), "dense0_");
  const NameScope again(net);  // goes on counting
  EXPECT_EQ(nn::Dense(1).prefix(), "hybridsequential0_dense1_");
}

TEST(NamingTest, OpensNoScopeForAnEmptyPrefix) {
  const NameManager fresh;
  const nn::HybridSequential net({.prefix = "net0_"});
  const NameScope scope(net);
  const nn::HybridSequential features({.prefix = ""});
  EXPECT_EQ(features.prefix(), "net0_");
  const NameScope feature_scope(features);
  EXPECT_EQ(nn::Dense(1).prefix(), "net0_dense0_");
  EXPECT_EQ(nn::Dense(1).prefix(), "net0_dense1_");
}

TEST(NamingTest, NamesBlocksOfYourOwnAfterTheirClass) {
  const NameManager fresh;
  const MLP_Hybrid first, second;
  EXPECT_EQ(second.prefix(), "mlp_hybrid0_");
  EXPECT_EQ(first.name(), "mlp_hybrid1");
  EXPECT_EQ(first.dense1->prefix(), "dense0_");
}

TEST(OperatorScopeTest, CountsOperatorsInTheInnermost) {
  EXPECT_EQ(gluon::OperatorScope::NameOf("fwd", "dot"), "fwd");
  const gluon::OperatorScope outer("net0_");
  EXPECT_EQ(gluon::OperatorScope::NameOf("", "_plus"), "net0__plus0");
  {
    const gluon::OperatorScope inner("net0_dense0_");
    EXPECT_EQ(gluon::OperatorScope::NameOf("fwd", "dot"), "net0_dense0_fwd");
    EXPECT_EQ(gluon::OperatorScope::NameOf("", "_plus"), "net0_dense0__plus0");
  }
  EXPECT_EQ(gluon::OperatorScope::NameOf("", "_plus"), "net0__plus1");
}

}  // namespace
}  // namespace baryon
