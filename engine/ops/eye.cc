// Matrices with ones on diagonal k and zeros elsewhere: _eye, _npi_eye, _npi_identity.
#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct EyeAttrs {
  int64_t N = 0;
  std::optional<int64_t> M;  // None: N; so is 0 in _eye
  int64_t k = 0;
  DType dtype = DType::kFloat32;
};

absl::StatusOr<TensorTypes> MatrixType(int64_t rows, int64_t columns, DType dtype) {
  if (rows < 0 || columns < 0) return ExpectedGot("sizes of 0 or more", absl::StrCat(rows, " x ", columns));
  return TensorTypes{{dtype, {rows, columns}}};
}

void WriteEye(int64_t k, const TensorView& matrix) {
  const int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  std::memset(matrix.raw_data(), 0, matrix.size_bytes());
  if (k <= -rows || k >= columns) return;
  const int64_t down = std::max<int64_t>(-k, 0), right = std::max<int64_t>(k, 0);
  DispatchDType(matrix.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* first = matrix.data<T>() + down * columns + right;
    for (int64_t i = 0; i < std::min(rows - down, columns - right); ++i) first[i * (columns + 1)] = static_cast<T>(1);
  });
}

OpSpec<EyeAttrs> EyeSpec(const char* name) {
  OpSpec<EyeAttrs> spec;
  spec.names = {name};
  spec.attrs = {RequiredAttr("N", &EyeAttrs::N), Attr("M", &EyeAttrs::M), Attr("k", &EyeAttrs::k),
                NoneKeepsDefault(Attr("dtype", &EyeAttrs::dtype))};
  spec.ignored_attrs = {"ctx"};
  spec.compute = [](const EyeAttrs& attrs, OpContext& context) { WriteEye(attrs.k, context.output(0)); };
  return spec;
}

const OpRegistration<EyeAttrs> kEye([] {
  auto spec = EyeSpec("_eye");
  spec.infer_types = [](const EyeAttrs& attrs, const TensorTypes&) {
    const int64_t columns = attrs.M.value_or(0);
    return MatrixType(attrs.N, columns > 0 ? columns : attrs.N, attrs.dtype);
  };
  return spec;
}());

const OpRegistration<EyeAttrs> kNumPyEye([] {
  auto spec = EyeSpec("_npi_eye");
  spec.infer_types = [](const EyeAttrs& attrs, const TensorTypes&) {
    return MatrixType(attrs.N, attrs.M.value_or(attrs.N), attrs.dtype);
  };
  return spec;
}());

struct IdentityAttrs {
  IntTuple shape;
  DType dtype = DType::kFloat32;
};

const OpRegistration<IdentityAttrs> kIdentity({
    .names = {"_npi_identity"},
    .inputs = {},
    .attrs = {Attr("shape", &IdentityAttrs::shape), NoneKeepsDefault(Attr("dtype", &IdentityAttrs::dtype))},
    .ignored_attrs = {"ctx"},
    .infer_types = [](const IdentityAttrs& attrs, const TensorTypes&) -> absl::StatusOr<TensorTypes> {
      if (attrs.shape.size() != 2) return ExpectedGot("the shape of a matrix", FormatAttr(attrs.shape));
      return MatrixType(attrs.shape[0], attrs.shape[1], attrs.dtype);
    },
    .compute = [](const IdentityAttrs&, OpContext& context) { WriteEye(0, context.output(0)); },
});

}  // namespace
}  // namespace baryon
