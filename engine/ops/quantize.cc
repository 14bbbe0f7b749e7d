// Between floats and numbers of 8 bits with the interval that they span, [low], [high]. As MXNet does it by default:
// numbers lie around 0 whatever the interval, halves are rounded to even numbers, and what is beyond the type is cut.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kElementsPerTask = 1 << 14;
constexpr float kInt32Levels = 2147483648.0f;

enum class QuantizedType { kAuto, kInt8, kUInt8 };

template <typename A>
AttrDef<A> OutTypeAttr(QuantizedType A::*field, bool has_auto) {
  std::vector<std::pair<std::string, QuantizedType>> names = {{"int8", QuantizedType::kInt8},
                                                              {"uint8", QuantizedType::kUInt8}};
  if (has_auto) names.insert(names.begin(), {"auto", QuantizedType::kAuto});
  return EnumAttr("out_type", field, std::move(names));
}

// Attributes of operators that may know the interval from a calibration.
struct CalibratedAttrs {
  QuantizedType out_type = QuantizedType::kInt8;
  std::optional<double> min_calib_range, max_calib_range;

  bool is_calibrated() const { return min_calib_range.has_value() && max_calib_range.has_value(); }
  DType dtype() const {
    const bool positive = is_calibrated() && *min_calib_range >= 0;
    const bool is_auto = out_type == QuantizedType::kAuto;
    return (is_auto ? positive : out_type == QuantizedType::kUInt8) ? DType::kUInt8 : DType::kInt8;
  }
};

struct Interval {
  float low, high;
  float largest() const { return std::max(std::abs(low), std::abs(high)); }
};

// out[i] = the number nearest to in[i] * scale. NaN is the lowest.
template <typename From, typename To>
void Scale(OpContext& context, float scale) {
  const From* in = context.input(0).data<const From>();
  To* out = context.output(0).data<To>();
  context.ParallelRanges(context.output(0).num_elements(), kElementsPerTask, [&](int64_t begin, int64_t end) {
    constexpr float kLow = std::numeric_limits<To>::min(), kHigh = std::numeric_limits<To>::max();
    for (int64_t i = begin; i < end; ++i) {
      const float value = std::nearbyint(static_cast<float>(in[i]) * scale);
      out[i] = static_cast<To>(value > kLow ? std::min(value, kHigh) : kLow);
    }
  });
}
template <typename From>
void ScaleTo(OpContext& context, float scale) {
  context.output(0).dtype() == DType::kUInt8 ? Scale<From, uint8_t>(context, scale)
                                             : Scale<From, int8_t>(context, scale);
}

float ScaleOf(float levels, float largest) { return largest > 0 ? levels / largest : 0; }

void WriteInterval(OpContext& context, const Interval& interval) {
  if (context.output(1).has_data()) *context.output(1).data<float>() = interval.low;
  if (context.output(2).has_data()) *context.output(2).data<float>() = interval.high;
}
Interval ReadInterval(OpContext& context) {
  return {*context.input(1).data<const float>(), *context.input(2).data<const float>()};
}

// Numbers and the interval. int8 ones span it to both sides alike.
Interval Spanned(const Interval& interval, DType dtype) {
  return dtype == DType::kUInt8 ? interval : Interval{-interval.largest(), interval.largest()};
}

// The interval of the elements.
template <typename T>
Interval IntervalOf(const TensorView& data) {
  const T* x = data.data<const T>();
  T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::lowest();
  for (int64_t i = 0; i < data.num_elements(); ++i) {
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  return data.num_elements() == 0 ? Interval{0, 0} : Interval{static_cast<float>(low), static_cast<float>(high)};
}

const TensorType& NumberType() {
  static const TensorType* const type = new TensorType{DType::kFloat32, {1}};
  return *type;
}

absl::Status CheckInterval(const TensorTypes& inputs) {
  for (size_t i : {1, 2}) {
    if (inputs[i] != NumberType()) return InputMismatch(i == 1 ? "min_range" : "max_range", NumberType(), inputs[i]);
  }
  return absl::OkStatus();
}

TensorTypes WithInterval(DType dtype, const Shape& shape) { return {{dtype, shape}, NumberType(), NumberType()}; }

// ---------------------------------------------------------------------------------------------------------------------
// _contrib_quantize: the interval is given by two inputs

struct QuantizeAttrs {
  QuantizedType out_type = QuantizedType::kUInt8;
  DType dtype() const { return out_type == QuantizedType::kUInt8 ? DType::kUInt8 : DType::kInt8; }
};

absl::StatusOr<TensorTypes> InferQuantize(const QuantizeAttrs& attrs, const TensorTypes& inputs) {
  if (inputs[0].dtype != DType::kFloat32) return ExpectedGot("\"data\" of float32", inputs[0].ToString());
  BARYON_RETURN_IF_ERROR(CheckInterval(inputs));
  return WithInterval(attrs.dtype(), inputs[0].shape);
}

void ComputeQuantize(const QuantizeAttrs& attrs, OpContext& context) {
  const Interval interval = ReadInterval(context);
  ScaleTo<float>(context, ScaleOf(attrs.dtype() == DType::kUInt8 ? 255.0f : 127.0f, interval.largest()));
  WriteInterval(context, Spanned(interval, attrs.dtype()));
}

const OpRegistration<QuantizeAttrs> kQuantize({
    .names = {"_contrib_quantize"},
    .inputs = {"data", "min_range", "max_range"},
    .outputs = {"output0", "output1", "output2"},
    .attrs = {OutTypeAttr(&QuantizeAttrs::out_type, /*has_auto=*/false)},
    .infer_types = InferQuantize,
    .compute = ComputeQuantize,
});

// ---------------------------------------------------------------------------------------------------------------------
// _contrib_quantize_v2: the interval comes from a calibration or from the elements

constexpr float kInt8Levels = 127.5f, kUInt8Levels = 255.5f;

absl::StatusOr<TensorTypes> InferQuantizeV2(const CalibratedAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  if (data.dtype == DType::kFloat32) return WithInterval(attrs.dtype(), data.shape);
  if (data.dtype == attrs.dtype()) return WithInterval(data.dtype, data.shape);  // quantised already
  return ExpectedGot(absl::StrCat("\"data\" of float32 or ", TensorType{attrs.dtype(), data.shape}.ToString()),
                     data.ToString());
}

void ComputeQuantizeV2(const CalibratedAttrs& attrs, OpContext& context) {
  const TensorView& data = context.input(0);
  const float levels = attrs.dtype() == DType::kUInt8 ? kUInt8Levels : kInt8Levels;
  const bool is_float = data.dtype() == DType::kFloat32;
  Interval interval;
  if (attrs.is_calibrated()) {
    interval = {static_cast<float>(*attrs.min_calib_range), static_cast<float>(*attrs.max_calib_range)};
  } else {
    const float low = attrs.dtype() == DType::kUInt8 ? 0 : -levels;
    interval = is_float ? IntervalOf<float>(data) : Interval{low, levels};
  }
  if (is_float) {
    ScaleTo<float>(context, ScaleOf(levels, interval.largest()));
    interval = Spanned(interval, attrs.dtype());
  } else {
    std::copy_n(static_cast<const char*>(data.raw_data()), data.size_bytes(),
                static_cast<char*>(context.output(0).raw_data()));
  }
  WriteInterval(context, interval);
}

const OpRegistration<CalibratedAttrs> kQuantizeV2({
    .names = {"_contrib_quantize_v2"},
    .inputs = {"data"},
    .outputs = {"output0", "output1", "output2"},
    .attrs = {OutTypeAttr(&CalibratedAttrs::out_type, /*has_auto=*/true),
              Attr("min_calib_range", &CalibratedAttrs::min_calib_range),
              Attr("max_calib_range", &CalibratedAttrs::max_calib_range)},
    .infer_types = InferQuantizeV2,
    .compute = ComputeQuantizeV2,
});

// ---------------------------------------------------------------------------------------------------------------------
// _contrib_dequantize

struct DequantizeAttrs {
  DType out_type = DType::kFloat32;
};

absl::StatusOr<TensorTypes> InferDequantize(const DequantizeAttrs&, const TensorTypes& inputs) {
  const DType dtype = inputs[0].dtype;
  if (dtype != DType::kInt8 && dtype != DType::kUInt8) return ExpectedGot("int8 or uint8", inputs[0].ToString());
  BARYON_RETURN_IF_ERROR(CheckInterval(inputs));
  return TensorTypes{{DType::kFloat32, inputs[0].shape}};
}

void ComputeDequantize(const DequantizeAttrs&, OpContext& context) {
  const bool is_unsigned = context.input(0).dtype() == DType::kUInt8;
  const float scale = ReadInterval(context).largest() / (is_unsigned ? kUInt8Levels : kInt8Levels);
  float* out = context.output(0).data<float>();
  const auto compute = [&](auto tag) {
    const auto* in = context.input(0).data<const typename decltype(tag)::type>();
    context.ParallelRanges(context.output(0).num_elements(), kElementsPerTask, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = static_cast<float>(in[i]) * scale;
    });
  };
  is_unsigned ? compute(TypeTag<uint8_t>()) : compute(TypeTag<int8_t>());
}

const OpRegistration<DequantizeAttrs> kDequantize({
    .names = {"_contrib_dequantize"},
    .inputs = {"data", "min_range", "max_range"},
    .attrs = {Attr("out_type", &DequantizeAttrs::out_type)},
    .check =
        [](const DequantizeAttrs& attrs) {
          return attrs.out_type == DType::kFloat32 ? absl::OkStatus()
                                                   : ExpectedGot("out_type float32", FormatAttr(attrs.out_type));
        },
    .infer_types = InferDequantize,
    .compute = ComputeDequantize,
});

// ---------------------------------------------------------------------------------------------------------------------
// _contrib_requantize: from sums of products, 32 bits wide, whose largest number there is stands for `max_range`

absl::StatusOr<TensorTypes> InferRequantize(const CalibratedAttrs& attrs, const TensorTypes& inputs) {
  if (inputs[0].dtype != DType::kInt32) return ExpectedGot("\"data\" of int32", inputs[0].ToString());
  BARYON_RETURN_IF_ERROR(CheckInterval(inputs));
  return WithInterval(attrs.dtype(), inputs[0].shape);
}

void ComputeRequantize(const CalibratedAttrs& attrs, OpContext& context) {
  const float value_of_one = ReadInterval(context).largest() / kInt32Levels;
  Interval interval;
  if (attrs.is_calibrated()) {
    interval = {static_cast<float>(*attrs.min_calib_range), static_cast<float>(*attrs.max_calib_range)};
  } else {
    const Interval numbers = IntervalOf<int32_t>(context.input(0));
    interval = {numbers.low * value_of_one, numbers.high * value_of_one};
  }
  const float largest = interval.largest();
  const bool is_unsigned = attrs.dtype() == DType::kUInt8;
  ScaleTo<int32_t>(context, value_of_one * ScaleOf(is_unsigned ? 255.0f : 127.0f, largest));
  WriteInterval(context, {is_unsigned ? 0 : -largest, largest});
}

const OpRegistration<CalibratedAttrs> kRequantize({
    .names = {"_contrib_requantize"},
    .inputs = {"data", "min_range", "max_range"},
    .outputs = {"output0", "output1", "output2"},
    .attrs = {OutTypeAttr(&CalibratedAttrs::out_type, /*has_auto=*/true),
              Attr("min_calib_range", &CalibratedAttrs::min_calib_range),
              Attr("max_calib_range", &CalibratedAttrs::max_calib_range)},
    .infer_types = InferRequantize,
    .compute = ComputeRequantize,
});

}  // namespace
}  // namespace baryon
