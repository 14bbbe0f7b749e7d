#include "engine/kernels/suppress_boxes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

template <typename T>
std::vector<int32_t> KeepBest(const SuppressionRule<T>& rule, const std::vector<Box<T>>& boxes,
                              const std::vector<int32_t>& classes = {}, int64_t most = 1 << 30) {
  const int64_t n = static_cast<int64_t>(boxes.size());
  std::vector<double> scratch(KeepBestBoxesBytes<T>(n) / 8 + 1);
  std::vector<int32_t> kept(n);
  const int32_t* class_of = classes.empty() ? nullptr : classes.data();
  kept.resize(KeepBestBoxes(rule, boxes.data(), class_of, n, most, kept.data(), scratch.data()));
  return kept;
}

// All pairs, as the definition says.
template <typename T>
std::vector<int32_t> Reference(const SuppressionRule<T>& rule, const std::vector<Box<T>>& boxes,
                               const std::vector<int32_t>& classes) {
  std::vector<int32_t> kept;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const bool goes = std::any_of(kept.begin(), kept.end(), [&](int32_t better) {
      if (!classes.empty() && classes[better] != classes[i]) return false;
      const Box<T>&a = boxes[better], &b = boxes[i];
      const T width = std::max<T>(std::min(a.right, b.right) - std::max(a.left, b.left) + rule.edge, 0);
      const T height = std::max<T>(std::min(a.bottom, b.bottom) - std::max(a.top, b.top) + rule.edge, 0);
      const T overlap = width * height / (a.area + b.area - width * height);
      return rule.at_threshold ? overlap >= rule.threshold : overlap > rule.threshold;
    });
    if (!goes) kept.push_back(static_cast<int32_t>(i));
  }
  return kept;
}

template <typename T>
std::vector<Box<T>> RandomBoxes(int64_t n, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<T> place(0, 1), size(0, 0.3);
  std::vector<Box<T>> boxes;
  for (int64_t i = 0; i < n; ++i) {
    const T corners[] = {place(generator), place(generator), 0, 0};
    const T other[] = {corners[0], corners[1], corners[0] + size(generator), corners[1] + size(generator)};
    boxes.push_back(ReadBox<T>(other, BoxFormat::kCorner));
  }
  return boxes;
}

template <typename T>
void ExpectAgreement() {
  for (int64_t n : {0, 1, 7, 33, 400}) {
    const std::vector<Box<T>> boxes = RandomBoxes<T>(n, n);
    std::vector<int32_t> classes(n);
    for (int64_t i = 0; i < n; ++i) classes[i] = static_cast<int32_t>(i * 7 % 5) - 2;
    for (const SuppressionRule<T>& rule : {SuppressionRule<T>{0.3f}, SuppressionRule<T>{0.3f, true, 0.01f}}) {
      EXPECT_EQ(KeepBest(rule, boxes), Reference(rule, boxes, {})) << n;
      EXPECT_EQ(KeepBest(rule, boxes, classes), Reference(rule, boxes, classes)) << n;
    }
  }
}

TEST(SuppressBoxesTest, AgreesWithAllPairs) {
  ForEachCpuTarget([] {
    ExpectAgreement<float>();
    ExpectAgreement<double>();
  });
}

TEST(SuppressBoxesTest, OnlyKeptBoxesSuppress) {
  // The second overlaps both its neighbours, which do not meet: with it gone, the third stays.
  const std::vector<Box<float>> boxes = {{0, 0, 2, 1, 2}, {1, 0, 3, 1, 2}, {2, 0, 4, 1, 2}};
  EXPECT_THAT(KeepBest<float>({0.2f}, boxes), ElementsAre(0, 2));
}

TEST(SuppressBoxesTest, TheThresholdItselfCountsWhenAsked) {
  const std::vector<Box<float>> boxes = {{0, 0, 2, 1, 2}, {0, 0, 1, 1, 1}};
  EXPECT_THAT(KeepBest<float>({0.5f}, boxes), ElementsAre(0, 1));
  EXPECT_THAT(KeepBest<float>({0.5f, true}, boxes), ElementsAre(0));
}

TEST(SuppressBoxesTest, StopsAtTheNumberAskedFor) {
  const std::vector<Box<float>> boxes = {{0, 0, 1, 1, 1}, {2, 0, 3, 1, 1}, {4, 0, 5, 1, 1}};
  EXPECT_THAT(KeepBest<float>({0.5f}, boxes, {}, 2), ElementsAre(0, 1));
  EXPECT_THAT(KeepBest<float>({0.5f}, boxes, {2, 1, 0}, 2), ElementsAre(0, 1));
}

TEST(SuppressBoxesTest, EmptyBoxesAndNanSuppressNothing) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Box<float>> boxes = {{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {nan, nan, nan, nan, nan}, {0, 0, 1, 1, 1}};
  EXPECT_THAT(KeepBest<float>({0.5f}, boxes), ElementsAre(0, 1, 2, 3));
}

TEST(BestFirstTest, EqualScoresKeepTheirOrder) {
  std::mt19937 generator(3);
  std::vector<Scored<float>> scored(1000);
  for (int32_t i = 0; i < 1000; ++i) scored[i] = {static_cast<float>(generator() % 50), i};
  std::vector<Scored<float>> want = scored;
  std::stable_sort(want.begin(), want.end(),
                   [](const Scored<float>& a, const Scored<float>& b) { return a.score > b.score; });
  for (int64_t k : {0, 1, 40, 999, 1000, 2000}) {
    std::vector<Scored<float>> got = scored;
    BestFirst(got.data(), 1000, k);
    for (int64_t i = 0; i < std::min<int64_t>(k, 1000); ++i) ASSERT_EQ(got[i].place, want[i].place) << k << " " << i;
  }
}

}  // namespace
}  // namespace baryon::kernels
