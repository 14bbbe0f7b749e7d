// Orthogonal: a random matrix whose longer side is made orthonormal. MXNet takes a factor of the singular value
// decomposition; here the same comes from Gram and Schmidt, done twice for each vector, which costs a tenth. For normal
// numbers both give every orthonormal set with equal probability.
// Source: Giraud, Langou, Rozložník, The Loss of Orthogonality in the Gram-Schmidt Orthogonalization Process, 2005.
#include <cmath>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/initializer.h"

namespace baryon::init {
namespace {

using Vector = std::vector<double>;

double Dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

// Takes out of `vector` what the orthonormal `basis` has of it, and makes its length 1.
void Orthonormalize(const std::vector<Vector>& basis, Vector& vector) {
  for (int pass = 0; pass < 2; ++pass) {
    for (const Vector& other : basis) {
      const double part = Dot(other, vector);
      for (size_t i = 0; i < vector.size(); ++i) vector[i] -= part * other[i];
    }
  }
  const double length = std::sqrt(Dot(vector, vector));
  for (double& x : vector) x /= length;
}

absl::StatusOr<Tensor> FillOrthogonal(const OrthogonalOptions& options, const Request& request) {
  const bool normal = options.rand_type == "normal";
  if (!normal && options.rand_type != "uniform") {
    return absl::InvalidArgumentError(absl::StrCat("expected rand_type uniform or normal, got ", options.rand_type));
  }
  const Shape& shape = request.type.shape;
  if (shape.rank() == 0) return absl::InvalidArgumentError("expected a matrix, got a scalar");
  const int64_t rows = shape[0], columns = shape.Product(1, shape.rank());
  const bool by_rows = rows <= columns;
  std::vector<Vector> basis;
  for (int64_t i = 0; i < std::min(rows, columns); ++i) {
    Vector vector(std::max(rows, columns));
    for (double& x : vector) x = normal ? request.generator.Normal(0, 1) : request.generator.Uniform(-1, 1);
    Orthonormalize(basis, vector);
    basis.push_back(std::move(vector));
  }
  return FillElements(request.type, [&](int64_t i) {
    const int64_t row = i / columns, column = i % columns;
    return options.scale * (by_rows ? basis[row][column] : basis[column][row]);
  });
}

}  // namespace

Initializer Orthogonal(OrthogonalOptions options) {
  return {"orthogonal",
          [options = std::move(options)](const Request& request) { return FillOrthogonal(options, request); }};
}

}  // namespace baryon::init
