#include "engine/kernels/local_response_norm.h"

#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// y[c] of one pixel in double.
double Expected(const LocalResponseNormFormula& f, const std::vector<float>& x, int64_t channels,
                int64_t channel_stride, int64_t at, int64_t channel) {
  double sum = 0;
  for (int64_t i = channel - f.size / 2; i <= channel + f.size / 2; ++i) {
    if (i >= 0 && i < channels) sum += std::pow(x[at + i * channel_stride], 2.0);
  }
  return x[at + channel * channel_stride] * std::pow(f.knorm + f.alpha / static_cast<double>(f.size) * sum, -f.beta);
}

TEST(LocalResponseNormTest, BothLayoutsAgreeWithTheFormula) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> distribution(-3, 3);
  for (int64_t channels : {1, 3, 16, 37}) {
    for (int64_t pixels : {1, 7, 16, 50}) {
      std::vector<float> x(channels * pixels), squares(channels + 9);
      for (float& value : x) value = distribution(generator);
      for (const LocalResponseNormFormula& f :
           {LocalResponseNormFormula{5, 0.5f, 0.75f, 2}, LocalResponseNormFormula{1, 0.1f, 0.5f, 1},
            LocalResponseNormFormula{9, 1e-4f, 0.75f, 1}}) {
        for (bool last : {false, true}) {
          const int64_t channel_stride = last ? 1 : pixels, pixel_stride = last ? channels : 1;
          std::vector<float> y(x.size());
          for (int64_t half = 0; half < 2; ++half) {
            LocalResponseNorm(f, x.data(), channels, channel_stride, pixel_stride, pixels * half / 2,
                              pixels * (half + 1) / 2, squares.data(), y.data());
          }
          for (int64_t pixel = 0; pixel < pixels; ++pixel) {
            for (int64_t channel = 0; channel < channels; ++channel) {
              const double want = Expected(f, x, channels, channel_stride, pixel * pixel_stride, channel);
              EXPECT_NEAR(y[pixel * pixel_stride + channel * channel_stride], want, 2e-6 * std::abs(want));
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace baryon::kernels
