#include "engine/kernels/recurrent_tile.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

AlignedBuffer Random(int64_t size, uint32_t seed) {
  AlignedBuffer buffer(size);
  const std::vector<float> values = RandomFloats(size, seed);
  std::copy(values.begin(), values.end(), buffer.data());
  return buffer;
}

// Relu with a weight of K rows: the products themselves.
TEST(RecurrentTileTest, MultipliesForEveryNumberOfRowsAndPanels) {
  constexpr int64_t kK = 9;
  ForEachCpuTarget([&] {
    const CellTarget& target = ActiveCellTarget(Cell::kRelu);
    const int64_t lanes = target.lanes, in_last = (lanes + 1) / 2, panels = 6, first = 1;
    const AlignedBuffer h = Random(kMaxCellRows * kK, 1), w = Random(panels * kK * lanes, 2);
    const AlignedBuffer x = Random(kMaxCellRows * panels * lanes, 3);
    for (int rows = 1; rows <= target.max_rows; ++rows) {
      for (int several = 0; several < 2; ++several) {
        const int64_t count = several ? target.panels_at_once[rows] : 1, units = (count - 1) * lanes + in_last;
        std::vector<float> out(rows * panels * lanes, -1.0f);
        std::vector<const float*> previous, projected;
        std::vector<float*> outs;
        for (int i = 0; i < rows; ++i) {
          previous.push_back(h.data() + i * kK);
          projected.push_back(x.data() + i * panels * lanes);
          outs.push_back(out.data() + i * panels * lanes);
        }
        CellTile tile = {};
        tile.previous = previous.data();
        tile.projected = projected.data();
        tile.out = outs.data();
        tile.weight = w.data() + first * kK * lanes;
        tile.panel_stride = kK * lanes;
        tile.k = kK;
        tile.panel = first;
        tile.last_units = static_cast<int>(in_last);
        (several ? target.full : target.single)[rows](tile);

        std::vector<double> want(out.size(), -1.0);
        for (int i = 0; i < rows; ++i) {
          for (int64_t u = first * lanes; u < first * lanes + units; ++u) {
            double sum = projected[i][u];
            for (int64_t k = 0; k < kK; ++k) sum += previous[i][k] * w.data()[(u / lanes * kK + k) * lanes + u % lanes];
            want[i * panels * lanes + u] = std::max(sum, 0.0);
          }
        }
        ExpectClose(out, want, 1e-6, std::to_string(rows) + " rows, panels " + std::to_string(count));
      }
    }
  });
}

double Ulps(float got, double want) {
  const float rounded = static_cast<float>(std::abs(want));
  return std::abs(got - want) / (std::nextafter(rounded, kInfinity) - rounded);
}

// LSTM without products: gates of chosen values show how exact sigmoid and tanh are.
TEST(RecurrentTileTest, SigmoidAndTanhAreExactToAFewUlps) {
  ForEachCpuTarget([&] {
    const CellTarget& target = ActiveCellTarget(Cell::kLstm);
    const int64_t lanes = target.lanes;
    double sigmoid_error = 0, tanh_error = 0;
    for (int i = -4400; i <= 4400; ++i) {
      const float x = static_cast<float>(i) / 50;
      AlignedBuffer projected(4 * lanes), cell(lanes), out(lanes), weight(4 * lanes);
      std::fill(weight.begin(), weight.end(), 0.0f);
      // The input gate is closed, the others have x; c = 1 becomes sigmoid(x).
      std::fill_n(projected.data(), lanes, -kInfinity);
      std::fill_n(projected.data() + lanes, lanes, x);
      std::fill_n(projected.data() + 2 * lanes, lanes, x);
      std::fill_n(projected.data() + 3 * lanes, lanes, kInfinity);
      std::fill_n(cell.data(), lanes, 1.0f);
      const float zero = 0;
      const float *previous = &zero, *x_row = projected.data();
      float *c_row = cell.data(), *out_row = out.data();
      CellTile tile = {};
      tile.previous = &previous;
      tile.projected = &x_row;
      tile.cell = &c_row;
      tile.out = &out_row;
      tile.weight = weight.data();
      tile.k = 1;
      tile.last_units = static_cast<int>(lanes);
      tile.lower = -kInfinity;
      tile.upper = kInfinity;
      target.single[1](tile);
      const double sigmoid = 1 / (1 + std::exp(-static_cast<double>(x)));
      if (sigmoid > 1e-37) sigmoid_error = std::max(sigmoid_error, Ulps(cell.data()[0], sigmoid));
      // The output gate is 1: what comes out is the tanh of c.
      std::fill_n(projected.data() + lanes, lanes, kInfinity);
      std::fill_n(cell.data(), lanes, x);
      target.single[1](tile);
      if (x != 0) tanh_error = std::max(tanh_error, Ulps(out.data()[lanes - 1], std::tanh(static_cast<double>(x))));
    }
    EXPECT_LE(sigmoid_error, 3);
    EXPECT_LE(tanh_error, 3);
  });
}

TEST(RecurrentTileTest, NanAndInfinityPass) {
  ForEachCpuTarget([&] {
    for (Cell kind : {Cell::kRelu, Cell::kTanh, Cell::kGru, Cell::kLstm}) {
      const CellTarget& target = ActiveCellTarget(kind);
      const int64_t lanes = target.lanes;
      AlignedBuffer projected(4 * lanes), cell(lanes), out(lanes), weight(4 * lanes), bias(lanes), state(lanes);
      for (AlignedBuffer* buffer : {&projected, &cell, &out, &weight, &bias, &state}) {
        std::fill(buffer->begin(), buffer->end(), 0.0f);
      }
      const float *previous = state.data(), *x_row = projected.data();
      float *c_row = cell.data(), *out_row = out.data();
      CellTile tile = {&previous,  &x_row,      &c_row, &out_row, weight.data(),
                       0,          bias.data(), 1,      0,        static_cast<int>(lanes),
                       -kInfinity, kInfinity,   false};
      const auto result = [&](float gates) {
        std::fill(projected.begin(), projected.end(), gates);
        std::fill(cell.begin(), cell.end(), 0.0f);
        target.single[1](tile);
        return out.data()[0];
      };
      EXPECT_TRUE(std::isnan(result(NAN)));
      // Gates wide open: relu passes infinity, LSTM adds 1 to a cell of 0, GRU keeps its state of 0.
      const double open = kind == Cell::kRelu   ? kInfinity
                          : kind == Cell::kLstm ? std::tanh(1.0)
                          : kind == Cell::kGru  ? 0.0
                                                : 1.0;
      EXPECT_FLOAT_EQ(result(kInfinity), static_cast<float>(open));
      EXPECT_EQ(result(-kInfinity), kind == Cell::kTanh || kind == Cell::kGru ? -1.0f : 0.0f);
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
