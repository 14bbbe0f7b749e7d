// 2-D convolutions whose windows are deformed: every position of a window is moved by what another array says, and with
// a mask (v2) weighted, too. Tiles of windows are gathered as rows of a matrix and multiplied with the packed weight,
// each tile by one thread. Channels-first images are transposed first.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/deformable_patch.h"
#include "engine/kernels/interleave.h"
#include "engine/kernels/packed_gemm.h"
#include "engine/ops/conv_rules.h"
#include "engine/ops/packed_weight.h"
#include "engine/ops/scratch_layout.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::AlignedBuffer;
using kernels::ConvGeometry;
using kernels::DeformableMoves;
using kernels::FeatureMap;
using kernels::GemmPlan;

struct DeformableAttrs : ConvolutionAttrs {
  int64_t num_deformable_group = 1;
  int64_t im2col_step = 64;  // images that MXNet gathers at once
};

// Attributes of ordinary convolutions as files hold them, and the group's number.
std::vector<AttrDef<DeformableAttrs>> AttrDefs(bool has_mask) {
  std::vector<AttrDef<DeformableAttrs>> defs;
  for (AttrDef<ConvolutionAttrs>& def : ConvAttrDefs<ConvolutionAttrs>()) {
    if (!def.internal) defs.push_back({def.name, def.parse, def.format, def.required, false});
  }
  defs.push_back(Attr("num_deformable_group", &DeformableAttrs::num_deformable_group));
  if (has_mask) defs.push_back(Attr("im2col_step", &DeformableAttrs::im2col_step));
  return defs;
}

absl::Status Check(const DeformableAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(CheckConvAttrs<ConvolutionAttrs>(attrs));
  if (attrs.spatial_rank() != 2) return ExpectedGot("a \"kernel\" of 2 elements", FormatAttr(attrs.kernel));
  if (attrs.num_deformable_group >= 1) return absl::OkStatus();
  return ExpectedGot("\"num_deformable_group\" of 1 or more", attrs.num_deformable_group);
}

// Where the inputs are: data, offset, mask or none, weight, bias or none.
struct Inputs {
  explicit Inputs(bool has_mask) : mask(2), weight(has_mask ? 3 : 2), bias(weight + 1) {}
  int mask, weight, bias;
};

// The inputs of the ordinary convolution.
TensorTypes PlainInputs(const DeformableAttrs& attrs, const Inputs& at, const TensorTypes& inputs) {
  TensorTypes plain = {inputs[0], inputs[at.weight]};
  if (!attrs.no_bias) plain.push_back(inputs[at.bias]);
  return plain;
}

template <bool kHasMask>
absl::StatusOr<TensorTypes> InferTypes(const DeformableAttrs& attrs, const TensorTypes& inputs) {
  const Inputs at(kHasMask);
  BARYON_ASSIGN_OR_RETURN(TensorTypes outputs, InferConvTypes<ConvolutionAttrs>(attrs, PlainInputs(attrs, at, inputs)));
  const int64_t channel_axis = attrs.channels_last() ? 3 : 1, channels = inputs[0].shape[channel_axis];
  if (channels > 0 && channels % attrs.num_deformable_group != 0) {
    return ExpectedGot(absl::StrCat("channels in multiples of ", attrs.num_deformable_group), inputs[0].ToString());
  }
  const int64_t moves = attrs.kernel[0] * attrs.kernel[1] * attrs.num_deformable_group;
  TensorType expected = outputs[0];
  expected.shape[channel_axis] = 2 * moves;
  const auto check = [&](const char* name, const TensorType& got) {
    const bool fits = got.dtype == expected.dtype && MergeShapes(got.shape, expected.shape).has_value();
    return fits ? absl::OkStatus() : InputMismatch(name, expected, got);
  };
  BARYON_RETURN_IF_ERROR(check("offset", inputs[1]));
  expected.shape[channel_axis] = moves;
  if (kHasMask) BARYON_RETURN_IF_ERROR(check("mask", inputs[at.mask]));
  return outputs;
}

template <bool kHasMask>
absl::Status CompleteTypes(const DeformableAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  const Inputs at(kHasMask);
  TensorTypes plain = PlainInputs(attrs, at, inputs);
  BARYON_RETURN_IF_ERROR(CompleteConvTypes<ConvolutionAttrs>(attrs, plain, outputs));
  inputs[0] = plain[0];
  inputs[at.weight] = plain[1];
  if (!attrs.no_bias) inputs[at.bias] = plain[2];
  return absl::OkStatus();
}

// What both kernels know.
struct Sizes {
  ConvGeometry geometry;
  bool channels_last, has_mask, has_bias;
  int64_t move_groups;
  Inputs at{false};

  int64_t patch_size() const { return geometry.num_positions() * geometry.channels; }
};

template <typename T>
DeformableMoves<T> MovesOf(const Sizes& sizes, OpContext& context, int64_t image) {
  const ConvGeometry& g = sizes.geometry;
  const int64_t moves = g.num_positions() * sizes.move_groups, pixels = g.out_pixels();
  const auto map = [&](const T* data, int64_t channels) {
    return FeatureMap<const T>::Dense(data == nullptr ? nullptr : data + image * channels * pixels, channels, g.out[1],
                                      g.out[2], sizes.channels_last);
  };
  const T* masks = sizes.has_mask ? context.input(sizes.at.mask).data<const T>() : nullptr;
  return {map(context.input(1).data<const T>(), 2 * moves), map(masks, moves), sizes.move_groups};
}

// Float32.
class FloatKernel : public Kernel {
 public:
  FloatKernel(const Sizes& sizes, int num_threads) : sizes_(sizes) {
    const ConvGeometry& g = sizes_.geometry;
    const int64_t pixels = g.batch * g.out_pixels();
    // A tile of windows stays in the second level of the cache; every thread has some.
    const int64_t rows = std::clamp<int64_t>(kTileBytes / (sizes_.patch_size() * kFloat + 1), 6, 96) / 6 * 6;
    tile_ = std::clamp<int64_t>((pixels + num_threads - 1) / num_threads, 1, rows);
    tile_plan_ = MakePlan(tile_);
    last_plan_ = MakePlan(g.out_pixels() % tile_ == 0 ? tile_ : g.out_pixels() % tile_);
    const kernels::WeightStrides strides = kernels::StridesOfWeight(g, sizes_.channels_last);
    for (int64_t position = 0; position < g.num_positions(); ++position) {
      for (int64_t c = 0; c < g.group_channels(); ++c) {
        row_offsets_.push_back(c * strides.channel + position * strides.position);
      }
    }
  }

  // Packs a constant weight; for others there is room in the scratch memory.
  absl::Status Init(PrepareContext& context) {
    const std::string form =
        absl::StrCat("deformable ", sizes_.channels_last ? "last " : "first ", kernels::ActiveGemmTarget().name);
    const auto pack = [this](const float* weight, float* packed) { Pack(weight, packed); };
    BARYON_ASSIGN_OR_RETURN(packed_, PackedWeight(context, sizes_.at.weight, form, tile_plan_.packed_size(), pack));
    const ConvGeometry& g = sizes_.geometry;
    if (packed_ == nullptr) packed_now_ = shared_.Add<float>(tile_plan_.packed_size());
    if (!sizes_.channels_last) image_ = shared_.Add<float>(g.in_pixels() * g.channels);
    own_ = ScratchLayout(shared_.bytes());
    patches_ = own_.Add<float>(tile_ * sizes_.patch_size());
    if (!sizes_.channels_last) result_ = own_.Add<float>(tile_ * g.filters);
    gemm_ = own_.Add<char>(std::max(tile_plan_.workspace_bytes(), last_plan_.workspace_bytes()));
    return absl::OkStatus();
  }

  void Compute(OpContext& context) const override {
    const ConvGeometry& g = sizes_.geometry;
    char* shared = context.workspace(0);
    if (packed_ == nullptr) Pack(context.input(sizes_.at.weight).data<const float>(), packed_now_.At(shared));
    const float* packed = packed_ != nullptr ? packed_->data() : packed_now_.At(shared);
    const int64_t tiles = (g.out_pixels() + tile_ - 1) / tile_;
    for (int64_t n = 0; n < g.batch; ++n) {
      const float* data = context.input(0).data<const float>() + n * g.in_pixels() * g.channels;
      if (!sizes_.channels_last) data = Transposed(data, shared, context);
      const auto image = FeatureMap<const float>::Dense(data, g.channels, g.in[1], g.in[2], true);
      const DeformableMoves<float> moves = MovesOf<float>(sizes_, context, n);
      context.ParallelFor(static_cast<int>(tiles), [&](int tile, int worker) {
        ComputeTile(context, image, moves, n, tile * tile_, packed, context.workspace(worker));
      });
    }
  }

  int64_t workspace_bytes() const override { return own_.bytes(); }
  std::string algorithm() const override {
    return absl::StrCat("gemm of ", tile_, " windows, ", tile_plan_.ToString());
  }
  int64_t num_multiplications() const override { return sizes_.geometry.num_multiplications(); }
  bool packs_input(int i) const override { return i == sizes_.at.weight && packed_ != nullptr; }

 private:
  static constexpr int64_t kTileBytes = 256 << 10, kFloat = sizeof(float);

  GemmPlan MakePlan(int64_t rows) const {
    const ConvGeometry& g = sizes_.geometry;
    const int64_t k = g.num_positions() * g.group_channels();
    kernels::GemmShape shape = kernels::GemmShape::Matrix(rows, k, g.group_filters());
    shape.groups = g.groups;
    shape.group_stride = k;
    return GemmPlan(std::move(shape), kernels::ActiveGemmTarget(), 1);
  }

  void Pack(const float* weight, float* packed) const {
    const kernels::PackedLayout& layout = tile_plan_.layout();
    const kernels::WeightStrides strides = kernels::StridesOfWeight(sizes_.geometry, sizes_.channels_last);
    for (int64_t group = 0; group < sizes_.geometry.groups; ++group) {
      kernels::PackPanels(layout, weight + group * strides.group, row_offsets_, strides.filter, 0, layout.num_panels(),
                          packed + group * layout.num_elements());
    }
  }

  const float* Transposed(const float* data, char* shared, OpContext& context) const {
    constexpr int64_t kPixelsPerTask = 256;
    const int64_t channels = sizes_.geometry.channels, pixels = sizes_.geometry.in_pixels();
    float* image = image_.At(shared);
    context.ParallelRanges(pixels, kPixelsPerTask, [&](int64_t begin, int64_t end) {
      kernels::TransposeMatrix(data + begin, channels, end - begin, pixels, image + begin * channels, channels);
    });
    return image;
  }

  void ComputeTile(OpContext& context, const FeatureMap<const float>& image, const DeformableMoves<float>& moves,
                   int64_t n, int64_t first, const float* packed, char* scratch) const {
    const ConvGeometry& g = sizes_.geometry;
    const int64_t pixels = g.out_pixels(), rows = std::min(tile_, pixels - first);
    float* patches = patches_.At(scratch);
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t pixel = first + i;
      kernels::DeformablePatch<float, float>(g, moves, image, pixel / g.out[2], pixel % g.out[2],
                                             patches + i * sizes_.patch_size());
    }
    float* out = context.output(0).data<float>() + n * pixels * g.filters;
    kernels::Epilogue epilogue;
    if (sizes_.has_bias) epilogue.bias = context.input(sizes_.at.bias).data<const float>();
    kernels::MatrixRows matrix;
    matrix.a = patches;
    matrix.a_stride = sizes_.patch_size();
    matrix.c = sizes_.channels_last ? out + first * g.filters : result_.At(scratch);
    matrix.c_stride = g.filters;
    const GemmPlan& plan = rows == tile_ ? tile_plan_ : last_plan_;
    for (int task = 0; task < plan.num_tasks(); ++task) {
      plan.RunTask(task, packed, epilogue, matrix, gemm_.At(scratch));
    }
    if (!sizes_.channels_last) {
      kernels::TransposeMatrix(result_.At(scratch), rows, g.filters, g.filters, out + first, pixels);
    }
  }

  const Sizes sizes_;
  int64_t tile_;
  GemmPlan tile_plan_, last_plan_;  // of a whole tile, and of the last one of an image
  std::vector<int64_t> row_offsets_;
  std::shared_ptr<const AlignedBuffer> packed_;  // nullptr: packed at run time
  ScratchLayout shared_, own_;
  Scratch<float> packed_now_, image_, patches_, result_;
  Scratch<char> gemm_;
};

// Any other element type, in plain loops.
template <typename T>
class PlainKernel : public Kernel {
  using V = ComputeType<T>;

 public:
  explicit PlainKernel(const Sizes& sizes) : sizes_(sizes) { patch_ = scratch_.Add<V>(sizes.patch_size()); }

  void Compute(OpContext& context) const override {
    const ConvGeometry& g = sizes_.geometry;
    const int64_t rows = g.batch * g.out_pixels();
    const int tasks = static_cast<int>(std::min<int64_t>(rows, 8 * context.num_threads()));
    context.ParallelFor(tasks, [&](int task, int worker) {
      for (int64_t row = rows * task / tasks; row < rows * (task + 1) / tasks; ++row) {
        ComputePixel(context, row / g.out_pixels(), row % g.out_pixels(), patch_.At(context.workspace(worker)));
      }
    });
  }

  int64_t workspace_bytes() const override { return scratch_.bytes(); }
  std::string algorithm() const override { return "plain loops"; }
  int64_t num_multiplications() const override { return sizes_.geometry.num_multiplications(); }

 private:
  void ComputePixel(OpContext& context, int64_t n, int64_t pixel, V* patch) const {
    const ConvGeometry& g = sizes_.geometry;
    const T* data = context.input(0).data<const T>() + n * g.in_pixels() * g.channels;
    const auto image = FeatureMap<const T>::Dense(data, g.channels, g.in[1], g.in[2], sizes_.channels_last);
    const auto out = FeatureMap<T>::Dense(context.output(0).data<T>() + n * g.out_pixels() * g.filters, g.filters,
                                          g.out[1], g.out[2], sizes_.channels_last);
    kernels::DeformablePatch<T, V>(g, MovesOf<T>(sizes_, context, n), image, pixel / g.out[2], pixel % g.out[2], patch);
    const kernels::WeightStrides strides = kernels::StridesOfWeight(g, sizes_.channels_last);
    for (int64_t filter = 0; filter < g.filters; ++filter) {
      const int64_t group = filter / g.group_filters(), width = g.group_channels();
      const T* weight = context.input(sizes_.at.weight).data<const T>() + group * strides.group +
                        filter % g.group_filters() * strides.filter;
      const V* window = patch + group * g.num_positions() * width;
      V sum = 0;
      for (int64_t i = 0; i < g.num_positions() * width; ++i) {
        sum += window[i] * static_cast<V>(weight[i % width * strides.channel + i / width * strides.position]);
      }
      if (sizes_.has_bias) sum += static_cast<V>(context.input(sizes_.at.bias).data<const T>()[filter]);
      out.at(pixel / g.out[2], pixel % g.out[2])[filter * out.channel_stride] = static_cast<T>(sum);
    }
  }

  const Sizes sizes_;
  ScratchLayout scratch_;
  Scratch<V> patch_;
};

template <bool kHasMask>
absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const DeformableAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  const Sizes sizes = {ConvGeometryOf<ConvolutionAttrs>(attrs, data, context.outputs()[0]),
                       attrs.channels_last(),
                       kHasMask,
                       !attrs.no_bias,
                       attrs.num_deformable_group,
                       Inputs(kHasMask)};
  if (data.dtype != DType::kFloat32) {
    return DispatchFloating(data.dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
      return std::make_unique<PlainKernel<typename decltype(tag)::type>>(sizes);
    });
  }
  auto kernel = std::make_unique<FloatKernel>(sizes, context.num_threads());
  BARYON_RETURN_IF_ERROR(kernel->Init(context));
  return std::unique_ptr<Kernel>(std::move(kernel));
}

std::optional<DeformableAttrs> ToChannelsLast(const DeformableAttrs& attrs, int rank) {
  const std::optional<ConvolutionAttrs> plain = ConvToChannelsLast<ConvolutionAttrs>(attrs, rank);
  if (!plain.has_value()) return std::nullopt;
  DeformableAttrs changed = attrs;
  static_cast<ConvolutionAttrs&>(changed) = *plain;
  return changed;
}

template <bool kHasMask>
OpSpec<DeformableAttrs> Spec(std::vector<std::string> names, std::vector<InputDef> inputs) {
  return {
      .names = std::move(names),
      .inputs = std::move(inputs),
      .attrs = AttrDefs(kHasMask),
      .ignored_attrs = {"workspace"},
      .check = Check,
      .num_inputs = [](const DeformableAttrs& attrs) { return (kHasMask ? 4 : 3) + !attrs.no_bias; },
      .infer_types = InferTypes<kHasMask>,
      .complete_types = CompleteTypes<kHasMask>,
      .prepare = Prepare<kHasMask>,
      .accepts_unknown_dims = true,
      .to_channels_last = ToChannelsLast,
  };
}

const OpRegistration<DeformableAttrs> kDeformable(
    Spec<false>({"_contrib_DeformableConvolution", "_npx_deformable_convolution"},
                {"data", "offset", Parameter("weight"), Parameter("bias")}));
const OpRegistration<DeformableAttrs> kModulated(
    Spec<true>({"_contrib_ModulatedDeformableConvolution", "_npx_modulated_deformable_convolution"},
               {"data", "offset", "mask", Parameter("weight"), Parameter("bias")}));

}  // namespace
}  // namespace baryon
