// Differences of neighbours: _npi_diff along an axis, n times over, and _npi_ediff1d of a flattened array, with other
// elements before and behind.
#include <algorithm>
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

struct DiffAttrs {
  int64_t n = 1, axis = -1;
};

absl::StatusOr<TensorTypes> InferDiff(const DiffAttrs& attrs, const TensorTypes& inputs) {
  TensorType output = inputs[0];
  if (attrs.n < 0) return ExpectedGot("\"n\" of 0 or more", attrs.n);
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, output.shape.rank()));
  output.shape[axis] = std::max<int64_t>(output.shape[axis] - attrs.n, 0);
  return TensorTypes{std::move(output)};
}

// The n-th difference of neighbours is their sum with binomial coefficients of changing sign; taken step by step, as
// MXNet does, it rounds the same way.
template <typename T>
void DiffLine(const T* x, int64_t size, int64_t stride, int64_t n, T* line, T* y) {
  using C = ComputeType<T>;
  for (int64_t i = 0; i < size; ++i) line[i] = x[i * stride];
  for (int64_t round = 0; round < n; ++round) {
    for (int64_t i = 0; i + 1 < size - round; ++i) {
      line[i] = static_cast<T>(static_cast<C>(static_cast<C>(line[i + 1]) - static_cast<C>(line[i])));
    }
  }
  for (int64_t i = 0; i < size - n; ++i) y[i * stride] = line[i];
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareDiff(const DiffAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, data.shape.rank()));
  const AxisSplit split = SplitAtAxis(data.shape, axis);
  const auto compute = [split, n = attrs.n](OpContext& context) {
    if (split.size <= n) return;
    DispatchDType(context.output(0).dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* x = context.input(0).data<const T>();
      T* y = context.output(0).data<T>();
      for (int64_t i = 0; i < split.outer * split.inner; ++i) {
        const int64_t outer = i / split.inner, inner = i % split.inner;
        DiffLine(x + outer * split.size * split.inner + inner, split.size, split.inner, n,
                 reinterpret_cast<T*>(context.workspace()), y + outer * (split.size - n) * split.inner + inner);
      }
    });
  };
  return std::make_unique<FunctionKernel>(split.size * DTypeSize(data.dtype), compute);
}

const OpRegistration<DiffAttrs> kDiff({
    .names = {"_npi_diff"},
    .inputs = {"a"},
    .attrs = {Attr("n", &DiffAttrs::n), Attr("axis", &DiffAttrs::axis)},
    .infer_types = InferDiff,
    .prepare = PrepareDiff,
});

struct Ediff1dAttrs {
  bool to_begin_arr_given = false, to_end_arr_given = false;
  std::optional<double> to_begin_scalar, to_end_scalar;
};

// What stands before the differences, or behind: elements of an input, or a number, or nothing.
struct Extra {
  int input = -1;
  std::optional<double> number;
  int64_t size = 0;
};
struct Extras {
  Extra begin, end;
};

Extras ExtrasOf(const Ediff1dAttrs& attrs, const TensorTypes& inputs) {
  Extras extras;
  int next = 1;
  const auto read = [&](bool given, const std::optional<double>& number) -> Extra {
    if (!given) return {-1, number, number.has_value() ? 1 : 0};
    const int input = next++;
    return {input, std::nullopt, inputs[input].shape.num_elements()};
  };
  extras.begin = read(attrs.to_begin_arr_given, attrs.to_begin_scalar);
  extras.end = read(attrs.to_end_arr_given, attrs.to_end_scalar);
  return extras;
}

absl::StatusOr<TensorTypes> InferEdiff1d(const Ediff1dAttrs& attrs, const TensorTypes& inputs) {
  for (const TensorType& input : inputs) {
    if (input.dtype != inputs[0].dtype) return ExpectedGot(DTypeName(inputs[0].dtype), input.ToString());
  }
  const Extras extras = ExtrasOf(attrs, inputs);
  const int64_t differences = std::max<int64_t>(inputs[0].shape.num_elements() - 1, 0);
  return TensorTypes{{inputs[0].dtype, {extras.begin.size + differences + extras.end.size}}};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareEdiff1d(const Ediff1dAttrs& attrs, PrepareContext& context) {
  const auto compute = [extras = ExtrasOf(attrs, context.inputs())](OpContext& context) {
    DispatchDType(context.output(0).dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      using C = ComputeType<T>;
      T* y = context.output(0).data<T>();
      const auto write = [&](const Extra& extra) {
        if (extra.number.has_value()) *y = static_cast<T>(static_cast<C>(*extra.number));
        if (extra.input >= 0) std::copy_n(context.input(extra.input).template data<const T>(), extra.size, y);
        y += extra.size;
      };
      write(extras.begin);
      const T* x = context.input(0).data<const T>();
      for (int64_t i = 0; i + 1 < context.input(0).num_elements(); ++i) {
        *y++ = static_cast<T>(static_cast<C>(static_cast<C>(x[i + 1]) - static_cast<C>(x[i])));
      }
      write(extras.end);
    });
  };
  return std::make_unique<FunctionKernel>(0, compute);
}

const OpRegistration<Ediff1dAttrs> kEdiff1d({
    .names = {"_npi_ediff1d"},
    .inputs = {"input1", "input2", "input3"},
    .attrs = {Attr("to_begin_arr_given", &Ediff1dAttrs::to_begin_arr_given),
              Attr("to_end_arr_given", &Ediff1dAttrs::to_end_arr_given),
              Attr("to_begin_scalar", &Ediff1dAttrs::to_begin_scalar),
              Attr("to_end_scalar", &Ediff1dAttrs::to_end_scalar)},
    .num_inputs = [](const Ediff1dAttrs& attrs) { return 1 + attrs.to_begin_arr_given + attrs.to_end_arr_given; },
    .infer_types = InferEdiff1d,
    .prepare = PrepareEdiff1d,
});

}  // namespace
}  // namespace baryon
