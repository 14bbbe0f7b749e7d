#include "engine/kernels/plain_recurrent.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// One unit, one sequence: numbers that can be followed by hand.
class OneUnit {
 public:
  explicit OneUnit(Cell cell, std::vector<double> in) : in_(std::move(in)) {
    shape_.cell = cell;
    shape_.steps = static_cast<int64_t>(in_.size());
    shape_.batch = shape_.inputs = shape_.units = 1;
  }

  RecurrentShape& shape() { return shape_; }
  double last_cell() const { return last_cell_; }

  // With every weight `w`, every input bias `b` and every recurrent bias `r`.
  std::vector<double> Run(double w, double b, double r, double state, double cell = 0, int64_t length = -1) {
    const std::vector<double> weight(4, w), bias(4, b), recurrent_bias(4, r), projection(1, w);
    const RecurrentWeights<double> weights = {weight.data(), weight.data(), projection.data(), bias.data(),
                                              recurrent_bias.data()};
    std::vector<double> out(in_.size(), -1.0), scratch(PlainRecurrentScratch(shape_));
    const int64_t lengths[] = {length};
    const RecurrentOperands<double> operands = {in_.data(), &state,  &cell,       out.data(),
                                                1,          nullptr, &last_cell_, length < 0 ? nullptr : lengths};
    PlainRecurrentSequence(shape_, weights, operands, 0, scratch.data());
    return out;
  }

 private:
  RecurrentShape shape_;
  std::vector<double> in_;
  double last_cell_ = 0;
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(PlainRecurrentTest, ReluAndTanhAddInputAndState) {
  EXPECT_EQ(OneUnit(Cell::kRelu, {1, -9}).Run(2, 0.5, 0.25, 3), (std::vector<double>{8.75, 0.25 + 0.5 - 18 + 17.5}));
  EXPECT_DOUBLE_EQ(OneUnit(Cell::kTanh, {1}).Run(0.5, 0, 0, 1)[0], std::tanh(1.0));
}

TEST(PlainRecurrentTest, LstmGatesTheCell) {
  OneUnit lstm(Cell::kLstm, {1});
  const double gate = 0.5 * 1 + 0.5 * 2 + 0.25, cell = Sigmoid(gate) * 3 + Sigmoid(gate) * std::tanh(gate);
  EXPECT_DOUBLE_EQ(lstm.Run(0.5, 0.25, 0, 2, 3)[0], Sigmoid(gate) * std::tanh(cell));
  EXPECT_DOUBLE_EQ(lstm.last_cell(), cell);
}

TEST(PlainRecurrentTest, LstmLimitsTheCellAndProjectsTheOutput) {
  OneUnit lstm(Cell::kLstm, {1});
  lstm.shape().lower = -0.25f;
  lstm.shape().upper = 0.25f;
  lstm.shape().projection = 1;
  const double gate = 0.5 * 1 + 0.5 * 2;
  EXPECT_DOUBLE_EQ(lstm.Run(0.5, 0, 0, 2, 3)[0], 0.5 * Sigmoid(gate) * std::tanh(0.25));
  EXPECT_DOUBLE_EQ(lstm.last_cell(), 0.25);
  lstm.Run(0.5, 0, 0, 2, NAN);
  EXPECT_TRUE(std::isnan(lstm.last_cell()));
  lstm.shape().limit_nan = true;
  lstm.Run(0.5, 0, 0, 2, NAN);
  EXPECT_DOUBLE_EQ(lstm.last_cell(), -0.25);
}

TEST(PlainRecurrentTest, GruResetsInsideTheBias) {
  const double gate = 0.5 * 1 + 0.5 * 2 + 0.25 + 0.125;
  const double news = std::tanh(0.5 * 1 + 0.25 + Sigmoid(gate) * (0.5 * 2 + 0.125));
  EXPECT_DOUBLE_EQ(OneUnit(Cell::kGru, {1}).Run(0.5, 0.25, 0.125, 2)[0],
                   (1 - Sigmoid(gate)) * news + Sigmoid(gate) * 2);
}

TEST(PlainRecurrentTest, ReverseBeginsAtTheEndOfEachSequence) {
  OneUnit forward(Cell::kRelu, {1, 10, 100}), reverse(Cell::kRelu, {1, 10, 100});
  reverse.shape().reverse = true;
  EXPECT_EQ(forward.Run(1, 0, 0, 0), (std::vector<double>{1, 11, 111}));
  EXPECT_EQ(reverse.Run(1, 0, 0, 0), (std::vector<double>{111, 110, 100}));
  EXPECT_EQ(forward.Run(1, 0, 0, 0, 0, 2), (std::vector<double>{1, 11, 0}));
  EXPECT_EQ(reverse.Run(1, 0, 0, 0, 0, 2), (std::vector<double>{11, 10, 0}));
  EXPECT_EQ(reverse.Run(1, 0, 0, 0, 0, 0), (std::vector<double>{0, 0, 0}));
}

}  // namespace
}  // namespace baryon::kernels
