#include "server/testing/test_models.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "engine/base/check.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/op_def.h"

namespace baryon {
namespace {

struct GateState {
  absl::Mutex mutex;
  bool closed ABSL_GUARDED_BY(mutex) = false;
  int waiting ABSL_GUARDED_BY(mutex) = 0;
};

GateState& Gate() {
  static GateState* gate = new GateState;
  return *gate;
}

absl::StatusOr<TensorTypes> SameType(const NoAttrs&, const TensorTypes& inputs) { return inputs; }

absl::StatusOr<TensorTypes> AtMostTwoRows(const NoAttrs&, const TensorTypes& inputs) {
  if (inputs[0].shape[0] > 2) return absl::InvalidArgumentError("expected at most two rows");
  return inputs;
}

absl::StatusOr<TensorTypes> OddColumns(const NoAttrs&, const TensorTypes& inputs) {
  const int64_t columns = inputs[0].shape[1];
  if (columns != Shape::kUnknownDim && columns != 12347) return absl::InvalidArgumentError("expected 12347 columns");
  return inputs;
}

absl::StatusOr<TensorTypes> Scalar(const NoAttrs&, const TensorTypes& inputs) {
  return TensorTypes{{inputs[0].dtype, Shape{}}};
}

void Double(const NoAttrs&, OpContext& context) {
  const float* x = context.input(0).data<const float>();
  float* y = context.output(0).data<float>();
  for (int64_t i = 0; i < context.input(0).num_elements(); ++i) y[i] = 2 * x[i];
}

void MixRows(const NoAttrs&, OpContext& context) {
  const TensorView& x = context.input(0);
  const int64_t rows = x.shape()[0], size = x.shape().Product(1, x.shape().rank());
  float* y = context.output(0).data<float>();
  for (int64_t column = 0; column < size; ++column) {
    float sum = 0;
    for (int64_t row = 0; row < rows; ++row) sum += x.data<const float>()[row * size + column];
    for (int64_t row = 0; row < rows; ++row) y[row * size + column] = x.data<const float>()[row * size + column] + sum;
  }
}

void SumRows(const NoAttrs&, OpContext& context) {
  const float* x = context.input(0).data<const float>();
  float sum = 0;
  for (int64_t i = 0; i < context.input(0).num_elements(); ++i) sum += x[i];
  *context.output(0).data<float>() = sum;
}

void Copy(OpContext& context) {
  std::memcpy(context.output(0).raw_data(), context.input(0).raw_data(), context.input(0).size_bytes());
}

void RefuseNegative(const NoAttrs&, OpContext& context) {
  const float* x = context.input(0).data<const float>();
  for (int64_t i = 0; i < context.input(0).num_elements(); ++i) {
    if (x[i] < 0) context.Fail(absl::InvalidArgumentError("a negative element"));
  }
  Copy(context);
}

void WaitAtGate(const NoAttrs&, OpContext& context) {
  {
    GateState& gate = Gate();
    absl::MutexLock lock(&gate.mutex);
    ++gate.waiting;
    gate.mutex.Await(absl::Condition(
        +[](GateState* state) { return !state->closed; }, &gate));
    --gate.waiting;
  }
  Copy(context);
}

using Rule = absl::StatusOr<TensorTypes> (*)(const NoAttrs&, const TensorTypes&);
using Compute = void (*)(const NoAttrs&, OpContext&);

OpSpec<NoAttrs> Spec(const char* name, Rule rule, Compute compute) {
  OpSpec<NoAttrs> spec;
  spec.names = {name};
  spec.inputs = {"data"};
  spec.infer_types = rule;
  spec.compute = compute;
  spec.accepts_unknown_dims = true;
  return spec;
}

const OpRegistration<NoAttrs> kDouble(Spec("_test_double", SameType, Double));
const OpRegistration<NoAttrs> kMixRows(Spec("_test_mix_rows", SameType, MixRows));
const OpRegistration<NoAttrs> kAtMostTwoRows(Spec("_test_at_most_two_rows", AtMostTwoRows, Double));
const OpRegistration<NoAttrs> kOddColumns(Spec("_test_odd_columns", OddColumns, Double));
const OpRegistration<NoAttrs> kSumRows(Spec("_test_sum_rows", Scalar, SumRows));
const OpRegistration<NoAttrs> kRefuseNegative(Spec("_test_refuse_negative", SameType, RefuseNegative));
const OpRegistration<NoAttrs> kGate(Spec("_test_gate", SameType, WaitAtGate));

}  // namespace

std::shared_ptr<const Executable> MakeExecutable(absl::string_view graph_text, ThreadPool& pool) {
  absl::StatusOr<Graph> graph = GraphFromText(graph_text);
  BARYON_CHECK(graph.ok());
  absl::StatusOr<std::shared_ptr<const Executable>> executable = Executable::Create(*std::move(graph), pool);
  BARYON_CHECK(executable.ok());
  return *std::move(executable);
}

std::string GraphOf(absl::string_view op, absl::string_view type) {
  return absl::StrCat("input data: ", type, "\ny = ", op, "(data)\noutput out = y\n");
}

TestGate::TestGate() {
  absl::MutexLock lock(&Gate().mutex);
  Gate().closed = true;
}

void TestGate::Open() {
  absl::MutexLock lock(&Gate().mutex);
  Gate().closed = false;
}

void TestGate::WaitForArrival() {
  GateState& gate = Gate();
  absl::MutexLock lock(&gate.mutex);
  gate.mutex.Await(absl::Condition(
      +[](GateState* state) { return state->waiting > 0; }, &gate));
}

}  // namespace baryon
