// _npi_bincount: how often each of 0, 1, 2, ... stands in an array of whole numbers, or the sum of the weights that
// stand there; up to the largest number or `minlength`, whichever is more.
#include <algorithm>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/indexing.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct BincountAttrs {
  int64_t minlength = 0;
  bool has_weights = false;
};

absl::StatusOr<TensorTypes> InferTypes(const BincountAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 1));
  if (IsFloating(data.dtype) || data.dtype == DType::kBool) {
    return ExpectedGot("\"data\" of whole numbers", data.ToString());
  }
  if (attrs.minlength < 0) return ExpectedGot("\"minlength\" of 0 or more", attrs.minlength);
  if (attrs.has_weights && inputs[1].shape != data.shape) {
    return InputMismatch("weights", {inputs[1].dtype, data.shape}, inputs[1]);
  }
  return TensorTypes{{inputs[attrs.has_weights].dtype, Shape::UnknownDims(1)}};
}

absl::StatusOr<std::vector<Tensor>> Compute(const BincountAttrs& attrs, absl::Span<const Tensor> inputs, ThreadPool&) {
  TensorTypes types;
  for (const Tensor& input : inputs) types.push_back(input.type());
  BARYON_ASSIGN_OR_RETURN(const TensorTypes outputs, InferTypes(attrs, types));
  const int64_t count = inputs[0].num_elements();
  std::vector<int64_t> places(count);
  BARYON_RETURN_IF_ERROR(ResolveIndices(inputs[0].view(), 0, count, IndexMode::kKeep, 0, places.data()));
  int64_t length = attrs.minlength;
  for (int64_t place : places) {
    if (place < 0) return ExpectedGot("numbers of 0 or more", place);
    length = std::max(length, place + 1);
  }
  BARYON_ASSIGN_OR_RETURN(Tensor result, Tensor::TryAllocate({outputs[0].dtype, {length}}));
  DispatchDType(result.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = ComputeType<T>;
    T* bins = result.mutable_data<T>();
    std::fill_n(bins, length, T(C(0)));
    for (int64_t i = 0; i < count; ++i) {
      const C weight = attrs.has_weights ? static_cast<C>(inputs[1].data<T>()[i]) : C(1);
      bins[places[i]] = static_cast<T>(static_cast<C>(static_cast<C>(bins[places[i]]) + weight));
    }
  });
  return std::vector<Tensor>{std::move(result)};
}

const OpRegistration<BincountAttrs> kBincount({
    .names = {"_npi_bincount"},
    .inputs = {"data", "weights"},
    .attrs = {Attr("minlength", &BincountAttrs::minlength), Attr("has_weights", &BincountAttrs::has_weights)},
    .num_inputs = [](const BincountAttrs& attrs) { return 1 + attrs.has_weights; },
    .infer_types = InferTypes,
    .compute_dynamic = Compute,
});

}  // namespace
}  // namespace baryon
