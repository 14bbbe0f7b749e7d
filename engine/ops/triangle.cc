// Triangles of matrices: tril keeps what lies on diagonal k or left of it, triu what lies on it or right of it, and the
// rest becomes 0; tri makes a lower triangle of ones. A vector stands for a square matrix of rows that are all the
// same.
#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct TriangleAttrs {
  int64_t k = 0;
};

absl::StatusOr<TensorTypes> InferTypes(const TriangleAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", inputs[0], 1));
  TensorType output = inputs[0];
  if (output.shape.rank() == 1) output.shape.Append(output.shape[0]);
  return TensorTypes{std::move(output)};
}

// The first column of row `row` that lies right of diagonal k.
int64_t BeyondDiagonal(int64_t row, int64_t k, int64_t columns) {
  if (k >= columns) return columns;
  return std::clamp<int64_t>(row + std::max(k, -row - 1) + 1, 0, columns);
}

// Copies the columns [begin, end) of a row and clears the others.
void WriteRow(const char* x, char* y, int64_t begin, int64_t end, int64_t columns, int64_t size) {
  std::memset(y, 0, begin * size);
  if (x != y) std::memcpy(y + begin * size, x + begin * size, (end - begin) * size);
  std::memset(y + end * size, 0, (columns - end) * size);
}

template <bool kLower>
void Compute(const TriangleAttrs& attrs, OpContext& context) {
  const TensorView &x = context.input(0), &y = context.output(0);
  const Shape& shape = y.shape();
  const int64_t rows = shape[shape.rank() - 2], columns = shape.back(), size = DTypeSize(y.dtype());
  const int64_t cut_diagonal = kLower ? attrs.k : std::max(attrs.k, INT64_MIN + 1) - 1;
  const bool repeated = x.shape().rank() == 1;
  const int64_t grain = std::max<int64_t>((32 << 10) / std::max<int64_t>(columns * size, 1), 1);
  context.ParallelRanges(shape.Product(0, shape.rank() - 1), grain, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const char* from = static_cast<const char*>(x.raw_data()) + (repeated ? 0 : i * columns * size);
      char* to = static_cast<char*>(y.raw_data()) + i * columns * size;
      const int64_t cut = BeyondDiagonal(i % rows, cut_diagonal, columns);
      WriteRow(from, to, kLower ? 0 : cut, kLower ? cut : columns, columns, size);
    }
  });
}

const OpRegistration<TriangleAttrs> kTriL({
    .names = {"_npi_tril"},
    .inputs = {"data"},
    .attrs = {Attr("k", &TriangleAttrs::k)},
    .infer_types = InferTypes,
    .compute = Compute<true>,
    .in_place = {0},
});

const OpRegistration<TriangleAttrs> kTriU({
    .names = {"_npi_triu"},
    .inputs = {"data"},
    .attrs = {Attr("k", &TriangleAttrs::k)},
    .infer_types = InferTypes,
    .compute = Compute<false>,
    .in_place = {0},
});

struct TriAttrs {
  int64_t N = 0;
  std::optional<int64_t> M;  // None: N
  int64_t k = 0;
  DType dtype = DType::kFloat32;
};

absl::StatusOr<TensorTypes> InferTri(const TriAttrs& attrs, const TensorTypes&) {
  const int64_t rows = attrs.N, columns = attrs.M.value_or(attrs.N);
  if (rows < 0 || columns < 0) return ExpectedGot("sizes of 0 or more", absl::StrCat(rows, " x ", columns));
  return TensorTypes{{attrs.dtype, {rows, columns}}};
}

template <typename T>
void FillTriangle(const TriAttrs& attrs, const Shape& shape, T* y) {
  for (int64_t row = 0; row < shape[0]; ++row) {
    const int64_t beyond = BeyondDiagonal(row, attrs.k, shape[1]);
    std::fill_n(y + row * shape[1], beyond, static_cast<T>(1));
    std::fill_n(y + row * shape[1] + beyond, shape[1] - beyond, static_cast<T>(0));
  }
}

const OpRegistration<TriAttrs> kTri({
    .names = {"_npi_tri"},
    .inputs = {},
    .attrs = {RequiredAttr("N", &TriAttrs::N), Attr("M", &TriAttrs::M), Attr("k", &TriAttrs::k),
              NoneKeepsDefault(Attr("dtype", &TriAttrs::dtype))},
    .ignored_attrs = {"ctx"},
    .infer_types = InferTri,
    .compute =
        [](const TriAttrs& attrs, OpContext& context) {
          const TensorView& y = context.output(0);
          DispatchDType(y.dtype(), [&](auto tag) {
            using T = typename decltype(tag)::type;
            FillTriangle(attrs, y.shape(), y.data<T>());
          });
        },
});

}  // namespace
}  // namespace baryon
