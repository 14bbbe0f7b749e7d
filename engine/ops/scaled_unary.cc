// Functions of one array with numbers as attributes.
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "engine/ops/type_rules.h"
#include "engine/ops/unary_kernel.h"

namespace baryon {
namespace {

// A spec whose element function depends on the attributes and on the dtype.
template <typename A>
OpSpec<A> Elementwise(const char* name, std::vector<AttrDef<A>> attrs,
                      std::function<double(double)> (*function)(const A&, const TensorType&)) {
  return {
      .names = {name},
      .inputs = {"data"},
      .attrs = std::move(attrs),
      .infer_types = SameTypeAsInput<A>,
      .complete_types = AllTypesEqual<A>,
      .prepare = [function](
                     const A& a,
                     PrepareContext& context) { return MakeUnaryKernel(context, {function(a, context.inputs()[0])}); },
      .in_place = {0},
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

struct SmoothL1Attrs {
  double scalar = 1;
};

// |x| < 1 / s^2 ? (s x)^2 / 2 : |x| - 1 / (2 s^2)
const OpRegistration<SmoothL1Attrs> kSmoothL1(
    Elementwise<SmoothL1Attrs>("smooth_l1", {Attr("scalar", &SmoothL1Attrs::scalar)},
                               [](const SmoothL1Attrs& attrs, const TensorType&) -> std::function<double(double)> {
                                 return [square = attrs.scalar * attrs.scalar](double x) {
                                   return std::abs(x) < 1 / square ? 0.5 * square * x * x : std::abs(x) - 0.5 / square;
                                 };
                               }));

struct AroundAttrs {
  int64_t decimals = 0;
};

const OpRegistration<AroundAttrs> kAround(
    Elementwise<AroundAttrs>("_npi_around", {Attr("decimals", &AroundAttrs::decimals)},
                             [](const AroundAttrs& attrs, const TensorType&) -> std::function<double(double)> {
                               return [power = std::pow(10.0, static_cast<double>(attrs.decimals))](double x) {
                                 return std::nearbyint(x * power) / power;  // halves to even
                               };
                             }));

struct NanToNumAttrs {
  double nan = 0;
  std::optional<double> posinf, neginf;
  bool copy = true;
};

const OpRegistration<NanToNumAttrs> kNanToNum(Elementwise<NanToNumAttrs>(
    "_npi_nan_to_num",
    {Attr("copy", &NanToNumAttrs::copy), Attr("nan", &NanToNumAttrs::nan), Attr("posinf", &NanToNumAttrs::posinf),
     Attr("neginf", &NanToNumAttrs::neginf)},
    [](const NanToNumAttrs& attrs, const TensorType& data) -> std::function<double(double)> {
      double most = std::numeric_limits<double>::max();
      if (data.dtype == DType::kFloat32) most = std::numeric_limits<float>::max();
      if (data.dtype == DType::kFloat16) most = 65504;
      return [nan = attrs.nan, high = attrs.posinf.value_or(most), low = attrs.neginf.value_or(-most)](double x) {
        if (std::isnan(x)) return nan;
        return std::isinf(x) ? (x > 0 ? high : low) : x;
      };
    }));

struct QuadraticAttrs {
  double a = 0, b = 0, c = 0;
};

const OpRegistration<QuadraticAttrs> kQuadratic(Elementwise<QuadraticAttrs>(
    "_contrib_quadratic", {Attr("a", &QuadraticAttrs::a), Attr("b", &QuadraticAttrs::b), Attr("c", &QuadraticAttrs::c)},
    [](const QuadraticAttrs& attrs, const TensorType&) -> std::function<double(double)> {
      return [attrs](double x) { return (attrs.a * x + attrs.b) * x + attrs.c; };
    }));

// x / sqrt(size of the last axis), for attention.
OpSpec<NoAttrs> DivSqrtDim() {
  OpSpec<NoAttrs> spec = Elementwise<NoAttrs>(
      "_contrib_div_sqrt_dim", {}, [](const NoAttrs&, const TensorType& data) -> std::function<double(double)> {
        const int64_t last = data.shape.rank() == 0 ? 1 : data.shape[data.shape.rank() - 1];
        return [root = std::sqrt(static_cast<double>(last))](double x) { return x / root; };
      });
  spec.elementwise = false;  // the last axis matters
  return spec;
}
const OpRegistration<NoAttrs> kDivSqrtDim(DivSqrtDim());

// Rounding whose gradient passes straight through.
const OpRegistration<NoAttrs> kRoundSte(Elementwise<NoAttrs>("_contrib_round_ste", {},
                                                             [](const NoAttrs&,
                                                                const TensorType&) -> std::function<double(double)> {
                                                               return [](double x) { return std::round(x); };
                                                             }));
const OpRegistration<NoAttrs> kSignSte(Elementwise<NoAttrs>(
    "_contrib_sign_ste", {}, [](const NoAttrs&, const TensorType&) -> std::function<double(double)> {
      return [](double x) -> double { return x > 0 ? 1 : x < 0 ? -1 : 0; };
    }));

}  // namespace
}  // namespace baryon
