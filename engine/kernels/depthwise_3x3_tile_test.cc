#include "engine/kernels/depthwise_3x3_tile.h"

#include <algorithm>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// Every micro-kernel on a map of pixels in any order, compared with the definition.
TEST(Depthwise3x3TileTest, ReadsPixelsThroughPointers) {
  constexpr int64_t kChannels = 21, kWidth = 15, kPixels = 40;
  ForEachCpuTarget([] {
    const Depthwise3x3Target& target = ActiveDepthwise3x3Target();
    const std::vector<float> pixels = RandomFloats(kPixels * kChannels, 1), bias = RandomFloats(kChannels, 2);
    const int64_t step = (kChannels + target.vector_width - 1) / target.vector_width * target.vector_width;
    AlignedBuffer weights(9 * step);
    const std::vector<float> values = RandomFloats(9 * step, 3);
    std::copy(values.begin(), values.end(), weights.data());
    for (int stride : {1, 2}) {
      for (int rows : {1, 2}) {
        const int64_t columns = (kWidth - 1) * stride + 3;
        std::vector<const float*> in;
        for (int64_t i = 0; i < 5 * columns; ++i) in.push_back(pixels.data() + i * 7 % kPixels * kChannels);
        std::vector<float> out(rows * kWidth * kChannels);
        Depthwise3x3Tile tile = {};
        tile.in = in.data();
        tile.in_pitch = columns;
        tile.weights = weights.data();
        tile.weight_step = step;
        tile.bias = bias.data();
        for (int r = 0; r < rows; ++r) tile.out[r] = out.data() + r * kWidth * kChannels;
        tile.out_step = tile.channels = kChannels;
        tile.width = kWidth;
        tile.lower = -1;
        tile.upper = 1.5;
        target.run[stride - 1][rows - 1](tile);

        std::vector<double> want;
        for (int64_t i = 0; i < rows * kWidth * kChannels; ++i) {
          const int64_t c = i % kChannels, column = i / kChannels % kWidth, row = i / (kChannels * kWidth);
          double sum = bias[c];
          for (int64_t position = 0; position < 9; ++position) {
            const int64_t y = row * stride + position / 3, x = column * stride + position % 3;
            sum += static_cast<double>(in[y * columns + x][c]) * values[position * step + c];
          }
          want.push_back(std::clamp(sum, -1.0, 1.5));
        }
        ExpectClose(out, want, 1e-6, std::to_string(rows) + " rows, stride " + std::to_string(stride));
      }
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
