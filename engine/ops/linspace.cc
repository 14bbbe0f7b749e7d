// A given count of evenly spaced numbers from start to stop: _linspace, _npi_linspace; _npi_logspace has their powers.
#include <cmath>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct LinspaceAttrs {
  double start = 0, stop = 0;
  int64_t num = 0;
  bool endpoint = true;  // stop is the last number, not the one behind it
  double base = 10;      // _npi_logspace
  DType dtype = DType::kFloat32;
  // _npi_linspace of 2.x has bounds for each kind of number; 0 means that the signed ones count, 1 the unsigned, 2 the
  // floating ones. In 1.x it is another name of _linspace.
  std::optional<int64_t> value_type;
  double start_double = 0, stop_double = 0;
  int64_t start_int = 0, stop_int = 0, start_uint = 0, stop_uint = 0;
};

struct Bounds {
  double start, stop;
};

Bounds BoundsOf(const LinspaceAttrs& attrs) {
  if (attrs.value_type == 0) return {static_cast<double>(attrs.start_int), static_cast<double>(attrs.stop_int)};
  if (attrs.value_type == 1) return {static_cast<double>(attrs.start_uint), static_cast<double>(attrs.stop_uint)};
  if (attrs.value_type.has_value()) return {attrs.start_double, attrs.stop_double};
  return {attrs.start, attrs.stop};
}

absl::StatusOr<TensorTypes> InferTypes(const LinspaceAttrs& attrs, const TensorTypes&) {
  if (attrs.num < 0) return ExpectedGot("num of 0 or more", attrs.num);
  return TensorTypes{{attrs.dtype, {attrs.num}}};
}

// Writes fn(i-th number) for every i.
template <typename Fn>
void WriteNumbers(const LinspaceAttrs& attrs, const TensorView& y, Fn&& fn) {
  const Bounds bounds = BoundsOf(attrs);
  const int64_t steps = attrs.endpoint ? attrs.num - 1 : attrs.num;
  const double step = steps > 0 ? (bounds.stop - bounds.start) / static_cast<double>(steps) : 0;
  DispatchDType(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < y.num_elements(); ++i) {
      const double number = fn(i, bounds.start + step * static_cast<double>(i));
      y.data<T>()[i] = static_cast<T>(static_cast<ComputeType<T>>(number));
    }
  });
}

void ComputeLinspace(const LinspaceAttrs& attrs, OpContext& context) {
  WriteNumbers(attrs, context.output(0), [](int64_t, double number) { return number; });
}

// With value types the last number is stop itself, not what the steps add up to.
void ComputeNumPyLinspace(const LinspaceAttrs& attrs, OpContext& context) {
  const bool ends_at_stop = attrs.value_type.has_value() && attrs.endpoint && attrs.num > 1;
  const double stop = BoundsOf(attrs).stop;
  WriteNumbers(attrs, context.output(0),
               [&](int64_t i, double number) { return ends_at_stop && i == attrs.num - 1 ? stop : number; });
}

void ComputeLogspace(const LinspaceAttrs& attrs, OpContext& context) {
  WriteNumbers(attrs, context.output(0), [&](int64_t, double number) { return std::pow(attrs.base, number); });
}

OpSpec<LinspaceAttrs> LinspaceSpec(const char* name, AttrDef<LinspaceAttrs> start, AttrDef<LinspaceAttrs> stop) {
  OpSpec<LinspaceAttrs> spec;
  spec.names = {name};
  spec.attrs = {std::move(start), std::move(stop), RequiredAttr("num", &LinspaceAttrs::num),
                Attr("endpoint", &LinspaceAttrs::endpoint), NoneKeepsDefault(Attr("dtype", &LinspaceAttrs::dtype))};
  spec.ignored_attrs = {"ctx"};
  spec.infer_types = InferTypes;
  return spec;
}

const OpRegistration<LinspaceAttrs> kLinspace([] {
  auto spec = LinspaceSpec("_linspace", RequiredAttr("start", &LinspaceAttrs::start),
                           RequiredAttr("stop", &LinspaceAttrs::stop));
  spec.compute = ComputeLinspace;
  return spec;
}());

const OpRegistration<LinspaceAttrs> kNumPyLinspace([] {
  auto spec = LinspaceSpec("_npi_linspace", Attr("start", &LinspaceAttrs::start), Attr("stop", &LinspaceAttrs::stop));
  for (AttrDef<LinspaceAttrs> attr :
       {Attr("value_type", &LinspaceAttrs::value_type), Attr("start_double", &LinspaceAttrs::start_double),
        Attr("stop_double", &LinspaceAttrs::stop_double), Attr("start_int", &LinspaceAttrs::start_int),
        Attr("stop_int", &LinspaceAttrs::stop_int), Attr("start_uint", &LinspaceAttrs::start_uint),
        Attr("stop_uint", &LinspaceAttrs::stop_uint)}) {
    spec.attrs.push_back(std::move(attr));
  }
  spec.compute = ComputeNumPyLinspace;
  return spec;
}());

const OpRegistration<LinspaceAttrs> kLogspace([] {
  auto spec = LinspaceSpec("_npi_logspace", RequiredAttr("start", &LinspaceAttrs::start),
                           RequiredAttr("stop", &LinspaceAttrs::stop));
  spec.attrs.push_back(Attr("base", &LinspaceAttrs::base));
  spec.compute = ComputeLogspace;
  return spec;
}());

}  // namespace
}  // namespace baryon
