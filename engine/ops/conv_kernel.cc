// Channels-last float32 data runs as it is, all images at once. Channels-first data, which comes when the layout pass
// is switched off and from eager calls, is transposed image by image into scratch memory, computed there and transposed
// back; that costs two passes over the data. Other element types run in plain loops.
#include "engine/ops/conv_kernel.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/status_macros.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/conv.h"
#include "engine/kernels/interleave.h"
#include "engine/kernels/plain_conv.h"
#include "engine/ops/packed_weight.h"

namespace baryon {
namespace {

using kernels::AlignedBuffer;
using kernels::ConvGeometry;
using kernels::ConvPlan;

constexpr int64_t kTransposedPixelsPerTask = 256;

// What all plans that share a packed weight have in common.
std::string PackedForm(const ConvNode& node, const ConvPlan& plan) {
  return absl::StrCat(node.geometry.transposed ? "deconv " : "conv ", absl::StrJoin(node.geometry.kernel, "x"), " ",
                      node.geometry.filters, node.channels_last ? " last, " : " first, ", plan.PackedForm());
}

// Float32. The first part of worker 0's workspace holds what all threads share: the weight when it is packed at run
// time, and an image in and out when they are transposed. The rest is the scratch of the worker's task.
class FloatConvKernel : public Kernel {
 public:
  FloatConvKernel(const ConvNode& node, std::unique_ptr<const ConvPlan> plan, bool transposes_in,
                  std::shared_ptr<const AlignedBuffer> packed)
      : node_(node), plan_(std::move(plan)), transposes_in_(transposes_in), packed_(std::move(packed)) {
    const ConvGeometry& g = node_.geometry;
    const auto reserve = [&](bool needed, int64_t floats) {
      const int64_t offset = shared_bytes_;
      if (needed) shared_bytes_ += AlignedSize(floats * static_cast<int64_t>(sizeof(float)));
      return offset;
    };
    packed_offset_ = reserve(packed_ == nullptr, plan_->packed_size());
    in_offset_ = reserve(transposes_in_, g.in_pixels() * g.channels);
    out_offset_ = reserve(!node_.channels_last, g.out_pixels() * g.filters);
  }

  void Compute(OpContext& context) const override {
    kernels::ConvOperands operands;
    operands.in = context.input(0).data<const float>();
    operands.out = context.output(0).data<float>();
    operands.bias = node_.has_bias ? context.input(2).data<const float>() : nullptr;
    operands.residual = node_.has_residual ? context.input(context.num_inputs() - 1).data<const float>() : nullptr;
    operands.activation = node_.activation;
    operands.packed = packed_ != nullptr ? packed_->data() : PackNow(context);
    if (PerImage()) {
      ComputeImages(operands, context);
    } else {
      RunPlan(operands, context);
    }
  }

  int64_t workspace_bytes() const override { return shared_bytes_ + AlignedSize(plan_->workspace_bytes()); }
  std::string algorithm() const override {
    const char* transposed = !PerImage() ? "" : node_.channels_last ? ", transposed in" : ", transposed";
    return absl::StrCat(plan_->ToString(), transposed, packed_ == nullptr ? ", packed at run time" : "");
  }
  int64_t num_multiplications() const override { return node_.geometry.num_multiplications(); }
  int64_t num_executed_multiplications() const override {
    return plan_->num_multiplications() * (PerImage() ? node_.geometry.batch : 1);
  }
  int64_t packed_bytes() const override {
    return packed_ == nullptr ? 0 : packed_->size() * static_cast<int64_t>(sizeof(float));
  }
  bool packs_input(int i) const override { return i == 1 && packed_ != nullptr; }

 private:
  bool PerImage() const { return transposes_in_ || !node_.channels_last; }

  float* Shared(OpContext& context, int64_t offset) const {
    return reinterpret_cast<float*>(context.workspace(0) + offset);
  }

  const float* PackNow(OpContext& context) const {
    float* packed = Shared(context, packed_offset_);
    plan_->Pack(context.input(1).data<const float>(), kernels::StridesOfWeight(node_.geometry, node_.channels_last),
                packed);
    return packed;
  }

  void RunPlan(const kernels::ConvOperands& operands, OpContext& context) const {
    const auto run = [&](int task, int worker) {
      plan_->RunTask(task, operands, context.workspace(worker) + shared_bytes_);
    };
    if (plan_->num_tasks() == 1) {
      run(0, 0);
    } else {
      context.ParallelFor(plan_->num_tasks(), run);
    }
  }

  void ComputeImages(const kernels::ConvOperands& operands, OpContext& context) const {
    const ConvGeometry& g = node_.geometry;
    const int64_t in_size = g.in_pixels() * g.channels, out_size = g.out_pixels() * g.filters;
    for (int64_t image = 0; image < g.batch; ++image) {
      kernels::ConvOperands one = operands;
      one.in = operands.in + image * in_size;
      one.out = operands.out + image * out_size;
      if (operands.residual != nullptr) one.residual = operands.residual + image * out_size;
      if (transposes_in_) {
        float* in = Shared(context, in_offset_);
        ToChannelsLast(one.in, g.channels, g.in_pixels(), in, context);
        one.in = in;
      }
      if (node_.channels_last) {
        RunPlan(one, context);
        continue;
      }
      float *result = one.out, *scratch = Shared(context, out_offset_);
      if (one.residual != nullptr) {
        ToChannelsLast(one.residual, g.filters, g.out_pixels(), scratch, context);
        one.residual = scratch;
      }
      one.out = scratch;
      RunPlan(one, context);
      context.ParallelRanges(g.out_pixels(), kTransposedPixelsPerTask, [&](int64_t begin, int64_t end) {
        kernels::TransposeMatrix(scratch + begin * g.filters, end - begin, g.filters, g.filters, result + begin,
                                 g.out_pixels());
      });
    }
  }

  static void ToChannelsLast(const float* from, int64_t channels, int64_t pixels, float* to, OpContext& context) {
    context.ParallelRanges(pixels, kTransposedPixelsPerTask, [&](int64_t begin, int64_t end) {
      kernels::TransposeMatrix(from + begin, channels, end - begin, pixels, to + begin * channels, channels);
    });
  }

  const ConvNode node_;
  const std::unique_ptr<const ConvPlan> plan_;  // of one image when images are transposed
  const bool transposes_in_;
  const std::shared_ptr<const AlignedBuffer> packed_;  // nullptr: packed at run time
  int64_t shared_bytes_ = 0, packed_offset_, in_offset_, out_offset_;
};

// Any other element type.
template <typename T>
class PlainConvKernel : public Kernel {
 public:
  explicit PlainConvKernel(const ConvNode& node) : node_(node) {
    for (int axis = 0; axis < 3; ++axis) phases_[axis] = kernels::AxisPhases(node.geometry, axis);
  }

  void Compute(OpContext& context) const override {
    const ConvGeometry& g = node_.geometry;
    kernels::PlainConvOperands<T> operands;
    operands.in = context.input(0).data<const T>();
    operands.in_strides = kernels::StridesOfMap(g.channels, g.in_pixels(), node_.data_channels_last);
    operands.weight = context.input(1).data<const T>();
    operands.weight_strides = kernels::StridesOfWeight(g, node_.channels_last);
    operands.bias = node_.has_bias ? context.input(2).data<const T>() : nullptr;
    operands.residual = node_.has_residual ? context.input(context.num_inputs() - 1).data<const T>() : nullptr;
    operands.out = context.output(0).data<T>();
    operands.out_strides = kernels::StridesOfMap(g.filters, g.out_pixels(), node_.channels_last);
    context.ParallelRanges(g.batch * g.out_pixels(), 1, [&](int64_t begin, int64_t end) {
      kernels::PlainConvolution(g, phases_, operands, begin, end);
    });
  }

  std::string algorithm() const override { return "plain loops"; }
  int64_t num_multiplications() const override { return node_.geometry.num_multiplications(); }

 private:
  const ConvNode node_;
  std::array<std::vector<kernels::AxisPhase>, 3> phases_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kernel>> MakeConvKernel(const ConvNode& node, PrepareContext& context) {
  const DType dtype = context.inputs()[0].dtype;
  if (dtype != DType::kFloat32) {
    return DispatchFloating(dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
      return std::make_unique<PlainConvKernel<typename decltype(tag)::type>>(node);
    });
  }
  ConvGeometry geometry = node.geometry;
  kernels::ConvOptions options;
  options.num_threads = context.num_threads();
  options.has_residual = node.has_residual;
  options.pool = node.pool;
  options.algorithm = node.algorithm;
  const bool weight_is_known = context.constant(1) != nullptr;
  if (weight_is_known) {
    const bool strict = context.numerics() == Numerics::kStrict;
    options.most_winograd = strict ? 2 : 4;
    options.most_strassen = strict ? 0 : 2;
  }
  if (node.channels_last && node.data_channels_last) {
    options.in_stride = context.input_stride(0);
    options.out_stride = context.output_stride();
    if (node.has_residual) options.residual_stride = context.input_stride(context.inputs().size() - 1);
  }
  if (!node.channels_last) geometry.batch = 1;
  std::unique_ptr<ConvPlan> plan;
  if (!node.data_channels_last) plan = kernels::MakeChannelsFirstConvPlan(geometry, options);
  const bool transposes_in = !node.data_channels_last && plan == nullptr;
  if (transposes_in) geometry.batch = 1;
  if (plan == nullptr) plan = kernels::MakeConvPlan(geometry, options);
  const auto pack = [&](const float* weight, float* packed) {
    plan->Pack(weight, kernels::StridesOfWeight(node.geometry, node.channels_last), packed);
  };
  BARYON_ASSIGN_OR_RETURN(std::shared_ptr<const AlignedBuffer> packed,
                          PackedWeight(context, 1, PackedForm(node, *plan), plan->packed_size(), pack));
  return std::unique_ptr<Kernel>(
      std::make_unique<FloatConvKernel>(node, std::move(plan), transposes_in, std::move(packed)));
}

}  // namespace baryon
