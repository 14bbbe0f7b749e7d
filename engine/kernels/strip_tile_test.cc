#include "engine/kernels/strip_tile.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kRunLength = 5, kOutStep = 40;
const std::vector<int64_t> kRuns = {7, 0, 31};

// A row of `width` outputs of `columns` filters at distance `step`, compared with the definition.
void CheckRow(StripTarget::Run run, int64_t step, int64_t width, int64_t columns) {
  const StripTarget& target = ActiveStripTarget();
  const int64_t k = kRuns.size() * kRunLength;
  const int64_t weight_step = (columns + target.vector_width - 1) / target.vector_width * target.vector_width;
  const std::vector<float> in = RandomFloats((width - 1) * step + 31 + kRunLength, 1), bias = RandomFloats(columns, 2);
  const std::vector<float> values = RandomFloats(k * weight_step, 3);
  AlignedBuffer weights(k * weight_step);
  std::copy(values.begin(), values.end(), weights.data());
  std::vector<float> out(width * kOutStep, 7.0f);
  StripTile tile = {};
  tile.in = in.data();
  tile.runs = kRuns.data();
  tile.num_runs = kRuns.size();
  tile.run_length = kRunLength;
  tile.weights = weights.data();
  tile.weight_step = weight_step;
  tile.bias = bias.data();
  tile.out = out.data();
  tile.out_step = kOutStep;
  tile.width = width;
  tile.columns = columns;
  tile.lower = -1;
  tile.upper = 1.5;
  run(tile);

  std::vector<double> want(width * kOutStep, 7.0);  // beyond the columns nothing is written
  for (int64_t i = 0; i < width; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      double sum = bias[j];
      for (int64_t n = 0; n < k; ++n) {
        sum += static_cast<double>(in[i * step + kRuns[n / kRunLength] + n % kRunLength]) * values[n * weight_step + j];
      }
      want[i * kOutStep + j] = std::clamp(sum, -1.0, 1.5);
    }
  }
  ExpectClose(out, want, 1e-6, std::to_string(width) + " x " + std::to_string(columns));
}

TEST(StripTileTest, MatchesTheDefinitionForAnyWidthAndNumberOfFilters) {
  ForEachCpuTarget([] {
    const StripTarget& target = ActiveStripTarget();
    const int64_t most = target.max_vectors * target.vector_width;
    ASSERT_LE(most, kOutStep);
    for (int64_t step : {3, 6}) {
      for (int64_t width : {target.min_width, target.min_width + 1, 3 * target.min_width - 1}) {
        for (int64_t columns : {int64_t{1}, target.vector_width, most - 1, most}) {
          CheckRow(target.Find(step), step, width, columns);
        }
      }
    }
    EXPECT_EQ(target.Find(4), nullptr);
  });
}

}  // namespace
}  // namespace baryon::kernels
