#include "engine/kernels/depthwise_tile.h"

#include <limits>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// One row of a kernel of two positions over one row of pixels, from the second output on.
TEST(DepthwiseTileTest, SumsThePositionsOfARow) {
  ForEachCpuTarget([] {
    const DepthwiseTarget& target = ActiveDepthwiseTarget();
    constexpr int64_t kChannels = 19, kOutputs = 14;
    const int64_t packed = (kChannels + target.vector_width - 1) / target.vector_width * target.vector_width;
    const std::vector<float> in = RandomFloats((kOutputs + 1) * kChannels, 1);
    const std::vector<float> bias = RandomFloats(kChannels, 2);
    AlignedBuffer weights(2 * packed);
    std::fill(weights.begin(), weights.end(), 0.0f);
    for (int64_t i = 0; i < kChannels; ++i) {
      weights.data()[i] = 0.5f + i;
      weights.data()[packed + i] = 2.0f - i;
    }
    const float* in_row = in.data();
    const float* weight_row = weights.data();
    const int64_t in_offsets[] = {0, kChannels}, weight_offsets[] = {0, packed};
    std::vector<float> out(kOutputs * kChannels, 7);

    DepthwiseTile tile = {};
    tile.num_rows = 1;
    tile.in_rows = &in_row;
    tile.weights = &weight_row;
    tile.num_positions = 2;
    tile.in_offsets = in_offsets;
    tile.weight_offsets = weight_offsets;
    tile.in_step = tile.out_step = tile.channels = kChannels;
    tile.first = 1;
    tile.count = kOutputs - 1;
    tile.out = out.data();
    tile.bias = bias.data();
    tile.lower = 0;
    tile.upper = 3;
    target.run(tile);

    for (int64_t i = 0; i < kOutputs; ++i) {
      for (int64_t c = 0; c < kChannels; ++c) {
        const double sum = in[i * kChannels + c] * (0.5 + c) + in[(i + 1) * kChannels + c] * (2.0 - c) + bias[c];
        EXPECT_NEAR(out[i * kChannels + c], i == 0 ? 7 : std::clamp(sum, 0.0, 3.0), 1e-5) << i << " " << c;
      }
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
