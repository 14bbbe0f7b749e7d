#include "engine/kernels/self_attention.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/cpu_target.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

std::vector<float> Random(int64_t size, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> distribution(-1, 1);
  std::vector<float> values(size);
  for (float& value : values) value = distribution(generator);
  return values;
}

// The formula, in double.
std::vector<float> PlainAttention(const SelfAttentionShape& s, const std::vector<float>& in, const int32_t* lengths) {
  std::vector<float> out(s.length * s.batch * s.heads * s.size);
  const auto at = [&](int64_t time, int64_t item, int64_t head, int64_t part, int64_t d) -> double {
    return in[(((time * s.batch + item) * s.heads + head) * 3 + part) * s.size + d];
  };
  for (int64_t item = 0; item < s.batch; ++item) {
    for (int64_t head = 0; head < s.heads; ++head) {
      for (int64_t query = 0; query < s.length; ++query) {
        int64_t keys = s.length;
        if (lengths) keys = std::clamp<int64_t>(lengths[(item * s.heads + head) * s.length + query], 0, s.length);
        std::vector<double> weights(keys);
        double sum = 0;
        for (int64_t key = 0; key < keys; ++key) {
          double score = 0;
          for (int64_t d = 0; d < s.size; ++d) score += at(query, item, head, 0, d) * at(key, item, head, 1, d);
          sum += weights[key] = std::exp(score / std::sqrt(static_cast<double>(s.size)));
        }
        for (int64_t d = 0; d < s.size; ++d) {
          double y = 0;
          for (int64_t key = 0; key < keys; ++key) y += weights[key] / sum * at(key, item, head, 2, d);
          out[((query * s.batch + item) * s.heads + head) * s.size + d] = static_cast<float>(y);
        }
      }
    }
  }
  return out;
}

std::vector<float> Compute(const SelfAttentionShape& shape, const std::vector<float>& in, const int32_t* lengths) {
  const SelfAttention attention(shape, ActiveGemmTarget());
  std::vector<float> out(shape.length * shape.batch * shape.heads * shape.size, -7.0f);
  AlignedBuffer workspace(attention.workspace_bytes() / sizeof(float));
  std::fill(workspace.begin(), workspace.end(), NAN);  // nothing may be read before it was written
  for (int task = 0; task < attention.num_tasks(); ++task) {
    attention.RunTask(task, {in.data(), lengths, out.data()}, reinterpret_cast<char*>(workspace.data()));
  }
  return out;
}

void ExpectNear(const std::vector<float>& got, const std::vector<float>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 3e-6) << i;
}

constexpr SelfAttentionShape kShapes[] = {{1, 1, 1, 1},    {5, 2, 3, 7},    {50, 1, 2, 64},
                                          {128, 1, 1, 64}, {131, 2, 1, 80}, {17, 3, 2, 16}};

TEST(SelfAttentionTest, MatchesTheFormulaWithEveryInstructionSet) {
  for (CpuTarget target : AvailableCpuTargets()) {
    const ScopedCpuTarget scoped(target);
    for (const SelfAttentionShape& shape : kShapes) {
      const std::vector<float> in = Random(shape.length * shape.time_stride(), 1);
      SCOPED_TRACE(testing::Message() << CpuTargetName(target) << " length " << shape.length << " size " << shape.size);
      ExpectNear(Compute(shape, in, nullptr), PlainAttention(shape, in, nullptr));
    }
  }
}

TEST(SelfAttentionTest, KeysBeyondAQuerysLengthTakeNoPart) {
  for (const SelfAttentionShape& shape : kShapes) {
    const std::vector<float> in = Random(shape.length * shape.time_stride(), 2);
    std::mt19937 generator(3);
    std::uniform_int_distribution<int32_t> distribution(-1, static_cast<int32_t>(shape.length) + 1);
    std::vector<int32_t> lengths(shape.batch * shape.heads * shape.length);
    for (int32_t& length : lengths) length = distribution(generator);
    ExpectNear(Compute(shape, in, lengths.data()), PlainAttention(shape, in, lengths.data()));
  }
}

TEST(SelfAttentionTest, WhatStandsInKeysThatNobodyLooksAtDoesNotMatter) {
  const SelfAttentionShape shape = {40, 1, 2, 8};
  std::vector<float> in = Random(shape.length * shape.time_stride(), 4);
  const std::vector<int32_t> lengths(shape.heads * shape.length, 30);
  const std::vector<float> want = Compute(shape, in, lengths.data());
  for (int64_t key = 30; key < shape.length; ++key) {
    for (int64_t h = 0; h < shape.heads; ++h) {
      float* parts = in.data() + key * shape.time_stride() + h * shape.head_stride();
      std::fill(parts + shape.size, parts + 3 * shape.size, NAN);
    }
  }
  EXPECT_EQ(Compute(shape, in, lengths.data()), want);
}

TEST(SelfAttentionTest, ASequenceIsTheSameAloneAndInABatch) {
  const SelfAttentionShape shape = {53, 3, 2, 24}, alone = {53, 1, 2, 24};
  const std::vector<float> in = Random(shape.length * shape.time_stride(), 5);
  const std::vector<float> together = Compute(shape, in, nullptr);
  const int64_t width = shape.heads * shape.size;
  for (int64_t item = 0; item < shape.batch; ++item) {
    std::vector<float> one, want;
    for (int64_t time = 0; time < shape.length; ++time) {
      const auto row = in.begin() + time * shape.time_stride() + item * shape.batch_stride();
      one.insert(one.end(), row, row + shape.batch_stride());
      const auto result = together.begin() + (time * shape.batch + item) * width;
      want.insert(want.end(), result, result + width);
    }
    EXPECT_EQ(Compute(alone, one, nullptr), want);
  }
}

}  // namespace
}  // namespace baryon::kernels
