#include "engine/ops/testing/op_tester.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/op_registry.h"
#include "engine/graph/run_op.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

Tensor Fill(const Shape& shape, const Filler& filler, std::mt19937& generator) {
  Tensor tensor = Tensor::Allocate({DType::kFloat64, shape});
  double* data = tensor.mutable_data<double>();
  const int64_t count = tensor.num_elements();
  if (filler.kind == Filler::Kind::kDistinct) {
    for (int64_t i = 0; i < count; ++i) data[i] = (i - count / 2) * 0.0125;
    std::shuffle(data, data + count, generator);
  } else if (filler.kind == Filler::Kind::kIntegers) {
    std::uniform_int_distribution<int64_t> distribution(filler.low, filler.high);
    for (int64_t i = 0; i < count; ++i) data[i] = distribution(generator);
  } else {
    std::uniform_real_distribution<double> distribution(filler.low, filler.high);
    for (int64_t i = 0; i < count; ++i) data[i] = distribution(generator);
  }
  return tensor.Cast(filler.dtype);
}

Tensor CopyOf(const Tensor& tensor) {
  Tensor copy = Tensor::Allocate(tensor.type());
  std::memcpy(copy.mutable_raw_data(), tensor.raw_data(), tensor.size_bytes());
  return copy;
}

bool SameBits(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() && std::memcmp(a.raw_data(), b.raw_data(), a.size_bytes()) == 0;
}

ThreadPool& PoolOf(int threads) {
  static ThreadPool* one = new ThreadPool(1);
  static ThreadPool* three = new ThreadPool(3);
  return threads == 1 ? *one : *three;
}

}  // namespace

std::string Difference(const Tensor& got, const Tensor& want, Tolerance tolerance) {
  if (got.type() != want.type()) {
    return absl::StrCat("expected ", want.type().ToString(), ", got ", got.type().ToString());
  }
  if (!IsFloating(got.dtype())) {
    return SameBits(got, want) ? "" : absl::StrCat("whole numbers differ: ", got.type().ToString());
  }
  const Tensor a = got.Cast(DType::kFloat64), b = want.Cast(DType::kFloat64);
  const absl::Span<const double> x = a.span<double>(), y = b.span<double>();
  double largest = 0;
  for (double value : y) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  for (size_t i = 0; i < x.size(); ++i) {
    const bool both_nan = std::isnan(x[i]) && std::isnan(y[i]);
    const bool agree = std::isfinite(y[i])
                           ? std::abs(x[i] - y[i]) <= tolerance.relative * std::abs(y[i]) + tolerance.absolute * largest
                           : both_nan || x[i] == y[i];
    if (!agree) {
      return absl::StrCat("element ", i, " of ", want.type().ToString(), ": expected ", y[i], ", got ", x[i],
                          ", largest expected ", largest);
    }
  }
  return "";
}

OpTester::OpTester(std::string op) : op_(FindOp(op)), name_(std::move(op)) {
  EXPECT_NE(op_, nullptr) << "no operator \"" << name_ << "\"";
}

OpTester& OpTester::Attr(const std::string& name, const std::string& text) {
  attrs_.Set(name, text);
  return *this;
}

OpTester& OpTester::Input(const Shape& shape, const Filler& filler) {
  std::mt19937 generator(seed_ * 1000 + static_cast<uint32_t>(inputs_.size()));
  return Input(Fill(shape, filler, generator));
}

OpTester& OpTester::Input(Tensor tensor) {
  inputs_.push_back(std::move(tensor));
  return *this;
}

OpTester& OpTester::Seed(uint32_t seed) {
  seed_ = seed;
  return *this;
}

absl::StatusOr<BoundAttrs> OpTester::Bind() const {
  if (op_ == nullptr) return absl::UnimplementedError(absl::StrCat("no operator \"", name_, "\""));
  BARYON_ASSIGN_OR_RETURN(BoundAttrs attrs, op_->bind(attrs_, /*from_file=*/false));
  const int expected = op_->num_inputs(attrs.get());
  if (expected >= 0 && expected != static_cast<int>(inputs_.size())) {
    return absl::InvalidArgumentError(absl::StrCat("expected ", expected, " inputs, got ", inputs_.size()));
  }
  return attrs;
}

absl::StatusOr<TensorTypes> OpTester::Infer() const {
  BARYON_ASSIGN_OR_RETURN(const BoundAttrs attrs, Bind());
  TensorTypes types;
  for (const Tensor& input : inputs_) types.push_back(input.type());
  BARYON_ASSIGN_OR_RETURN(TensorTypes outputs, op_->infer_types(attrs.get(), types));
  outputs.resize(op_->num_visible_outputs(attrs.get(), outputs.size()));
  return outputs;
}

absl::StatusOr<std::vector<Tensor>> OpTester::Run() const {
  BARYON_ASSIGN_OR_RETURN(const BoundAttrs attrs, Bind());
  return RunOp(*op_, attrs, inputs_, PoolOf(1));
}

void OpTester::ExpectNear(const Reference& reference, Tolerance tolerance) const {
  ExpectOutputs(reference(inputs_), tolerance);
}

void OpTester::ExpectOutputs(const std::vector<Tensor>& want, Tolerance tolerance) const {
  const absl::StatusOr<std::vector<Tensor>> got = Run();
  ASSERT_TRUE(got.ok()) << got.status() << Describe();
  ASSERT_LE(want.size(), got->size()) << Describe();
  for (size_t i = 0; i < want.size(); ++i) {
    const std::string difference = Difference((*got)[i], want[i], tolerance);
    EXPECT_EQ(difference, "") << "output " << i << Describe();
  }
  const BoundAttrs attrs = *Bind();
  const absl::StatusOr<std::vector<Tensor>> threaded = RunOp(*op_, attrs, inputs_, PoolOf(3));
  ASSERT_TRUE(threaded.ok()) << threaded.status() << Describe();
  for (size_t i = 0; i < got->size(); ++i) {
    EXPECT_TRUE(SameBits((*got)[i], (*threaded)[i])) << "output " << i << " differs on three threads" << Describe();
  }
  TensorTypes input_types;
  for (const Tensor& input : inputs_) input_types.push_back(input.type());
  const TensorTypes output_types = *op_->infer_types(attrs.get(), input_types);
  for (int shared : op_->in_place) {
    if (shared >= static_cast<int>(inputs_.size()) || inputs_[shared].size_bytes() != (*got)[0].size_bytes()) continue;
    std::vector<Tensor> inputs = inputs_, outputs = *got;
    inputs[shared] = CopyOf(inputs_[shared]);
    outputs[0] = Tensor::Borrow((*got)[0].type(), inputs[shared].raw_data(), nullptr);
    for (size_t i = 1; i < outputs.size(); ++i) outputs[i] = CopyOf(outputs[i]);
    const absl::Status status = ComputeOp(*op_, attrs, inputs, output_types, absl::MakeSpan(outputs), PoolOf(1));
    ASSERT_TRUE(status.ok()) << status << Describe();
    EXPECT_TRUE(SameBits(outputs[0], (*got)[0])) << "differs in place of input " << shared << Describe();
  }
}

std::string OpTester::Describe() const {
  std::string text = absl::StrCat("\n  ", name_, " {", attrs_.ToString(), "} seed ", seed_);
  for (const Tensor& input : inputs_) absl::StrAppend(&text, "\n  input ", input.type().ToString());
  return text;
}

}  // namespace baryon
