// Bilinear: with k values across, f = ceil(k / 2) and c = (2f - 1 - f mod 2) / 2f, the weight at column x is
// 1 - |x / f - c|, and the same for rows; their product is the kernel, one for each pair of channels.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "engine/gluon/initializer.h"

namespace baryon::init {

Initializer Bilinear() {
  return {"bilinear", [](const Request& request) -> absl::StatusOr<Tensor> {
            const Shape& shape = request.type.shape;
            if (shape.rank() != 4) {
              return absl::InvalidArgumentError(
                  absl::StrCat("Bilinear: expected a weight of rank 4, got ", ShapeTuple(shape)));
            }
            const double f = std::ceil(static_cast<double>(shape[3]) / 2);
            const double c = (2 * f - 1 - std::fmod(f, 2)) / (2 * f);
            const auto weight = [&](int64_t place) { return 1 - std::abs(static_cast<double>(place) / f - c); };
            return FillElements(request.type,
                                [&](int64_t i) { return weight(i % shape[3]) * weight(i / shape[3] % shape[2]); });
          }};
}

}  // namespace baryon::init
