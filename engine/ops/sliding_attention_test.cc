#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

struct Setting {
  int64_t w;
  bool symmetric;
  int64_t window() const { return symmetric ? 2 * w + 1 : w + 1; }
};

const Tensor& Dilation() {
  static const Tensor* const dilation = new Tensor(Tensor::FromData<int32_t>({2}, {1, 3}));
  return *dilation;
}

OpTester Attend(const char* what, const Setting& s) {
  return OpTester(std::string("_contrib_sldwin_atten_") + what).Attr("w", s.w).Attr("symmetric", s.symmetric);
}

// Calls fn(row of token and head, place in the window, row of the other token) for all that exist, of [2, 7, 2, ...].
template <typename Fn>
void ForPairs(const Setting& s, Fn fn) {
  for (int64_t row = 0; row < 28; ++row) {
    const int64_t token = row / 2 % 7, dilation = row % 2 == 0 ? 1 : 3;
    for (int64_t i = 0; i < s.window(); ++i) {
      const int64_t other = token + (i - s.w) * dilation;
      if (other >= 0 && other < 7) fn(row, i, row + (other - token) * 2);
    }
  }
}

TEST(SlidingAttentionTest, ScoresAreProductsWithinTheWindow) {
  for (const Setting& s : {Setting{2, true}, {3, false}, {0, true}, {9, true}}) {
    Attend("score", s)
        .Input({2, 7, 2, 5}, Uniform(-1, 1))
        .Input({2, 7, 2, 5}, Uniform(-1, 1))
        .Input(Dilation())
        .ExpectNear(
            [s](const std::vector<Tensor>& inputs) {
              Tensor scores = Tensor::Zeros({DType::kFloat32, {2, 7, 2, s.window()}});
              ForPairs(s, [&](int64_t row, int64_t i, int64_t other) {
                for (int64_t u = 0; u < 5; ++u) {
                  scores.mutable_data<float>()[row * s.window() + i] +=
                      inputs[0].data<float>()[row * 5 + u] * inputs[1].data<float>()[other * 5 + u];
                }
              });
              return std::vector<Tensor>{scores};
            },
            {1e-6, 1e-6});
  }
}

TEST(SlidingAttentionTest, ContextsAreValuesByScore) {
  for (const Setting& s : {Setting{2, true}, {3, false}}) {
    Attend("context", s)
        .Input({2, 7, 2, s.window()}, Uniform(-1, 1))
        .Input({2, 7, 2, 5}, Uniform(-1, 1))
        .Input(Dilation())
        .ExpectNear(
            [s](const std::vector<Tensor>& inputs) {
              Tensor result = Tensor::Zeros({DType::kFloat32, {2, 7, 2, 5}});
              ForPairs(s, [&](int64_t row, int64_t i, int64_t other) {
                for (int64_t u = 0; u < 5; ++u) {
                  result.mutable_data<float>()[row * 5 + u] +=
                      inputs[0].data<float>()[row * s.window() + i] * inputs[1].data<float>()[other * 5 + u];
                }
              });
              return std::vector<Tensor>{result};
            },
            {1e-6, 1e-6});
  }
}

TEST(SlidingAttentionTest, MasksMarkValidPairs) {
  Attend("mask_like", {1, true})
      .Input({1, 4, 1, 3})
      .Input(Tensor::FromData<int32_t>({1}, {1}))
      .Input(Tensor::FromData<int32_t>({1}, {3}))
      .ExpectOutput(Tensor::FromData<float>({1, 4, 1, 3}, {0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}));
  Attend("mask_like", {2, false})
      .Input({1, 3, 1, 3})
      .Input(Tensor::FromData<int32_t>({1}, {1}))
      .Input(Tensor::FromData<int32_t>({1}, {2}))
      .ExpectOutput(Tensor::FromData<float>({1, 3, 1, 3}, {0, 0, 1, 0, 1, 1, 0, 0, 0}));
}

TEST(SlidingAttentionTest, RefusesDilationsThatAreNone) {
  EXPECT_THAT(Attend("score", {1, true})
                  .Input({1, 3, 1, 2})
                  .Input({1, 3, 1, 2})
                  .Input(Tensor::FromData<int32_t>({1}, {0}))
                  .Run(),
              StatusIs(kInvalid, HasSubstr("dilation of 1 or more for head 0")));
  EXPECT_THAT(Attend("score", {1, true}).Input({1, 3, 1, 2}).Input({1, 3, 1, 2}).Input(Dilation()).Infer(),
              StatusIs(kInvalid, HasSubstr("dilation")));
  EXPECT_THAT(Attend("context", {1, true}).Input({1, 3, 2, 2}).Input({1, 3, 2, 2}).Input(Dilation()).Infer(),
              StatusIs(kInvalid, HasSubstr("score")));
}

}  // namespace
}  // namespace baryon
