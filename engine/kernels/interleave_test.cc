#include "engine/kernels/interleave.h"

#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(InterleaveTest, TransposesMatricesOfAnySize) {
  ForEachCpuTarget([] {
    for (int64_t rows : {1, 3, 16, 17, 40}) {
      for (int64_t columns : {1, 7, 16, 35}) {
        const int64_t in_stride = columns + 2, out_stride = rows + 1;
        const std::vector<float> in = RandomFloats(rows * in_stride, 1);
        std::vector<float> out(columns * out_stride, -5);
        TransposeMatrix(in.data(), rows, columns, in_stride, out.data(), out_stride);
        for (int64_t j = 0; j < columns; ++j) {
          for (int64_t i = 0; i < rows; ++i) ASSERT_EQ(out[j * out_stride + i], in[i * in_stride + j]);
          ASSERT_EQ(out[j * out_stride + rows], -5);
        }
      }
    }
  });
}

TEST(InterleaveTest, InterleavesAnyNumberOfChannels) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 2, 3, 4, 5}) {
      for (int64_t count : {0, 1, 15, 16, 50}) {
        const int64_t plane = count + 3;
        const std::vector<float> planes = RandomFloats(channels * plane, 2);
        std::vector<float> out(count * channels + 1, -5);
        InterleaveChannels(planes.data(), plane, channels, count, out.data());
        for (int64_t i = 0; i < count; ++i) {
          for (int64_t c = 0; c < channels; ++c) ASSERT_EQ(out[i * channels + c], planes[c * plane + i]);
        }
        ASSERT_EQ(out.back(), -5);
      }
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
