// Connectionist temporal classification: minus the logarithm of the probability that the sequence of softmaxes emits
// the label, over all ways of repeating symbols and inserting blanks. Forward recursion over the label with a blank
// before, between and behind its symbols, in logarithms:
//   alpha[t][s] = log p[t](symbol s) + log(exp alpha[t-1][s] + exp alpha[t-1][s-1] + exp alpha[t-1][s-2])
// the last term only onto a symbol that differs from the one two before. Time x label x batch operations.
// Source: Graves, Fernandez, Gomez, Schmidhuber, Connectionist Temporal Classification, 2006.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

enum class Blank { kFirst, kLast };

struct CtcAttrs {
  bool use_data_lengths = false;
  bool use_label_lengths = false;
  Blank blank_label = Blank::kFirst;  // class 0, and 0 ends a label; or the last class, and -1 ends a label
};

int NumInputs(const CtcAttrs& attrs) { return 2 + attrs.use_data_lengths + attrs.use_label_lengths; }

absl::StatusOr<TensorTypes> InferTypes(const CtcAttrs& attrs, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &label = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 3));
  BARYON_RETURN_IF_ERROR(CheckRank("label", label, 2));
  const int64_t steps = data.shape[0], batch = data.shape[1];
  if (data.shape[2] == 0) return ExpectedGot("classes", data.ToString());
  if (label.shape[0] != batch || label.shape[1] > steps) {
    return InputMismatch("label", {label.dtype, {batch, std::min(label.shape[1], steps)}}, label);
  }
  for (int i = 2; i < NumInputs(attrs); ++i) {
    if (inputs[i].shape != Shape({batch})) return InputMismatch("lengths", {inputs[i].dtype, {batch}}, inputs[i]);
  }
  return TensorTypes{{data.dtype, {batch}}, data};
}

double Element(const TensorView& view, int64_t i) {
  return DispatchDType(view.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    return static_cast<double>(ComputeType<T>(view.data<const T>()[i]));
  });
}

double LogAdd(double a, double b) {
  const double large = std::max(a, b), small = std::min(a, b);
  return small == -INFINITY ? large : large + std::log1p(std::exp(small - large));
}

class CtcKernel : public Kernel {
 public:
  CtcKernel(const CtcAttrs& attrs, const TensorTypes& inputs)
      : attrs_(attrs),
        batch_(inputs[0].shape[1]),
        num_classes_(inputs[0].shape[2]),
        most_symbols_(inputs[1].shape[1]) {}

  // Symbols with blanks around them, alpha, and the logarithms of one step's probabilities.
  int64_t workspace_bytes() const override {
    return (2 * most_symbols_ + 1) * (sizeof(int64_t) + sizeof(double)) + num_classes_ * sizeof(double);
  }

  void Compute(OpContext& context) const override {
    for (int64_t n = 0; n < batch_; ++n) {
      const absl::StatusOr<double> loss = Loss(context, n);
      if (!loss.ok()) return context.Fail(loss.status());
      DispatchFloating(context.output(0).dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        context.output(0).data<T>()[n] = static_cast<T>(*loss);
      });
    }
  }

 private:
  int64_t blank() const { return attrs_.blank_label == Blank::kFirst ? 0 : num_classes_ - 1; }

  // `input` at n as a length of at most `most`, or `most` when there is no such input.
  absl::StatusOr<int64_t> Length(const OpContext& context, bool given, int input, int64_t n, int64_t most) const {
    if (!given) return most;
    const double length = Element(context.input(input), n);
    if (length >= 0 && length <= static_cast<double>(most)) return static_cast<int64_t>(length);
    return ExpectedGot(absl::StrCat("a length in [0, ", most, "]"), length);
  }

  // Writes the symbols of label n between blanks; returns how many symbols there are.
  absl::StatusOr<int64_t> ReadLabel(const OpContext& context, int64_t n, int64_t* symbols) const {
    const double end = attrs_.blank_label == Blank::kFirst ? 0 : -1;
    BARYON_ASSIGN_OR_RETURN(const int64_t most,
                            Length(context, attrs_.use_label_lengths, 2 + attrs_.use_data_lengths, n, most_symbols_));
    int64_t count = 0;
    for (; count < most; ++count) {
      const double symbol = Element(context.input(1), n * most_symbols_ + count);
      if (!attrs_.use_label_lengths && symbol == end) break;
      if (!(symbol >= 0 && symbol < static_cast<double>(num_classes_))) {
        return ExpectedGot(absl::StrCat("label symbols in [0, ", num_classes_, ")"), symbol);
      }
      symbols[2 * count] = blank();
      symbols[2 * count + 1] = static_cast<int64_t>(symbol);
    }
    symbols[2 * count] = blank();
    return count;
  }

  // log softmax of data[t, n]
  void LogProbabilities(const TensorView& data, int64_t t, int64_t n, double* log_p) const {
    double largest = -INFINITY, sum = 0;
    for (int64_t c = 0; c < num_classes_; ++c) {
      log_p[c] = Element(data, (t * batch_ + n) * num_classes_ + c);
      largest = std::max(largest, log_p[c]);
    }
    for (int64_t c = 0; c < num_classes_; ++c) sum += std::exp(log_p[c] - largest);
    for (int64_t c = 0; c < num_classes_; ++c) log_p[c] -= largest + std::log(sum);
  }

  absl::StatusOr<double> Loss(OpContext& context, int64_t n) const {
    int64_t* symbols = reinterpret_cast<int64_t*>(context.workspace());
    double* alpha = reinterpret_cast<double*>(symbols + 2 * most_symbols_ + 1);
    double* log_p = alpha + 2 * most_symbols_ + 1;
    const TensorView& data = context.input(0);
    BARYON_ASSIGN_OR_RETURN(const int64_t steps, Length(context, attrs_.use_data_lengths, 2, n, data.shape()[0]));
    BARYON_ASSIGN_OR_RETURN(const int64_t count, ReadLabel(context, n, symbols));
    int64_t least_steps = count;
    for (int64_t i = 1; i < count; ++i) least_steps += symbols[2 * i + 1] == symbols[2 * i - 1];
    if (least_steps > steps) return 0.0;  // no way to emit the label: MXNet's answer
    const int64_t size = 2 * count + 1;
    std::fill_n(alpha, size, -INFINITY);
    alpha[0] = 0;  // before the first step: at the first blank or, by one move, at the first symbol
    for (int64_t t = 0; t < steps; ++t) {
      LogProbabilities(data, t, n, log_p);
      for (int64_t s = size - 1; s >= 0; --s) {
        double reached = alpha[s];
        if (s >= 1) reached = LogAdd(reached, alpha[s - 1]);
        if (s >= 2 && symbols[s] != blank() && symbols[s] != symbols[s - 2]) reached = LogAdd(reached, alpha[s - 2]);
        alpha[s] = reached + log_p[symbols[s]];
      }
    }
    return -(size > 1 ? LogAdd(alpha[size - 1], alpha[size - 2]) : alpha[0]);
  }

  const CtcAttrs attrs_;
  const int64_t batch_, num_classes_, most_symbols_;
};

const OpRegistration<CtcAttrs> kCtcLoss({
    .names = {"CTCLoss", "ctc_loss", "_contrib_CTCLoss", "_contrib_ctc_loss"},
    .inputs = {"data", "label", "lengths", "label_lengths"},
    .outputs = {"", ""},
    .attrs = {Attr("use_data_lengths", &CtcAttrs::use_data_lengths),
              Attr("use_label_lengths", &CtcAttrs::use_label_lengths),
              EnumAttr("blank_label", &CtcAttrs::blank_label, {{"first", Blank::kFirst}, {"last", Blank::kLast}})},
    .num_inputs = NumInputs,
    .num_visible_outputs = [](const CtcAttrs&) { return 1; },
    .infer_types = InferTypes,
    .prepare = [](const CtcAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<CtcKernel>(attrs, context.inputs());
    },
});

}  // namespace
}  // namespace baryon
