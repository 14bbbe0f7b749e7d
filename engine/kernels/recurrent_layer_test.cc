#include "engine/kernels/recurrent_layer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/plain_recurrent.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

std::vector<double> Wide(const std::vector<float>& values) { return {values.begin(), values.end()}; }

// A layer with random operands, run by RecurrentLayer and in plain loops.
class LayerTester {
 public:
  explicit LayerTester(const RecurrentShape& shape, std::vector<int64_t> lengths = {}, int64_t more_outputs = 0)
      : shape_(shape), lengths_(std::move(lengths)), out_stride_(shape.outputs() + more_outputs) {
    in_ = RandomFloats(shape.steps * shape.batch * shape.inputs, 1);
    state_ = RandomFloats(shape.batch * shape.outputs(), 2);
    cell_ = RandomFloats(shape.batch * shape.units, 3);
    const auto weight = [](int64_t rows, int64_t columns, uint32_t seed) {
      std::vector<float> values = RandomFloats(rows * columns, seed);
      for (float& value : values) value /= std::sqrt(static_cast<float>(columns));
      return values;
    };
    input_ = weight(shape.gates(), shape.inputs, 4);
    recurrent_ = weight(shape.gates(), shape.outputs(), 5);
    projection_ = weight(shape.projection, shape.units, 6);
    input_bias_ = RandomFloats(shape.gates(), 7);
    recurrent_bias_ = RandomFloats(shape.gates(), 8);
  }

  // Outputs, last states, last cells; what lies beside the outputs stays as it is.
  std::vector<float> Compute(int num_threads) const {
    const RecurrentLayer layer(shape_, num_threads);
    AlignedBuffer packed(layer.packed_size()), shared(layer.shared_bytes() / 4 + 1);
    AlignedBuffer workspace(layer.workspace_bytes() / 4 + 1);
    layer.Pack({input_.data(), recurrent_.data(), projection_.data(), input_bias_.data(), recurrent_bias_.data()},
               packed.data());
    std::fill(shared.begin(), shared.end(), NAN);
    char *shared_bytes = reinterpret_cast<char*>(shared.data()), *scratch = reinterpret_cast<char*>(workspace.data());
    std::vector<float> out(shape_.steps * shape_.batch * out_stride_, kUntouched), last = state_, last_cell = cell_;
    const RecurrentOperands<float> operands = {in_.data(),
                                               state_.data(),
                                               cell_.data(),
                                               out.data(),
                                               out_stride_,
                                               last.data(),
                                               shape_.cell == Cell::kLstm ? last_cell.data() : nullptr,
                                               lengths_.empty() ? nullptr : lengths_.data()};
    layer.Begin(operands, shared_bytes);
    for (int64_t chunk = 0; chunk < layer.num_chunks(); ++chunk) {
      for (int task = layer.num_product_tasks(chunk) - 1; task >= 0; --task) {
        layer.RunProduct(chunk, task, packed.data(), operands, shared_bytes, scratch);
      }
      for (int64_t phase = 0; phase < layer.num_phases(chunk); ++phase) {
        for (int part = layer.num_parts() - 1; part >= 0; --part) {
          layer.RunPhase(chunk, phase, part, packed.data(), operands, shared_bytes, scratch);
        }
      }
    }
    layer.End(operands, shared_bytes);
    out.insert(out.end(), last.begin(), last.end());
    out.insert(out.end(), last_cell.begin(), last_cell.end());
    return out;
  }

  std::vector<double> Reference() const {
    const std::vector<double> in = Wide(in_), state = Wide(state_), cell = Wide(cell_), input = Wide(input_),
                              recurrent = Wide(recurrent_), projection = Wide(projection_),
                              input_bias = Wide(input_bias_), recurrent_bias = Wide(recurrent_bias_);
    std::vector<double> out(shape_.steps * shape_.batch * out_stride_, kUntouched), last = state, last_cell = cell;
    std::vector<double> scratch(PlainRecurrentScratch(shape_));
    const RecurrentOperands<double> operands = {in.data(),
                                                state.data(),
                                                cell.data(),
                                                out.data(),
                                                out_stride_,
                                                last.data(),
                                                shape_.cell == Cell::kLstm ? last_cell.data() : nullptr,
                                                lengths_.empty() ? nullptr : lengths_.data()};
    for (int64_t n = 0; n < shape_.batch; ++n) {
      PlainRecurrentSequence(
          shape_, {input.data(), recurrent.data(), projection.data(), input_bias.data(), recurrent_bias.data()},
          operands, n, scratch.data());
    }
    out.insert(out.end(), last.begin(), last.end());
    out.insert(out.end(), last_cell.begin(), last_cell.end());
    return out;
  }

  void Check() const {
    const std::string what =
        absl::StrCat("cell ", shape_.cell, ", ", shape_.steps, " steps of ", shape_.batch, " x ", shape_.inputs, ", ",
                     shape_.units, " units, projection ", shape_.projection, shape_.reverse ? ", reverse" : "");
    const std::vector<float> got = Compute(1);
    ExpectClose(got, Reference(), 2e-6, what);
    EXPECT_EQ(Compute(3), got) << what << ", three threads";
  }

 private:
  static constexpr float kUntouched = 7.5f;

  const RecurrentShape shape_;
  const std::vector<int64_t> lengths_;
  const int64_t out_stride_;
  std::vector<float> in_, state_, cell_, input_, recurrent_, projection_, input_bias_, recurrent_bias_;
};

RecurrentShape Layer(Cell cell, int64_t steps, int64_t batch, int64_t inputs, int64_t units) {
  RecurrentShape shape;
  shape.cell = cell;
  shape.steps = steps;
  shape.batch = batch;
  shape.inputs = inputs;
  shape.units = units;
  return shape;
}

constexpr Cell kCells[] = {Cell::kRelu, Cell::kTanh, Cell::kLstm, Cell::kGru};

TEST(RecurrentLayerTest, MatchesPlainLoopsForEveryCellBatchAndWidth) {
  ForEachCpuTarget([] {
    for (Cell cell : kCells) {
      for (int64_t batch : {1, 2, 3, 6, 7, 13}) {
        for (int64_t units : {1, 5, 16, 33, 70}) LayerTester(Layer(cell, 4, batch, 9, units)).Check();
      }
    }
  });
}

TEST(RecurrentLayerTest, RunsInReverseBesideAnotherDirection) {
  ForEachCpuTarget([] {
    for (Cell cell : kCells) {
      RecurrentShape shape = Layer(cell, 5, 3, 4, 20);
      shape.reverse = true;
      LayerTester(shape, {}, 20).Check();
    }
  });
}

TEST(RecurrentLayerTest, ManyStepsAreCutIntoChunks) {
  for (Cell cell : kCells) {
    const RecurrentShape shape = Layer(cell, 203, 2, 3, 600 / NumGates(cell));
    EXPECT_GT(RecurrentLayer(shape, 1).num_chunks(), 1);
    LayerTester(shape).Check();
  }
}

TEST(RecurrentLayerTest, LargeStepsAreCutIntoParts) {
  for (Cell cell : kCells) {
    const RecurrentShape shape = Layer(cell, 3, 2, 16, 512);
    EXPECT_EQ(RecurrentLayer(shape, 3).num_parts(), 3);
    LayerTester(shape).Check();
  }
}

TEST(RecurrentLayerTest, SequencesHaveLengths) {
  ForEachCpuTarget([] {
    for (Cell cell : kCells) {
      for (bool reverse : {false, true}) {
        RecurrentShape shape = Layer(cell, 5, 8, 6, 18);
        shape.reverse = reverse;
        LayerTester(shape, {5, 0, 3, 1, 5, 2, 4, 4}, 18).Check();
      }
    }
  });
}

TEST(RecurrentLayerTest, LstmProjectsAndLimits) {
  ForEachCpuTarget([] {
    for (bool reverse : {false, true}) {
      RecurrentShape shape = Layer(Cell::kLstm, 5, 7, 6, 37);
      shape.reverse = reverse;
      shape.projection = 11;
      shape.lower = -0.4f;
      shape.upper = 0.3f;
      LayerTester(shape, {5, 0, 3, 1, 5, 2, 4}, 11).Check();
      LayerTester(shape).Check();
    }
  });
}

TEST(RecurrentLayerTest, NoStepsReturnTheBeginStates) {
  for (Cell cell : kCells) LayerTester(Layer(cell, 0, 2, 3, 4)).Check();
}

}  // namespace
}  // namespace baryon::kernels
