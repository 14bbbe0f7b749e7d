// Making arrays: numpy's functions of the same names. float32 unless another dtype is asked for, as in MXNet.
// Errors (a negative dimension, no memory) are in the array. While a block is traced, what these give is a constant of
// its graph, random numbers included.
#ifndef BARYON_ENGINE_GLUON_NP_CREATE_H_
#define BARYON_ENGINE_GLUON_NP_CREATE_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "engine/gluon/ndarray.h"

namespace baryon::np {

NDArray Zeros(const Shape& shape, DType dtype = DType::kFloat32);
NDArray Ones(const Shape& shape, DType dtype = DType::kFloat32);
NDArray Full(const Shape& shape, Scalar value, DType dtype = DType::kFloat32);
NDArray ZerosLike(const NDArray& like);
NDArray OnesLike(const NDArray& like);
NDArray FullLike(const NDArray& like, Scalar value);

// 0, 1, ..., below `stop`; `start`, `start` + `step`, ... below `stop` (above it for a negative step).
NDArray Arange(double stop, DType dtype = DType::kFloat32);
NDArray Arange(double start, double stop, double step = 1, DType dtype = DType::kFloat32);
// `num` values from `start` to `stop`, which is the last.
NDArray Linspace(double start, double stop, int64_t num = 50, DType dtype = DType::kFloat32);
// Ones on the diagonal `k` (0: the main one, positive: above) of an n × m matrix; m = 0: square.
NDArray Eye(int64_t n, int64_t m = 0, int64_t k = 0, DType dtype = DType::kFloat32);

// Nested braces: Array({{1, 2}, {3, 4}}) is [2, 2]. INVALID_ARGUMENT when the rows differ in length.
class Nested {
 public:
  template <typename T>
  requires std::is_arithmetic_v<T> Nested(T number) : number_(static_cast<double>(number)) {}  // NOLINT: an element
  Nested(std::initializer_list<Nested> rows) : is_row_(true), rows_(rows) {}                   // NOLINT: {1, 2}

 private:
  friend NDArray Array(std::initializer_list<Nested> rows, DType dtype);
  absl::Status Measure(Shape& shape, int64_t axis) const;
  void Collect(std::vector<double>& values) const;

  double number_ = 0;
  bool is_row_ = false;
  std::vector<Nested> rows_;
};
NDArray Array(std::initializer_list<Nested> rows, DType dtype = DType::kFloat32);

// A copy of numbers at hand, with their dtype. INVALID_ARGUMENT when the shape has another size.
template <typename T>
NDArray FromData(const Shape& shape, absl::Span<const T> values);
template <typename T>
NDArray FromData(const Shape& shape, const std::vector<T>& values) {
  return FromData<T>(shape, absl::MakeConstSpan(values));
}

// Arrays in numpy's .npy files.
absl::Status Save(const std::string& path, const NDArray& array);
NDArray Load(const std::string& path);

namespace random {

// Drawn from the calling thread's generator; Seed starts it afresh.
void Seed(uint64_t seed);
NDArray Uniform(double low = 0, double high = 1, const Shape& size = {}, DType dtype = DType::kFloat32);
NDArray Normal(double loc = 0, double scale = 1, const Shape& size = {}, DType dtype = DType::kFloat32);
// Whole numbers in [low, high). INVALID_ARGUMENT when there is none.
NDArray Randint(int64_t low, int64_t high, const Shape& size = {}, DType dtype = DType::kInt64);

}  // namespace random

// ---------------------------------------------------------------------------------------------------------------------
// Implementation

namespace create_internal {
absl::Status CheckSize(const Shape& shape, int64_t got);
}

template <typename T>
NDArray FromData(const Shape& shape, absl::Span<const T> values) {
  if (absl::Status status = create_internal::CheckSize(shape, static_cast<int64_t>(values.size())); !status.ok()) {
    return status;
  }
  return Tensor::FromData<T>(shape, values);
}

}  // namespace baryon::np

#endif  // BARYON_ENGINE_GLUON_NP_CREATE_H_
