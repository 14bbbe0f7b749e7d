#include "engine/kernels/binary_fn.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();

// fn(a, b) by all three loops, which have to agree.
template <typename T>
T Value(BinaryFn fn, T a, T b) {
  const BinaryLoops<T> loops = BinaryLoopsOf<T>(fn);
  T both, fixed_a, fixed_b;
  loops.both(&a, &b, &both, 1);
  loops.fixed_a(&a, &b, &fixed_a, 1);
  loops.fixed_b(&a, &b, &fixed_b, 1);
  EXPECT_TRUE(both == fixed_a || both != both);
  EXPECT_TRUE(both == fixed_b || both != both);
  return both;
}
int64_t Whole(BinaryFn fn, int64_t a, int64_t b) { return Value<int64_t>(fn, a, b); }
float Float(BinaryFn fn, float a, float b) { return Value<float>(fn, a, b); }

TEST(BinaryFnTest, WholeDivisionNeverTraps) {
  for (BinaryFn fn : {BinaryFn::kDiv, BinaryFn::kFloorDivide, BinaryFn::kMod, BinaryFn::kFmod}) {
    EXPECT_EQ(Whole(fn, 7, 0), 0);
    EXPECT_EQ(Value<uint64_t>(fn, 7, 0), 0u);
  }
  EXPECT_EQ(Whole(BinaryFn::kDiv, kLowest, -1), kLowest);
  EXPECT_EQ(Whole(BinaryFn::kMod, kLowest, -1), 0);
}

TEST(BinaryFnTest, DivisionsRoundAsTheySay) {
  EXPECT_EQ(Whole(BinaryFn::kDiv, -7, 2), -3);
  EXPECT_EQ(Whole(BinaryFn::kFloorDivide, -7, 2), -4);
  EXPECT_EQ(Whole(BinaryFn::kFloorDivide, -8, 2), -4);
  EXPECT_EQ(Float(BinaryFn::kFloorDivide, -7, 2), -4);
}

TEST(BinaryFnTest, ModHasTheSignOfTheDivisorAndFmodOfTheDividend) {
  const struct {
    int a, b, mod, fmod;
  } kCases[] = {{-7, 3, 2, -1}, {-7, -3, -1, -1}, {7, 3, 1, 1}, {7, -3, -2, 1}, {6, -3, 0, 0}};
  for (const auto& c : kCases) {
    EXPECT_EQ(Whole(BinaryFn::kMod, c.a, c.b), c.mod);
    EXPECT_EQ(Whole(BinaryFn::kFmod, c.a, c.b), c.fmod);
    EXPECT_EQ(Float(BinaryFn::kMod, c.a, c.b), c.mod);
    EXPECT_EQ(Float(BinaryFn::kFmod, c.a, c.b), c.fmod);
  }
  EXPECT_EQ(Float(BinaryFn::kMod, 5.5f, 0), 0);
}

TEST(BinaryFnTest, ExtremesKeepNanUnlessTheyIgnoreIt) {
  for (BinaryFn fn : {BinaryFn::kMax, BinaryFn::kMin}) {
    EXPECT_TRUE(std::isnan(Float(fn, kNan, 1)));
    EXPECT_TRUE(std::isnan(Float(fn, 1, kNan)));
  }
  for (BinaryFn fn : {BinaryFn::kFmax, BinaryFn::kFmin}) {
    EXPECT_EQ(Float(fn, kNan, 1), 1);
    EXPECT_EQ(Float(fn, 1, kNan), 1);
  }
}

TEST(BinaryFnTest, NanDiffersFromEverythingAndIsTrue) {
  EXPECT_EQ(Float(BinaryFn::kEqual, kNan, kNan), 0);
  EXPECT_EQ(Float(BinaryFn::kNotEqual, kNan, kNan), 1);
  EXPECT_EQ(Float(BinaryFn::kLessEqual, kNan, 1), 0);
  EXPECT_EQ(Float(BinaryFn::kLogicalAnd, kNan, 1), 1);
  EXPECT_EQ(Float(BinaryFn::kLogicalXor, kNan, 1), 0);
}

TEST(BinaryFnTest, SumsOfWholeNumbersWrapAround) {
  EXPECT_EQ(Whole(BinaryFn::kAdd, std::numeric_limits<int64_t>::max(), 1), kLowest);
  EXPECT_EQ(Whole(BinaryFn::kSub, kLowest, 1), std::numeric_limits<int64_t>::max());
}

TEST(BinaryFnTest, BitsShiftsAndDivisors) {
  EXPECT_EQ(Whole(BinaryFn::kGcd, -12, 18), 6);
  EXPECT_EQ(Whole(BinaryFn::kLcm, 4, -6), 12);
  EXPECT_EQ(Whole(BinaryFn::kLcm, 4, 0), 0);
  EXPECT_EQ(Whole(BinaryFn::kBitXor, 6, 3), 5);
  EXPECT_EQ(Whole(BinaryFn::kShiftLeft, 3, 4), 48);
  EXPECT_EQ(Whole(BinaryFn::kShiftRight, -8, 1), -4);
  EXPECT_EQ(Whole(BinaryFn::kShiftLeft, 3, 64), 0);
  EXPECT_EQ(Whole(BinaryFn::kShiftRight, 3, -1), 0);
}

TEST(BinaryFnTest, CopySignLooksAtWhetherBothAreNegative) {
  EXPECT_EQ(Float(BinaryFn::kCopySign, 3, -2), -3);
  EXPECT_EQ(Float(BinaryFn::kCopySign, -3, -2), -3);
  EXPECT_EQ(Float(BinaryFn::kCopySign, -3, 0), 3);
}

TEST(BinaryFnTest, RealFunctions) {
  EXPECT_FLOAT_EQ(Float(BinaryFn::kPower, 3, 2), 9);
  EXPECT_FLOAT_EQ(Float(BinaryFn::kPower, 2, 0.5f), std::sqrt(2.0f));
  EXPECT_FLOAT_EQ(Float(BinaryFn::kHypot, 3, 4), 5);
  EXPECT_FLOAT_EQ(Float(BinaryFn::kArctan2, 1, -1), 2.3561945f);
  EXPECT_FLOAT_EQ(Float(BinaryFn::kLdexp, 3, 1.5f), 3 * std::exp2(1.5f));
  EXPECT_FLOAT_EQ(Float(BinaryFn::kLogAddExp, 100, 100), 100 + std::log(2.0f));
  EXPECT_EQ(Float(BinaryFn::kLogAddExp, -kInfinity, -kInfinity), -kInfinity);
  EXPECT_TRUE(std::isnan(Float(BinaryFn::kLogAddExp, kNan, 1)));
}

TEST(BinaryFnTest, FunctionsOfOneKindDoNotExistForTheOther) {
  EXPECT_EQ(BinaryLoopsOf<float>(BinaryFn::kBitAnd).both, nullptr);
  EXPECT_EQ(BinaryLoopsOf<int64_t>(BinaryFn::kPower).both, nullptr);
}

}  // namespace
}  // namespace baryon::kernels
