// Initializers of recurrent layers. Fused layers keep all parts in one vector: the matrices of all layers and
// directions (input to hidden, hidden to hidden, with a projection hidden to recurrent), then the biases in the same
// order. Each part has a row for every gate and unit; the gates of an LSTM are input, forget, cell, output.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/initializer.h"

namespace baryon::init {
namespace {

enum class PartKind { kI2HWeight, kH2HWeight, kH2RWeight, kI2HBias, kH2HBias };

struct Part {
  PartKind kind;
  Shape shape;
};

struct FusedShape {
  int64_t gates, hidden, layers, directions, projection;  // projection: 0 without
};

absl::StatusOr<int64_t> NumGates(const std::string& mode) {
  static const auto* gates =
      new std::map<std::string, int64_t>{{"rnn_relu", 1}, {"rnn_tanh", 1}, {"lstm", 4}, {"gru", 3}};
  const auto it = gates->find(mode);
  if (it != gates->end()) return it->second;
  return absl::InvalidArgumentError(absl::StrCat("expected mode rnn_relu, rnn_tanh, lstm or gru, got \"", mode, "\""));
}

// The parts for an input of `input` columns.
std::vector<Part> PartsOf(const FusedShape& fused, int64_t input) {
  const int64_t rows = fused.gates * fused.hidden, state = fused.projection > 0 ? fused.projection : fused.hidden;
  std::vector<Part> parts;
  for (int64_t layer = 0; layer < fused.layers; ++layer) {
    const int64_t columns = layer == 0 ? input : state * fused.directions;
    for (int64_t direction = 0; direction < fused.directions; ++direction) {
      parts.push_back({PartKind::kI2HWeight, {rows, columns}});
      parts.push_back({PartKind::kH2HWeight, {rows, state}});
      if (fused.projection > 0) parts.push_back({PartKind::kH2RWeight, {fused.projection, fused.hidden}});
    }
  }
  for (int64_t i = 0; i < fused.layers * fused.directions; ++i) {
    parts.push_back({PartKind::kI2HBias, {rows}});
    parts.push_back({PartKind::kH2HBias, {rows}});
  }
  return parts;
}

int64_t SizeOf(const std::vector<Part>& parts) {
  int64_t size = 0;
  for (const Part& part : parts) size += part.shape.num_elements();
  return size;
}

// The columns of the input follow from the length of the vector.
absl::StatusOr<std::vector<Part>> PartsOfVector(const FusedShape& fused, const Shape& shape) {
  if (fused.hidden < 1 || fused.layers < 1) {
    return absl::InvalidArgumentError(absl::StrCat("expected at least one layer and one unit, got ", fused.layers,
                                                   " layers of ", fused.hidden, " units"));
  }
  const int64_t rest = shape.num_elements() - SizeOf(PartsOf(fused, 0));
  const int64_t per_column = fused.gates * fused.hidden * fused.directions;
  if (shape.rank() != 1 || rest < 0 || rest % per_column != 0) {
    return absl::InvalidArgumentError(absl::StrCat("expected one vector with the weights of ", fused.layers,
                                                   " layers of ", fused.hidden, " units, got shape ",
                                                   ShapeTuple(shape)));
  }
  return PartsOf(fused, rest / per_column);
}

// Joins the parts, each made by `make`, of float64.
absl::StatusOr<Tensor> FillParts(const FusedShape& fused, const Request& request,
                                 const std::function<absl::StatusOr<Tensor>(const Part&)>& make) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<Part> parts, PartsOfVector(fused, request.type.shape));
  Tensor joined = Tensor::Allocate({DType::kFloat64, request.type.shape});
  double* next = joined.mutable_data<double>();
  for (const Part& part : parts) {
    BARYON_ASSIGN_OR_RETURN(const Tensor made, make(part));
    next = std::copy_n(made.data<double>(), made.num_elements(), next);
  }
  return joined.Cast(request.type.dtype);
}

absl::StatusOr<Tensor> FillPart(const Initializer& own, const Part& part, const Request& request) {
  const Initializer& initializer = own.empty() ? request.global : own;
  const TensorType type = {DType::kFloat64, part.shape};
  return initializer({request.name, type, request.generator, request.global});
}

const Initializer& InitializerOf(const RNNFusedOptions& options, PartKind kind) {
  switch (kind) {
    case PartKind::kI2HWeight:
      return options.i2h_weight_initializer;
    case PartKind::kH2HWeight:
      return options.h2h_weight_initializer;
    case PartKind::kH2RWeight:
      return options.h2r_weight_initializer;
    case PartKind::kI2HBias:
      return options.i2h_bias_initializer;
    case PartKind::kH2HBias:
      break;
  }
  return options.h2h_bias_initializer;
}

bool IsBias(PartKind kind) { return kind == PartKind::kI2HBias || kind == PartKind::kH2HBias; }

// Overwrites the second quarter.
void SetForgetGate(Tensor& bias, double value) {
  const int64_t units = bias.num_elements() / 4;
  std::fill_n(bias.mutable_data<double>() + units, units, value);
}

}  // namespace

Initializer LSTMBias(double forget_bias) {
  return {"lstmbias", [forget_bias](const Request& request) {
            const int64_t units = request.type.shape.rank() == 0 ? 0 : request.type.shape[0] / 4;
            const int64_t row = request.type.shape.num_elements() / std::max<int64_t>(units * 4, 1);
            return FillElements(request.type,
                                [&](int64_t i) { return i >= units * row && i < 2 * units * row ? forget_bias : 0.0; });
          }};
}

Initializer RNNFused(RNNFusedOptions options) {
  return {"rnnfused", [options = std::move(options)](const Request& request) -> absl::StatusOr<Tensor> {
            BARYON_ASSIGN_OR_RETURN(const int64_t gates, NumGates(options.mode));
            const FusedShape fused = {gates, options.state_size, options.num_layers, options.bidirectional ? 2 : 1,
                                      options.projection_size};
            return FillParts(fused, request, [&](const Part& part) {
              return FillPart(InitializerOf(options, part.kind), part, request);
            });
          }};
}

Initializer FusedRNN(FusedRNNOptions options) {
  return {"fusedrnn", [options = std::move(options)](const Request& request) -> absl::StatusOr<Tensor> {
            BARYON_ASSIGN_OR_RETURN(const int64_t gates, NumGates(options.mode));
            const FusedShape fused = {gates, options.num_hidden, options.num_layers, options.bidirectional ? 2 : 1, 0};
            return FillParts(fused, request, [&](const Part& part) -> absl::StatusOr<Tensor> {
              BARYON_ASSIGN_OR_RETURN(Tensor made, FillPart(options.init, part, request));
              if (options.mode == "lstm" && IsBias(part.kind)) SetForgetGate(made, options.forget_bias);
              return made;
            });
          }};
}

}  // namespace baryon::init
