#include "engine/kernels/winograd_tile.h"

#include <string>
#include <utility>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// A tile of outputs by way of the three transforms, compared with the definition of convolution.
TEST(WinogradTileTest, TransformsTogetherAreAConvolution) {
  constexpr int64_t kChannels = 19, kStep = 32, kColumns = 32;
  ForEachCpuTarget([] {
    for (const auto& [m, r] : std::vector<std::pair<int, int>>{{2, 3}, {3, 3}, {4, 3}, {3, 4}}) {
      const WinogradTransforms& transforms = ActiveWinogradTransforms(m, r);
      EXPECT_EQ(transforms.m, m);
      EXPECT_EQ(transforms.r, r);
      const int edge = transforms.edge(), products = transforms.products();
      const std::vector<float> pixels = RandomFloats(products * kChannels, 1);
      const std::vector<float> weight = RandomFloats(r * r * kColumns, 2);
      std::vector<const float*> pointers;
      for (int p = 0; p < products; ++p) pointers.push_back(pixels.data() + p * kChannels);
      AlignedBuffer inputs(products * kStep), weights(products * kColumns), sums(products * kColumns + 16);
      transforms.input({pointers.data(), inputs.data(), kStep, kChannels});
      transforms.weight({weight.data(), kColumns, weights.data(), kColumns, kColumns});
      // Every channel has its own column: a depthwise product, which is all that the transforms see.
      for (int p = 0; p < products; ++p) {
        for (int64_t j = 0; j < kChannels; ++j) {
          sums.data()[p * kColumns + j] = inputs.data()[p * kStep + j] * weights.data()[p * kColumns + j];
        }
      }
      const std::vector<float> bias = RandomFloats(kChannels, 3), residual = RandomFloats(m * m * kChannels, 4);
      std::vector<float> out(m * m * kChannels, -7);
      std::vector<float*> outs;
      std::vector<const float*> residuals;
      for (int p = 0; p < m * m; ++p) {
        outs.push_back(p == 1 ? nullptr : out.data() + p * kChannels);
        residuals.push_back(residual.data() + p * kChannels);
      }
      transforms.output(
          {sums.data(), kColumns, kChannels, outs.data(), residuals.data(), bias.data(), /*lower=*/-1, /*upper=*/1.5});

      std::vector<double> want;
      for (int p = 0; p < m * m; ++p) {
        for (int64_t c = 0; c < kChannels; ++c) {
          double sum = bias[c] + residual[p * kChannels + c];
          for (int k = 0; k < r * r; ++k) {
            const int y = p / m + k / r, x = p % m + k % r;
            sum += static_cast<double>(pixels[(y * edge + x) * kChannels + c]) * weight[k * kColumns + c];
          }
          want.push_back(p == 1 ? -7 : std::min(std::max(sum, -1.0), 1.5));
        }
      }
      ExpectClose(out, want, 3e-6, "m " + std::to_string(m) + " r " + std::to_string(r));
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
