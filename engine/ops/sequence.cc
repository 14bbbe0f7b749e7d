// Sequences of different lengths in one array, [time, batch, ...] or [batch, time, ...]: SequenceMask overwrites what
// lies beyond the end of each, SequenceLast takes its last step, SequenceReverse turns it around and leaves the rest.
#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/indexing.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct SequenceAttrs {
  bool use_sequence_length = false;
  double value = 0;  // SequenceMask
  int64_t axis = 0;  // of time; the other of the first two is the batch
};

// The array as steps of `step_bytes` each, at [time * time_stride + batch * batch_stride] steps.
struct Steps {
  int64_t time, batch, time_stride, batch_stride, step_bytes;
  bool time_first;
};

Steps StepsOf(const SequenceAttrs& attrs, const TensorType& data) {
  const int64_t a = data.shape[0], b = data.shape[1];
  const int64_t step_bytes = data.shape.Product(2, data.shape.rank()) * DTypeSize(data.dtype);
  return attrs.axis == 0 ? Steps{a, b, b, 1, step_bytes, true} : Steps{b, a, 1, b, step_bytes, false};
}

absl::Status CheckSequences(const SequenceAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", inputs[0], 2));
  if (!attrs.use_sequence_length) return absl::OkStatus();
  const TensorType lengths = {inputs[1].dtype, {inputs[0].shape[1 - attrs.axis]}};
  return inputs[1] == lengths ? absl::OkStatus() : InputMismatch("sequence_length", lengths, inputs[1]);
}

absl::Status CheckAxis(const SequenceAttrs& attrs) {
  return attrs.axis == 0 || attrs.axis == 1 ? absl::OkStatus() : ExpectedGot("axis 0 or 1", attrs.axis);
}

// The lengths of all sequences, which must lie between `least` and the number of steps.
absl::Status ReadLengths(const OpContext& context, const Steps& steps, int64_t least, int64_t* lengths) {
  BARYON_RETURN_IF_ERROR(ResolveIndices(context.input(1), 0, steps.batch, IndexMode::kKeep, 0, lengths));
  for (int64_t b = 0; b < steps.batch; ++b) {
    if (lengths[b] < least || lengths[b] > steps.time) {
      return ExpectedGot(absl::StrCat("a sequence length in [", least, ", ", steps.time, "]"), lengths[b]);
    }
  }
  return absl::OkStatus();
}

// Calls fn(time, batch, step) for all steps, on several threads; `step` counts them as they stand in memory.
template <typename Fn>
void ForEachStep(OpContext& context, const Steps& steps, Fn&& fn) {
  const int64_t grain = std::max<int64_t>((32 << 10) / std::max<int64_t>(steps.step_bytes, 1), 1);
  context.ParallelRanges(steps.time * steps.batch, grain, [&](int64_t begin, int64_t end) {
    const int64_t inner = steps.time_first ? steps.batch : steps.time;
    for (int64_t step = begin; step < end; ++step) {
      const int64_t a = step / inner, b = step % inner;
      steps.time_first ? fn(a, b, step) : fn(b, a, step);
    }
  });
}

OpSpec<SequenceAttrs> SequenceSpec(std::vector<std::string> names) {
  OpSpec<SequenceAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"data", "sequence_length"};
  spec.attrs = {Attr("use_sequence_length", &SequenceAttrs::use_sequence_length), Attr("axis", &SequenceAttrs::axis)};
  spec.check = CheckAxis;
  spec.num_inputs = [](const SequenceAttrs& attrs) { return attrs.use_sequence_length ? 2 : 1; };
  return spec;
}

absl::StatusOr<TensorTypes> InferSame(const SequenceAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSequences(attrs, inputs));
  return TensorTypes{inputs[0]};
}

// Lengths beyond the last step mask nothing, negative ones everything.
absl::StatusOr<std::unique_ptr<Kernel>> PrepareMask(const SequenceAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  if (!attrs.use_sequence_length) return MakeMoveKernel(context, {DenseMove(data.shape.num_elements())});
  const Steps steps = StepsOf(attrs, data);
  const int64_t size = DTypeSize(data.dtype);
  const FillValue value = FillValue::Of(data.dtype, attrs.value);
  const kernels::StridedCopy fill({{steps.step_bytes / size, 0, 1}}, size);
  const auto compute = [steps, value, fill](OpContext& context) {
    int64_t* lengths = reinterpret_cast<int64_t*>(context.workspace());
    ResolveIndices(context.input(1), 0, steps.batch, IndexMode::kKeep, 0, lengths).IgnoreError();  // accepts all
    const char* x = static_cast<const char*>(context.input(0).raw_data());
    char* y = static_cast<char*>(context.output(0).raw_data());
    ForEachStep(context, steps, [&](int64_t time, int64_t batch, int64_t step) {
      const int64_t offset = step * steps.step_bytes;
      if (time >= lengths[batch]) {
        fill.Run(&value.bits, y + offset);
      } else if (x != y) {
        std::memcpy(y + offset, x + offset, steps.step_bytes);
      }
    });
  };
  return std::make_unique<FunctionKernel>(steps.batch * sizeof(int64_t), compute);
}

const OpRegistration<SequenceAttrs> kSequenceMask([] {
  auto spec = SequenceSpec({"SequenceMask", "_npx_sequence_mask"});
  spec.attrs.push_back(Attr("value", &SequenceAttrs::value));
  spec.infer_types = InferSame;
  spec.prepare = PrepareMask;
  spec.in_place = {0};
  return spec;
}());

absl::StatusOr<TensorTypes> InferLast(const SequenceAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSequences(attrs, inputs));
  if (inputs[0].shape[attrs.axis] == 0) return ExpectedGot("sequences of 1 step or more", inputs[0].ToString());
  TensorType output = inputs[0];
  output.shape.Erase(attrs.axis);
  return TensorTypes{std::move(output)};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareLast(const SequenceAttrs& attrs, PrepareContext& context) {
  const Steps steps = StepsOf(attrs, context.inputs()[0]);
  const bool has_lengths = attrs.use_sequence_length;
  const auto compute = [steps, has_lengths](OpContext& context) {
    int64_t* rows = reinterpret_cast<int64_t*>(context.workspace());
    std::fill_n(rows, steps.batch, steps.time);
    if (has_lengths) {
      absl::Status status = ReadLengths(context, steps, 1, rows);
      if (!status.ok()) return context.Fail(std::move(status));
    }
    for (int64_t b = 0; b < steps.batch; ++b) rows[b] = (rows[b] - 1) * steps.time_stride + b * steps.batch_stride;
    GatherRows(context, {1, steps.time * steps.batch, steps.batch, steps.step_bytes}, rows, context.input(0).raw_data(),
               context.output(0).raw_data());
  };
  return std::make_unique<FunctionKernel>(steps.batch * sizeof(int64_t), compute);
}

const OpRegistration<SequenceAttrs> kSequenceLast([] {
  auto spec = SequenceSpec({"SequenceLast", "_npx_sequence_last"});
  spec.infer_types = InferLast;
  spec.prepare = PrepareLast;
  return spec;
}());

absl::StatusOr<std::unique_ptr<Kernel>> PrepareReverse(const SequenceAttrs& attrs, PrepareContext& context) {
  const Steps steps = StepsOf(attrs, context.inputs()[0]);
  const bool has_lengths = attrs.use_sequence_length;
  const auto compute = [steps, has_lengths](OpContext& context) {
    int64_t* lengths = reinterpret_cast<int64_t*>(context.workspace());
    std::fill_n(lengths, steps.batch, steps.time);
    if (has_lengths) {
      absl::Status status = ReadLengths(context, steps, 0, lengths);
      if (!status.ok()) return context.Fail(std::move(status));
    }
    const char* x = static_cast<const char*>(context.input(0).raw_data());
    char* y = static_cast<char*>(context.output(0).raw_data());
    ForEachStep(context, steps, [&](int64_t time, int64_t batch, int64_t step) {
      const int64_t source = time < lengths[batch] ? lengths[batch] - 1 - time : time;
      const int64_t from = source * steps.time_stride + batch * steps.batch_stride;
      std::memcpy(y + step * steps.step_bytes, x + from * steps.step_bytes, steps.step_bytes);
    });
  };
  return std::make_unique<FunctionKernel>(steps.batch * sizeof(int64_t), compute);
}

const OpRegistration<SequenceAttrs> kSequenceReverse([] {
  auto spec = SequenceSpec({"SequenceReverse", "_npx_sequence_reverse"});
  spec.check = [](const SequenceAttrs& attrs) {
    return attrs.axis == 0 ? absl::OkStatus() : ExpectedGot("axis 0", attrs.axis);
  };
  spec.infer_types = InferSame;
  spec.prepare = PrepareReverse;
  return spec;
}());

}  // namespace
}  // namespace baryon
