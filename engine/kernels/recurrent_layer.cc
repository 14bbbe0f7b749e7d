#include "engine/kernels/recurrent_layer.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/check.h"
#include "engine/kernels/parts.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kLineBytes = 64, kFloatBytes = sizeof(float);
// x' of a chunk: small enough for a second-level cache, of enough rows to use each weight many times.
constexpr int64_t kChunkBytes = 512 << 10, kChunkRows = 96;
// A step is divided when a part of it is this long: threads find each other within half a microsecond.
constexpr double kPartMicroseconds = 1.5;
constexpr double kMultiplicationsPerMicrosecond = 55e3, kBytesPerMicrosecond = 100e3;

}  // namespace

RecurrentLayer::RecurrentLayer(const RecurrentShape& shape, int num_threads)
    : shape_(shape), target_(&ActiveCellTarget(shape.cell)) {
  const int64_t row_bytes = std::max<int64_t>(shape.batch * columns() * kFloatBytes, 1);
  chunk_steps_ =
      std::max({kChunkBytes / row_bytes, CeilDiv(kChunkRows, std::max<int64_t>(shape.batch, 1)), int64_t{1}});
  // Chunks of equal size rather than a small one at the end.
  chunk_steps_ = std::max<int64_t>(CeilDiv(shape.steps, CeilDiv(std::max<int64_t>(shape.steps, 1), chunk_steps_)), 1);
  num_chunks_ = CeilDiv(shape.steps, chunk_steps_);

  const GemmTarget& gemm = ActiveGemmTarget();
  const auto products = [&](int64_t steps) {
    return GemmPlan(GemmShape::Matrix(steps * shape.batch, shape.inputs, columns()), gemm, num_threads);
  };
  products_ = products(chunk_steps_);
  last_products_ = products(num_chunks_ > 0 ? StepsOf(num_chunks_ - 1) : 0);
  if (shape.projection > 0) {
    projection_ = GemmPlan(GemmShape::Matrix(shape.batch, shape.units, shape.projection), gemm, 1);
  }
  first_recurrent_ = RoundedToLine(products_.packed_size());
  first_bias_ = first_recurrent_ + num_panels() * panel_size();
  first_new_bias_ = first_bias_ + RoundedToLine(columns());
  first_projection_ = first_new_bias_ + RoundedToLine(padded_units());

  const double weight = static_cast<double>(panel_size()) * num_panels();
  const double microseconds =
      std::max(weight * shape.batch / kMultiplicationsPerMicrosecond, weight * kFloatBytes / kBytesPerMicrosecond);
  const double most = std::min<double>(num_threads, static_cast<double>(num_panels()));
  num_parts_ = static_cast<int>(std::max(std::min(microseconds / kPartMicroseconds, most), 1.0));
}

int64_t RecurrentLayer::StepsOf(int64_t chunk) const {
  return std::min(chunk_steps_, shape_.steps - chunk * chunk_steps_);
}

std::string RecurrentLayer::ToString() const {
  std::string text = absl::StrCat(target_->name, ", chunks of ", chunk_steps_, " steps");
  if (num_parts_ > 1) absl::StrAppend(&text, ", ", num_parts_, " parts");
  return text;
}

int64_t RecurrentLayer::num_multiplications() const {
  const int64_t step = shape_.gates() * (shape_.inputs + shape_.outputs()) + shape_.units * shape_.projection;
  return shape_.steps * shape_.batch * step;
}

// ---------------------------------------------------------------------------------------------------------------------
// Packing

void RecurrentLayer::Pack(const RecurrentWeights<float>& weights, float* packed) const {
  const int64_t gates = NumGates(shape_.cell), lanes = target_->lanes, inputs = shape_.inputs, k = shape_.outputs();
  std::fill(packed, packed + packed_size(), 0.0f);
  // Calls fn(row of the file's matrices, panel, gate, lane).
  const auto for_each_gate = [&](auto&& fn) {
    for (int64_t unit = 0; unit < shape_.units; ++unit) {
      for (int64_t gate = 0; gate < gates; ++gate) fn(gate * shape_.units + unit, unit / lanes, gate, unit % lanes);
    }
  };

  std::vector<float> input(columns() * inputs, 0.0f);  // W_x with its rows in the order of x'
  float *bias = packed + first_bias_, *new_bias = packed + first_new_bias_, *recurrent = packed + first_recurrent_;
  for_each_gate([&](int64_t row, int64_t panel, int64_t gate, int64_t lane) {
    const int64_t column = (panel * gates + gate) * lanes + lane;
    std::copy_n(weights.input + row * inputs, inputs, input.data() + column * inputs);
    const bool inside_reset = shape_.cell == Cell::kGru && gate == 2;
    bias[column] = weights.input_bias[row] + (inside_reset ? 0 : weights.recurrent_bias[row]);
    if (inside_reset) new_bias[panel * lanes + lane] = weights.recurrent_bias[row];
    float* to = recurrent + panel * panel_size() + gate * lanes + lane;
    for (int64_t i = 0; i < k; ++i) to[i * gates * lanes] = weights.recurrent[row * k + i];
  });

  const auto pack = [](const GemmPlan& plan, const float* source, float* to) {
    const PackedLayout& layout = plan.layout();
    std::vector<int64_t> offsets(layout.k);
    for (int64_t i = 0; i < layout.k; ++i) offsets[i] = i;
    PackPanels(layout, source, offsets, layout.k, 0, layout.num_panels(), to);
  };
  pack(products_, input.data(), packed);
  if (shape_.projection > 0) pack(projection_, weights.projection, packed + first_projection_);
}

// ---------------------------------------------------------------------------------------------------------------------
// Running

int64_t RecurrentLayer::shared_bytes() const {
  const int64_t arrays =
      shape_.batch * padded_units() * (1 + (shape_.projection > 0)) + RoundedToLine(shape_.outputs());
  return (arrays + chunk_steps_ * shape_.batch * columns()) * kFloatBytes;
}

RecurrentLayer::Shared RecurrentLayer::SharedArrays(char* shared) const {
  Shared arrays;
  const int64_t cells = shape_.batch * padded_units();
  arrays.projected = reinterpret_cast<float*>(shared);
  arrays.cells = arrays.projected + chunk_steps_ * shape_.batch * columns();
  arrays.dump = arrays.cells + cells;
  arrays.hidden = arrays.dump + RoundedToLine(shape_.outputs());
  return arrays;
}

int64_t RecurrentLayer::workspace_bytes() const {
  const int64_t pointers = 4 * shape_.batch * static_cast<int64_t>(sizeof(float*));
  return std::max({products_.workspace_bytes(), last_products_.workspace_bytes(), projection_.workspace_bytes(),
                   CeilDiv(pointers, kLineBytes) * kLineBytes});
}

int64_t RecurrentLayer::RowAt(const RecurrentOperands<float>& operands, int64_t step, int64_t n) const {
  const int64_t time = shape_.reverse ? Length(operands, n) - 1 - step : step;
  return std::max<int64_t>(time, 0) * shape_.batch + n;
}

const float* RecurrentLayer::Previous(const RecurrentOperands<float>& operands, int64_t step, int64_t n) const {
  if (step == 0) return operands.state + n * shape_.outputs();
  return operands.out + RowAt(operands, step - 1, n) * operands.out_stride;
}

void RecurrentLayer::Begin(const RecurrentOperands<float>& operands, char* shared) const {
  const Shared arrays = SharedArrays(shared);
  for (int64_t n = 0; n < shape_.batch; ++n) {
    if (shape_.cell == Cell::kLstm) {
      float* cell = arrays.cells + n * padded_units();
      std::copy_n(operands.cell + n * shape_.units, shape_.units, cell);
      std::fill(cell + shape_.units, cell + padded_units(), 0.0f);
    }
    for (int64_t time = Length(operands, n); time < shape_.steps; ++time) {
      std::fill_n(operands.out + (time * shape_.batch + n) * operands.out_stride, shape_.outputs(), 0.0f);
    }
  }
}

void RecurrentLayer::End(const RecurrentOperands<float>& operands, const char* shared) const {
  const Shared arrays = SharedArrays(const_cast<char*>(shared));
  for (int64_t n = 0; n < shape_.batch; ++n) {
    if (operands.last_state != nullptr) {
      std::copy_n(Previous(operands, Length(operands, n), n), shape_.outputs(),
                  operands.last_state + n * shape_.outputs());
    }
    if (operands.last_cell != nullptr) {
      std::copy_n(arrays.cells + n * padded_units(), shape_.units, operands.last_cell + n * shape_.units);
    }
  }
}

void RecurrentLayer::RunProduct(int64_t chunk, int task, const float* packed, const RecurrentOperands<float>& operands,
                                char* shared, char* workspace) const {
  float* projected = SharedArrays(shared).projected;
  const int64_t first = chunk * chunk_steps_;
  const auto rows = [&](const TileRows& tile) {
    for (int i = 0; i < tile.count; ++i) {
      const int64_t row = tile.first + i;
      tile.a[i] = operands.in + RowAt(operands, first + row / shape_.batch, row % shape_.batch) * shape_.inputs;
      tile.c[i] = projected + row * columns();
    }
  };
  Epilogue epilogue;
  epilogue.bias = packed + first_bias_;
  Products(chunk).RunTask(task, packed, epilogue, rows, workspace);
}

void RecurrentLayer::RunPhase(int64_t chunk, int64_t phase, int part, const float* packed,
                              const RecurrentOperands<float>& operands, char* shared, char* workspace) const {
  const int64_t step = chunk * chunk_steps_ + phase / phases();
  if (phase % phases() == 0) {
    RunCells(chunk, step, part, packed, operands, shared, workspace);
  } else if (part == 0) {
    RunProjection(step, packed, operands, shared, workspace);
  }
}

void RecurrentLayer::RunCells(int64_t chunk, int64_t step, int part, const float* packed,
                              const RecurrentOperands<float>& operands, char* shared, char* workspace) const {
  const Shared arrays = SharedArrays(shared);
  const int64_t batch = shape_.batch;
  const float** previous = reinterpret_cast<const float**>(workspace);
  const float** projected = previous + batch;
  float** cell = const_cast<float**>(projected + batch);
  float** out = cell + batch;
  int64_t rows = 0;  // sequences that have not ended
  for (int64_t n = 0; n < batch; ++n) {
    if (step >= Length(operands, n)) continue;
    previous[rows] = Previous(operands, step, n);
    projected[rows] = arrays.projected + ((step - chunk * chunk_steps_) * batch + n) * columns();
    cell[rows] = arrays.cells + n * padded_units();
    out[rows] = shape_.projection > 0 ? arrays.hidden + n * padded_units()
                                      : operands.out + RowAt(operands, step, n) * operands.out_stride;
    ++rows;
  }
  if (rows == 0) return;

  CellTile tile;
  tile.panel_stride = panel_size();
  tile.k = shape_.outputs();
  tile.lower = shape_.lower;
  tile.upper = shape_.upper;
  tile.limit_nan = shape_.limit_nan;
  const int64_t tiles = CeilDiv(rows, target_->max_rows);
  const int64_t panels_end = PartBegin(num_panels(), num_parts_, part + 1);
  // A panel, or as many as the first tile takes at once, stays in the cache over all tiles.
  const int64_t group = target_->panels_at_once[PartBegin(rows, tiles, 1)];
  for (int64_t first = PartBegin(num_panels(), num_parts_, part); first < panels_end; first += group) {
    const int64_t group_end = std::min(first + group, panels_end);
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t row = PartBegin(rows, tiles, t), count = PartBegin(rows, tiles, t + 1) - row;
      tile.previous = previous + row;
      tile.projected = projected + row;
      tile.cell = cell + row;
      tile.out = out + row;
      for (tile.panel = first; tile.panel < group_end;) {
        const int64_t several = target_->panels_at_once[count];
        const bool all = tile.panel + several <= group_end;
        const int64_t taken = all ? several : 1;
        tile.weight = packed + first_recurrent_ + tile.panel * panel_size();
        tile.new_bias = packed + first_new_bias_ + tile.panel * target_->lanes;
        tile.last_units = static_cast<int>(
            std::min<int64_t>(target_->lanes, shape_.units - (tile.panel + taken - 1) * target_->lanes));
        (all ? target_->full : target_->single)[count](tile);
        tile.panel += taken;
      }
    }
  }
}

// Sequences that have ended are multiplied, too, and the result dropped.
void RecurrentLayer::RunProjection(int64_t step, const float* packed, const RecurrentOperands<float>& operands,
                                   char* shared, char* workspace) const {
  const Shared arrays = SharedArrays(shared);
  const auto rows = [&](const TileRows& tile) {
    for (int i = 0; i < tile.count; ++i) {
      const int64_t n = tile.first + i;
      tile.a[i] = arrays.hidden + n * padded_units();
      tile.c[i] =
          step < Length(operands, n) ? operands.out + RowAt(operands, step, n) * operands.out_stride : arrays.dump;
    }
  };
  projection_.RunTask(0, packed + first_projection_, {}, rows, workspace);
}

}  // namespace baryon::kernels
