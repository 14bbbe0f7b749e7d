// Arrays of one value: _zeros, _ones, _full and their relatives in the NumPy namespace, and the same in the shape of
// another array.
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct FillAttrs {
  IntTuple shape;
  DType dtype = DType::kFloat32;
  bool np_shape = false;
  double value = 0;  // _full
  // _npi_full of 2.x has a value for each kind of number; 0 means that the signed one counts, 1 the unsigned, 2 the
  // floating one. In 1.x it is another name of _full.
  std::optional<int64_t> value_type;
  int64_t int_value = 0, uint_value = 0;
  double double_value = 0;
};

// The shape as the file means it. Negative dimensions are unknown; in legacy files so are a 0 and a shape without
// dimensions. Consumers make them known: a recurrent layer gives its begin state the batch.
Shape DeclaredShape(const FillAttrs& attrs) {
  if (attrs.shape.empty() && !attrs.np_shape) return Shape::Unknown();
  Shape shape;
  for (int64_t dim : attrs.shape) {
    shape.Append(dim < 0 || (dim == 0 && !attrs.np_shape) ? Shape::kUnknownDim : dim);
  }
  return shape;
}

absl::StatusOr<TensorTypes> InferDeclared(const FillAttrs& attrs, const TensorTypes&) {
  return TensorTypes{{attrs.dtype, DeclaredShape(attrs)}};
}

absl::StatusOr<std::unique_ptr<Kernel>> FillOutput(PrepareContext& context, FillValue value) {
  return MakeMoveKernel(context, {FillMove(context.outputs()[0].shape.num_elements())}, {}, value);
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareFill(const FillAttrs& attrs, PrepareContext& context) {
  return FillOutput(context, FillValue::Of(context.outputs()[0].dtype, attrs.value));
}

OpSpec<FillAttrs> FillSpec(std::vector<std::string> names) {
  OpSpec<FillAttrs> spec;
  spec.names = std::move(names);
  spec.attrs = {Attr("shape", &FillAttrs::shape), NoneKeepsDefault(Attr("dtype", &FillAttrs::dtype)),
                NpShapeAttr(&FillAttrs::np_shape)};
  spec.ignored_attrs = {"ctx"};
  spec.infer_types = InferDeclared;
  spec.prepare = PrepareFill;
  return spec;
}

template <int kValue, typename A>
absl::StatusOr<std::unique_ptr<Kernel>> PrepareConstant(const A&, PrepareContext& context) {
  return FillOutput(context, FillValue::Of(context.outputs()[0].dtype, int64_t{kValue}));
}

const OpRegistration<FillAttrs> kZeros(FillSpec({"_zeros", "_npi_zeros"}));

const OpRegistration<FillAttrs> kOnes([] {
  auto spec = FillSpec({"_ones", "_npi_ones"});
  spec.prepare = PrepareConstant<1, FillAttrs>;
  return spec;
}());

// Its type, too, comes from the consumer.
const OpRegistration<FillAttrs> kZerosWithoutDType([] {
  auto spec = FillSpec({"_zeros_without_dtype"});
  spec.attrs[1] = Attr("dtype", &FillAttrs::dtype);
  spec.infer_types = [](const FillAttrs& attrs, const TensorTypes&) -> absl::StatusOr<TensorTypes> {
    return TensorTypes{{DType::kUnknown, DeclaredShape(attrs)}};
  };
  return spec;
}());

const OpRegistration<FillAttrs> kFull([] {
  auto spec = FillSpec({"_full"});
  spec.attrs.push_back(RequiredAttr("value", &FillAttrs::value));
  return spec;
}());

FillValue ChosenValue(const FillAttrs& attrs, DType dtype) {
  if (attrs.value_type == 0) return FillValue::Of(dtype, attrs.int_value);
  if (attrs.value_type == 1) return FillValue::Of(dtype, attrs.uint_value);
  return FillValue::Of(dtype, attrs.value_type.has_value() ? attrs.double_value : attrs.value);
}

const OpRegistration<FillAttrs> kNumPyFull([] {
  auto spec = FillSpec({"_npi_full"});
  for (AttrDef<FillAttrs> attr : {Attr("value", &FillAttrs::value), Attr("value_type", &FillAttrs::value_type),
                                  Attr("int_value", &FillAttrs::int_value), Attr("uint_value", &FillAttrs::uint_value),
                                  Attr("double_value", &FillAttrs::double_value)}) {
    spec.attrs.push_back(std::move(attr));
  }
  spec.prepare = [](const FillAttrs& attrs, PrepareContext& context) {
    return FillOutput(context, ChosenValue(attrs, context.outputs()[0].dtype));
  };
  return spec;
}());

template <int kValue>
OpSpec<NoAttrs> LikeSpec(std::vector<std::string> names) {
  OpSpec<NoAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"data"};
  spec.infer_types = SameTypeAsInput<NoAttrs>;
  spec.complete_types = AllTypesEqual<NoAttrs>;
  spec.ignored_attrs = {"dtype"};  // MXNet does not read it: the result is of the input's type
  spec.prepare = PrepareConstant<kValue, NoAttrs>;
  spec.elementwise = true;
  spec.accepts_unknown_dims = true;
  return spec;
}

const OpRegistration<NoAttrs> kZerosLike(LikeSpec<0>({"zeros_like", "_sparse_zeros_like"}));
const OpRegistration<NoAttrs> kOnesLike(LikeSpec<1>({"ones_like"}));

struct FullLikeAttrs {
  double fill_value = 0;
  DType dtype = DType::kUnknown;  // that of the input
};

const OpRegistration<FullLikeAttrs> kFullLike({
    .names = {"_npi_full_like"},
    .inputs = {"a"},
    .attrs = {RequiredAttr("fill_value", &FullLikeAttrs::fill_value), Attr("dtype", &FullLikeAttrs::dtype)},
    .ignored_attrs = {"ctx"},
    .infer_types = [](const FullLikeAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      return TensorTypes{{attrs.dtype == DType::kUnknown ? inputs[0].dtype : attrs.dtype, inputs[0].shape}};
    },
    .prepare =
        [](const FullLikeAttrs& attrs, PrepareContext& context) {
          return FillOutput(context, FillValue::Of(context.outputs()[0].dtype, attrs.fill_value));
        },
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
