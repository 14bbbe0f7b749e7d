// Xavier and MSRAPrelu: random weights whose scale follows from how many values meet in an output (fan-in) and how many
// outputs a value goes to (fan-out), so that signals neither grow nor shrink from layer to layer.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/initializer.h"

namespace baryon::init {
namespace {

absl::StatusOr<double> Factor(const std::string& factor_type, double fan_in, double fan_out) {
  if (factor_type == "avg") return (fan_in + fan_out) / 2;
  if (factor_type == "in") return fan_in;
  if (factor_type == "out") return fan_out;
  return absl::InvalidArgumentError(absl::StrCat("Incorrect factor type: expected avg, in or out, got ", factor_type));
}

absl::StatusOr<Tensor> FillXavier(const XavierOptions& options, const Request& request) {
  const Shape& shape = request.type.shape;
  if (shape.rank() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("Xavier initializer cannot be applied to vector ", request.name, ". It requires at least 2D."));
  }
  const double positions = static_cast<double>(shape.Product(2, shape.rank()));
  BARYON_ASSIGN_OR_RETURN(const double factor, Factor(options.factor_type, static_cast<double>(shape[1]) * positions,
                                                      static_cast<double>(shape[0]) * positions));
  const double scale = std::sqrt(options.magnitude / factor);
  if (options.rnd_type == "uniform") {
    return FillElements(request.type, [&](int64_t) { return request.generator.Uniform(-scale, scale); });
  }
  if (options.rnd_type == "gaussian") {
    return FillElements(request.type, [&](int64_t) { return request.generator.Normal(0, scale); });
  }
  return absl::InvalidArgumentError(
      absl::StrCat("Unknown random type: expected uniform or gaussian, got ", options.rnd_type));
}

}  // namespace

Initializer Xavier(XavierOptions options) {
  return {"xavier", [options = std::move(options)](const Request& request) { return FillXavier(options, request); }};
}

Initializer MSRAPrelu(MSRAPreluOptions options) {
  const XavierOptions xavier = {.rnd_type = "gaussian",
                                .factor_type = std::move(options.factor_type),
                                .magnitude = 2 / (1 + options.slope * options.slope)};
  return {"msraprelu", [xavier](const Request& request) { return FillXavier(xavier, request); }};
}

}  // namespace baryon::init
