#include "engine/kernels/contraction.h"

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// The axes of an einsum "ab,bc->ac" with these sizes, all arrays row-major.
std::vector<ContractionAxis> AxesOf(const std::string& a, const std::string& b, const std::string& c,
                                    const std::map<char, int64_t>& sizes) {
  std::map<char, ContractionAxis> axes;
  for (const auto& [label, size] : sizes) axes[label] = {size, 0, 0, 0};
  const auto add = [&](const std::string& labels, int64_t ContractionAxis::*stride) {
    int64_t distance = 1;
    for (size_t i = labels.size(); i-- > 0;) {
      axes[labels[i]].*stride += distance;
      distance *= sizes.at(labels[i]);
    }
  };
  add(a, &ContractionAxis::a);
  add(b, &ContractionAxis::b);
  add(c, &ContractionAxis::c);
  std::vector<ContractionAxis> result;
  for (const auto& [label, axis] : axes) {
    const bool is_used = (a + b + c).find(label) != std::string::npos;
    if (is_used) result.push_back(axis);
  }
  return result;
}

int64_t CountOf(const std::string& labels, const std::map<char, int64_t>& sizes) {
  int64_t count = 1;
  for (char label : labels) count *= sizes.at(label);
  return count;
}

template <typename T>
std::vector<T> Draw(int64_t count) {
  std::mt19937 generator(static_cast<uint32_t>(count));
  std::uniform_int_distribution<int> distribution(-4, 4);  // sums are exact in every type
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(static_cast<float>(distribution(generator)));
  return values;
}

// Adds up all products, walking over every combination of coordinates.
template <typename T>
std::vector<double> Expected(const std::vector<ContractionAxis>& axes, const std::vector<T>& a, const std::vector<T>& b,
                             int64_t count_c) {
  std::vector<double> c(count_c, 0);
  int64_t total = 1;
  for (const ContractionAxis& axis : axes) total *= axis.size;
  for (int64_t position = 0; position < total; ++position) {
    int64_t rest = position, at_a = 0, at_b = 0, at_c = 0;
    for (const ContractionAxis& axis : axes) {
      at_a += rest % axis.size * axis.a;
      at_b += rest % axis.size * axis.b;
      at_c += rest % axis.size * axis.c;
      rest /= axis.size;
    }
    c[at_c] += static_cast<double>(ComputeType<T>(a[at_a])) * static_cast<double>(ComputeType<T>(b[at_b]));
  }
  return c;
}

template <typename T>
void ExpectAgrees(const std::string& a_labels, const std::string& b_labels, const std::string& c_labels,
                  const std::map<char, int64_t>& sizes, const std::string& algorithm = "") {
  const std::vector<ContractionAxis> axes = AxesOf(a_labels, b_labels, c_labels, sizes);
  const std::vector<T> a = Draw<T>(CountOf(a_labels, sizes)), b = Draw<T>(CountOf(b_labels, sizes));
  const std::vector<double> want = Expected(axes, a, b, CountOf(c_labels, sizes));
  const Contraction contraction(axes, DTypeOf<T>());
  const Contraction adding(axes, DTypeOf<T>(), 1, /*accumulate=*/true);
  if (!algorithm.empty()) {
    EXPECT_EQ(contraction.algorithm().substr(0, algorithm.size()), algorithm);
  }
  std::vector<T> c(want.size());
  const int64_t units = contraction.num_units(), middle = units / 2;
  contraction.Run(a.data(), b.data(), c.data(), 0, middle);
  contraction.Run(a.data(), b.data(), c.data(), middle, units);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(static_cast<ComputeType<T>>(c[i]), want[i]);
  adding.Run(a.data(), b.data(), c.data(), 0, units);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(static_cast<ComputeType<T>>(c[i]), 2 * want[i]);
}

TEST(ContractionTest, MatrixProductsInEveryLayout) {
  for (const char* a : {"mk", "km"}) {
    for (const char* b : {"kn", "nk"}) {
      for (const char* c : {"mn", "nm"}) {
        ExpectAgrees<float>(a, b, c, {{'m', 7}, {'n', 9}, {'k', 5}}, "gemm 7x9x5, 1 times");
        ExpectAgrees<double>(a, b, c, {{'m', 300}, {'n', 90}, {'k', 70}}, "gemm");
        ExpectAgrees<float>(a, b, c, {{'m', 130}, {'n', 500}, {'k', 90}}, "gemm");
      }
    }
  }
}

TEST(ContractionTest, BatchesAnywhere) {
  const std::map<char, int64_t> sizes = {{'b', 3}, {'h', 2}, {'m', 6}, {'n', 5}, {'k', 8}};
  ExpectAgrees<float>("bmk", "bkn", "bmn", sizes, "gemm 6x5x8, 3 times");
  ExpectAgrees<float>("bhmk", "bhnk", "bhmn", sizes, "gemm 6x5x8, 6 times");
  ExpectAgrees<float>("mbhk", "nbhk", "bhmn", sizes, "gemm 6x5x8, 6 times");
  ExpectAgrees<float>("bhmn", "nbhk", "mbhk", sizes, "gemm 6x8x5, 6 times");
  ExpectAgrees<float>("mk", "bkn", "bmn", sizes, "gemm");
}

TEST(ContractionTest, NeighbouringAxesCountAsOne) {
  const std::map<char, int64_t> sizes = {{'i', 3}, {'j', 4}, {'k', 5}, {'l', 6}, {'n', 7}};
  ExpectAgrees<float>("ijkl", "kln", "ijn", sizes, "gemm 12x7x30, 1 times");
  ExpectAgrees<float>("ikjl", "lkn", "ijn", sizes, "gemm");
}

TEST(ContractionTest, VectorsAndOuterProducts) {
  const std::map<char, int64_t> sizes = {{'i', 70}, {'j', 80}, {'k', 90}};
  ExpectAgrees<float>("k", "k", "", sizes, "gemm 1x1x90");
  ExpectAgrees<float>("ik", "k", "i", sizes, "gemm 70x1x90");
  ExpectAgrees<float>("k", "kj", "j", sizes, "gemm 1x80x90");
  ExpectAgrees<float>("i", "j", "ij", sizes, "gemm 70x80x1");
}

TEST(ContractionTest, WhatGemmCannotDoGoesThroughPlainLoops) {
  const std::map<char, int64_t> sizes = {{'i', 5}, {'j', 4}, {'k', 3}, {'s', 2}, {'z', 0}};
  ExpectAgrees<float>("ij", "ij", "ij", sizes, "plain loops");
  ExpectAgrees<float>("ijs", "jks", "iks", {{'i', 9}, {'j', 9}, {'k', 9}, {'s', 2}}, "plain loops");
  ExpectAgrees<float>("iz", "zj", "ij", sizes, "plain loops");
  ExpectAgrees<float>("ijs", "jk", "ik", sizes, "plain loops");
  ExpectAgrees<int32_t>("ij", "jk", "ik", {{'i', 9}, {'j', 9}, {'k', 9}}, "plain loops");
  ExpectAgrees<Half>("ij", "jk", "ik", {{'i', 9}, {'j', 9}, {'k', 9}}, "plain loops");
}

TEST(ContractionTest, AlphaScalesTheSum) {
  const Contraction contraction(AxesOf("mk", "kn", "mn", {{'m', 8}, {'n', 8}, {'k', 8}}), DType::kFloat32, 0.25);
  const std::vector<float> ones(64, 1.0f);
  std::vector<float> c(64);
  contraction.Run(ones.data(), ones.data(), c.data(), 0, contraction.num_units());
  EXPECT_EQ(c, std::vector<float>(64, 2.0f));
  EXPECT_EQ(contraction.num_multiplications(), 512);
}

}  // namespace
}  // namespace baryon::kernels
