// Pictures read at points that another array gives, as shares of the picture from -1 to 1. BilinearSampler takes the
// points, [N, 2 (x, y), H, W]; SpatialTransformer makes them by an affine map of a regular grid; GridGenerator makes
// them and stops there, or makes them from an optical flow.
// Source: Jaderberg, Simonyan, Zisserman, Kavukcuoglu, Spatial Transformer Networks, 2015.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/bilinear_point.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/shape_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::FeatureMap;

constexpr int64_t kMostTarget = int64_t{1} << 24;
constexpr int64_t kElementsPerTask = 1 << 12;

absl::Status CheckTarget(const IntTuple& target) {
  const bool fits = target.size() == 2 && std::all_of(target.begin(), target.end(),
                                                      [](int64_t size) { return size >= 1 && size <= kMostTarget; });
  return fits ? absl::OkStatus() : ExpectedGot("a \"target_shape\" of two from 1 to 2^24", FormatAttr(target));
}

// A row of six numbers for each of `batch` images.
absl::Status CheckAffine(absl::string_view name, const TensorType& type, const TensorType& expected) {
  if (type.dtype == expected.dtype && MergeShapes(type.shape, expected.shape).has_value()) return absl::OkStatus();
  return InputMismatch(name, expected, type);
}

// The point of an affine map for a place of the target, in shares; places of an axis run from -1 to 1.
template <typename V>
struct AffineGrid {
  int64_t height, width;

  // -1 + 2 i / (size - 1), formed as MXNet does.
  static V Place(int64_t i, int64_t size) {
    return static_cast<V>(-1) + static_cast<V>(i) * static_cast<V>(2.0 / (static_cast<double>(size) - 1));
  }
  template <typename T>
  V At(const T* row, int64_t y, int64_t x) const {
    return static_cast<V>(row[0]) * Place(x, width) + static_cast<V>(row[1]) * Place(y, height) +
           static_cast<V>(row[2]);
  }
};

// Output pixel (y, x) of every channel at the point (at_y, at_x), in shares.
template <typename T, typename V>
void SamplePixel(const FeatureMap<const T>& map, V at_y, V at_x, const FeatureMap<T>& out, int64_t y, int64_t x) {
  const auto point = kernels::PointWithZeroBorder(map, (at_y + 1) * static_cast<V>(map.height - 1) / 2,
                                                  (at_x + 1) * static_cast<V>(map.width - 1) / 2);
  T* to = out.at(y, x);
  for (int64_t c = 0; c < map.channels; ++c) {
    to[c * out.channel_stride] = static_cast<T>(kernels::ValueAt(map.data + c * map.channel_stride, point));
  }
}

// Runs fn(image map, output map, image, row) for every row of the output's images.
template <typename T, typename Fn>
void ForRows(OpContext& context, Fn fn) {
  const Shape &in = context.input(0).shape(), &out = context.output(0).shape();
  const int64_t grain = kElementsPerTask / (out[1] * out[3] + 1) + 1;
  context.ParallelRanges(out[0] * out[2], grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i / out[2];
      const T* from = context.input(0).data<const T>() + image * in.Product(1, 4);
      T* to = context.output(0).data<T>() + image * out.Product(1, 4);
      fn(FeatureMap<const T>::Dense(from, in[1], in[2], in[3], false),
         FeatureMap<T>::Dense(to, out[1], out[2], out[3], false), image, i % out[2]);
    }
  });
}

absl::Status CheckData(const TensorType& data) {
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 4));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  return data.shape[2] == 0 || data.shape[3] == 0 ? ExpectedGot("pictures", data.ToString()) : absl::OkStatus();
}

// ---------------------------------------------------------------------------------------------------------------------
// BilinearSampler

absl::StatusOr<TensorTypes> InferSampler(const NoAttrs&, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &grid = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckData(data));
  const TensorType expected = {data.dtype, {data.shape[0], 2, Shape::kUnknownDim, Shape::kUnknownDim}};
  if (grid.dtype != data.dtype || !MergeShapes(grid.shape, expected.shape).has_value()) {
    return InputMismatch("grid", expected, grid);
  }
  return TensorTypes{{data.dtype, {data.shape[0], data.shape[1], grid.shape[2], grid.shape[3]}}};
}

void ComputeSampler(const NoAttrs&, OpContext& context) {
  DispatchFloating(context.input(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using V = ComputeType<T>;
    ForRows<T>(context, [&](const auto& map, const auto& out, int64_t image, int64_t y) {
      const int64_t pixels = out.height * out.width;
      const T* x_row = context.input(1).data<const T>() + image * 2 * pixels + y * out.width;
      for (int64_t x = 0; x < out.width; ++x) {
        SamplePixel<T, V>(map, x_row[pixels + x], x_row[x], out, y, x);
      }
    });
  });
}

const OpRegistration<NoAttrs> kBilinearSampler({
    .names = {"BilinearSampler"},
    .inputs = {"data", "grid"},
    .outputs = {"output"},
    .ignored_attrs = {"cudnn_off"},
    .infer_types = InferSampler,
    .compute = ComputeSampler,
    .accepts_unknown_dims = true,
});

// ---------------------------------------------------------------------------------------------------------------------
// SpatialTransformer

enum class TransformType { kAffine, kWarp };
enum class SamplerType { kBilinear };

struct TransformerAttrs {
  IntTuple target_shape = {0, 0};
  TransformType transform_type = TransformType::kAffine;
  SamplerType sampler_type = SamplerType::kBilinear;
};

absl::StatusOr<TensorTypes> InferTransformer(const TransformerAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckData(data));
  BARYON_RETURN_IF_ERROR(CheckAffine("loc", inputs[1], {data.dtype, {data.shape[0], 6}}));
  const int64_t height = attrs.target_shape[0], width = attrs.target_shape[1];
  return TensorTypes{{data.dtype, {data.shape[0], data.shape[1], height, width}},
                     {data.dtype, {3, height * width}},
                     {data.dtype, {data.shape[0], 2, height * width}}};
}

void ComputeTransformer(const TransformerAttrs& attrs, OpContext& context) {
  DispatchFloating(context.input(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using V = ComputeType<T>;
    const AffineGrid<V> grid = {attrs.target_shape[0], attrs.target_shape[1]};
    ForRows<T>(context, [&](const auto& map, const auto& out, int64_t image, int64_t y) {
      const T* affine = context.input(1).data<const T>() + image * 6;
      for (int64_t x = 0; x < out.width; ++x) {
        SamplePixel<T, V>(map, grid.At(affine + 3, y, x), grid.At(affine, y, x), out, y, x);
      }
    });
  });
}

const OpRegistration<TransformerAttrs> kSpatialTransformer({
    .names = {"SpatialTransformer"},
    .inputs = {"data", "loc"},
    .outputs = {"output", "grid_dst", "grid_src"},
    .attrs =
        {Attr("target_shape", &TransformerAttrs::target_shape),
         Required(EnumAttr("transform_type", &TransformerAttrs::transform_type, {{"affine", TransformType::kAffine}})),
         Required(EnumAttr("sampler_type", &TransformerAttrs::sampler_type, {{"bilinear", SamplerType::kBilinear}}))},
    .ignored_attrs = {"cudnn_off"},
    .check = [](const TransformerAttrs& attrs) { return CheckTarget(attrs.target_shape); },
    .num_visible_outputs = [](const TransformerAttrs&) { return 1; },
    .infer_types = InferTransformer,
    .compute = ComputeTransformer,
    .accepts_unknown_dims = true,
});

// ---------------------------------------------------------------------------------------------------------------------
// GridGenerator

struct GridAttrs {
  TransformType transform_type = TransformType::kAffine;
  IntTuple target_shape = {0, 0};  // of affine grids
};

absl::StatusOr<TensorTypes> InferGrid(const GridAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  if (attrs.transform_type == TransformType::kAffine) {
    BARYON_RETURN_IF_ERROR(CheckAffine("data", data, {data.dtype, {data.shape.rank() > 0 ? data.shape[0] : -1, 6}}));
    const int64_t height = attrs.target_shape[0], width = attrs.target_shape[1];
    return TensorTypes{{data.dtype, {data.shape[0], 2, height, width}}, {data.dtype, {3, height * width}}};
  }
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 4));
  if (data.shape[1] != 2 && data.shape[1] >= 0) return ExpectedGot("a flow [N, 2, H, W]", data.ToString());
  return TensorTypes{data, {data.dtype, {2, data.shape[2], data.shape[3]}}};
}

// A flow in pixels added to where it begins, in shares of the picture.
template <typename V>
V Warped(V flow, int64_t place, int64_t size) {
  return (flow + static_cast<V>(place)) / static_cast<V>((static_cast<V>(size) - 1) / 2) - 1;
}

void ComputeGrid(const GridAttrs& attrs, OpContext& context) {
  const Shape& shape = context.output(0).shape();
  const int64_t height = shape[2], width = shape[3];
  DispatchFloating(context.input(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using V = ComputeType<T>;
    const T* data = context.input(0).data<const T>();
    const AffineGrid<V> grid = {height, width};
    const int64_t grain = kElementsPerTask / (width + 1) + 1;
    context.ParallelRanges(shape[0] * 2 * height, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t plane = row / height, y = row % height;  // planes of x and y in turns
        T* to = context.output(0).data<T>() + row * width;
        for (int64_t x = 0; x < width; ++x) {
          if (attrs.transform_type == TransformType::kAffine) {
            to[x] = static_cast<T>(grid.At(data + plane * 3, y, x));
          } else {
            const V flow = static_cast<V>(data[row * width + x]);
            to[x] = static_cast<T>(plane % 2 == 0 ? Warped(flow, x, width) : Warped(flow, y, height));
          }
        }
      }
    });
  });
}

const OpRegistration<GridAttrs> kGridGenerator({
    .names = {"GridGenerator"},
    .inputs = {"data"},
    .outputs = {"output", "grid_dst"},
    .attrs = {Required(EnumAttr("transform_type", &GridAttrs::transform_type,
                                {{"affine", TransformType::kAffine}, {"warp", TransformType::kWarp}})),
              Attr("target_shape", &GridAttrs::target_shape)},
    .check =
        [](const GridAttrs& attrs) {
          return attrs.transform_type == TransformType::kWarp ? absl::OkStatus() : CheckTarget(attrs.target_shape);
        },
    .num_visible_outputs = [](const GridAttrs&) { return 1; },
    .infer_types = InferGrid,
    .compute = ComputeGrid,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
