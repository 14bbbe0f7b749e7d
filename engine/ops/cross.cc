// _npi_cross: cross products of vectors of 3 elements, or of 2, whose third is then 0; of two such vectors only the
// third element of the product is kept, as a number. The other axes are broadcast.
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/shape_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct CrossAttrs {
  int64_t axisa = -1, axisb = -1, axisc = -1;
};

// An array as vectors: their length, the distance of their elements, and the other axes.
struct Vectors {
  int64_t size, step;
  Shape others;
  IntTuple strides;  // of these
};

absl::StatusOr<Vectors> ReadVectors(const char* name, int64_t axis, const TensorType& type) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast(name, type, 1));
  BARYON_ASSIGN_OR_RETURN(const int64_t at, ResolveAxis(axis, type.shape.rank()));
  const auto strides = RowMajorStrides(type.shape);
  Vectors vectors = {type.shape[at], strides[at], {}, {}};
  if (vectors.size != 2 && vectors.size != 3) {
    return ExpectedGot(absl::StrCat("\"", name, "\" of vectors of 2 or 3 elements"), type.ToString());
  }
  for (int64_t i = 0; i < type.shape.rank(); ++i) {
    if (i == at) continue;
    vectors.others.Append(type.shape[i]);
    vectors.strides.push_back(strides[i]);
  }
  return vectors;
}

struct Operands {
  Vectors a, b, c;  // c.size is 1 when numbers are kept
};

absl::StatusOr<Operands> ReadOperands(const CrossAttrs& attrs, const TensorTypes& inputs, Shape* output) {
  BARYON_ASSIGN_OR_RETURN(Vectors a, ReadVectors("a", attrs.axisa, inputs[0]));
  BARYON_ASSIGN_OR_RETURN(Vectors b, ReadVectors("b", attrs.axisb, inputs[1]));
  if (inputs[0].dtype != inputs[1].dtype) return InputMismatch("b", inputs[0], inputs[1]);
  const std::optional<Shape> others = BroadcastShapes(a.others, b.others);
  if (!others.has_value()) {
    return ExpectedGot("shapes that can be broadcast",
                       absl::StrCat(inputs[0].ToString(), " and ", inputs[1].ToString()));
  }
  *output = *others;
  const bool numbers = a.size == 2 && b.size == 2;
  int64_t axis = others->rank();
  if (!numbers) {
    BARYON_ASSIGN_OR_RETURN(axis, ResolveAxis(attrs.axisc, others->rank() + 1));
    output->Insert(axis, 3);
  }
  const auto strides = RowMajorStrides(*output);
  Vectors c = {numbers ? 1 : 3, numbers ? 0 : strides[axis], *others, {}};
  for (int64_t i = 0; i < output->rank(); ++i) {
    if (numbers || i != axis) c.strides.push_back(strides[i]);
  }
  return Operands{std::move(a), std::move(b), std::move(c)};
}

absl::StatusOr<TensorTypes> InferTypes(const CrossAttrs& attrs, const TensorTypes& inputs) {
  TensorType output = {inputs[0].dtype, {}};
  BARYON_RETURN_IF_ERROR(ReadOperands(attrs, inputs, &output.shape).status());
  return TensorTypes{std::move(output)};
}

// The first element of vector `index`, counted over `all` axes, to which those of `vectors` are broadcast.
int64_t PlaceOf(const Vectors& vectors, const Shape& all, int64_t index) {
  int64_t place = 0;
  const int64_t missing = all.rank() - vectors.others.rank();
  for (int64_t axis = all.rank() - 1; axis >= 0; --axis) {
    const int64_t own = axis - missing;
    if (own >= 0 && vectors.others[own] != 1) place += index % all[axis] * vectors.strides[own];
    index /= all[axis];
  }
  return place;
}

template <typename T>
void Cross(const Operands& operands, const T* a, const T* b, T* c) {
  using C = ComputeType<T>;
  C x[3] = {}, y[3] = {};
  for (int64_t i = 0; i < operands.a.size; ++i) x[i] = static_cast<C>(a[i * operands.a.step]);
  for (int64_t i = 0; i < operands.b.size; ++i) y[i] = static_cast<C>(b[i * operands.b.step]);
  for (int64_t i = 0; i < operands.c.size; ++i) {
    const int64_t e = operands.c.size == 1 ? 2 : i, p = (e + 1) % 3, q = (e + 2) % 3;
    c[i * operands.c.step] = static_cast<T>(static_cast<C>(x[p] * y[q] - x[q] * y[p]));
  }
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const CrossAttrs& attrs, PrepareContext& context) {
  Shape shape;
  BARYON_ASSIGN_OR_RETURN(Operands operands, ReadOperands(attrs, context.inputs(), &shape));
  const auto compute = [operands = std::move(operands)](OpContext& context) {
    constexpr int64_t kVectorsWorthAThread = 4096;
    const Shape& all = operands.c.others;
    DispatchDType(context.output(0).dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T *a = context.input(0).data<const T>(), *b = context.input(1).data<const T>();
      T* c = context.output(0).data<T>();
      context.ParallelRanges(all.num_elements(), kVectorsWorthAThread, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          Cross(operands, a + PlaceOf(operands.a, all, i), b + PlaceOf(operands.b, all, i),
                c + PlaceOf(operands.c, all, i));
        }
      });
    });
  };
  return std::make_unique<FunctionKernel>(0, compute);
}

const OpRegistration<CrossAttrs> kCross({
    .names = {"_npi_cross"},
    .inputs = {"a", "b"},
    .attrs = {Attr("axisa", &CrossAttrs::axisa), Attr("axisb", &CrossAttrs::axisb), Attr("axisc", &CrossAttrs::axisc)},
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
