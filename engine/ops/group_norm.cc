// Normalisation of each instance by groups of channels: y = (x - mean) / sqrt(variance + eps) gamma + beta, mean and
// variance over the channels of a group and all positions. Instance normalisation has as many groups as channels.
// MXNet 1.x has gamma and beta for each group, 2.x for each channel: their length tells.
//
// Channels-first a group is one contiguous row. Channels-last it is some columns of the matrix of positions; several
// neighbouring groups are done together, so that vectors are full.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "engine/graph/op_def.h"
#include "engine/kernels/float_sums.h"
#include "engine/kernels/normalize.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

// What GroupNorm and InstanceNorm come down to. The data is [outer, channels, positions], or [outer, positions,
// channels] with `channels_last`.
struct Grouping {
  int64_t outer, channels, positions, groups;
  bool channels_last;
  double eps;

  int64_t channels_per_group() const { return channels / groups; }
};

class GroupNormKernel : public Kernel {
 public:
  explicit GroupNormKernel(const Grouping& grouping) : g_(grouping) {
    const int64_t per_group = std::max<int64_t>(g_.channels_per_group(), 1);
    groups_per_task_ = g_.channels_last ? std::min(std::max<int64_t>(kColumns / per_group, 1), g_.groups) : 1;
  }

  // For the channels of one task: sums, and means, scales and shifts as floats.
  int64_t workspace_bytes() const override {
    return groups_per_task_ * g_.channels_per_group() * (sizeof(double) + 3 * sizeof(float));
  }

  void Compute(OpContext& context) const override {
    const int64_t tasks_per_instance = (g_.groups + groups_per_task_ - 1) / groups_per_task_;
    const int tasks = static_cast<int>(g_.outer * tasks_per_instance);
    context.ParallelFor(tasks, [&](int task, int worker) {
      const int64_t instance = task / tasks_per_instance, first = task % tasks_per_instance * groups_per_task_;
      const int64_t count = std::min(groups_per_task_, g_.groups - first);
      DispatchFloating(context.input(0).dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        if constexpr (std::is_same_v<T, float>) {
          if (g_.channels_last) return ColumnGroups(context, instance, first, count, context.workspace(worker));
          return RowGroup(context, instance, first);
        }
        for (int64_t group = first; group < first + count; ++group) PlainGroup<T>(context, instance, group);
      });
    });
  }

 private:
  static constexpr int64_t kColumns = 64;

  // Writes mean and sqrt(variance + eps) of a group where they are read.
  void StoreMoments(OpContext& context, int64_t instance, int64_t group, double mean, double variance) const {
    const double moments[] = {mean, std::sqrt(variance + g_.eps)};
    for (int i = 0; i < 2 && i + 1 < context.num_outputs(); ++i) {
      const TensorView& output = context.output(i + 1);
      if (!output.has_data()) continue;
      DispatchFloating(output.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        output.data<T>()[instance * g_.groups + group] = static_cast<T>(moments[i]);
      });
    }
  }

  // gamma or beta of a channel.
  template <typename T>
  T Vector(const TensorView& vector, int64_t channel) const {
    return vector.data<const T>()[vector.num_elements() == g_.channels ? channel : channel / g_.channels_per_group()];
  }

  void RowGroup(OpContext& context, int64_t instance, int64_t group) const {
    const int64_t size = g_.channels_per_group() * g_.positions, at = (instance * g_.groups + group) * size;
    const float* x = context.input(0).data<const float>() + at;
    float* y = context.output(0).data<float>() + at;
    const kernels::RowMoments moments = kernels::MomentsOfRow(x, size);
    const double scale = 1 / std::sqrt(moments.variance + g_.eps);
    StoreMoments(context, instance, group, moments.mean, moments.variance);
    for (int64_t i = 0; i < g_.channels_per_group(); ++i) {
      const int64_t channel = group * g_.channels_per_group() + i;
      kernels::NormalizeRow(x + i * g_.positions, g_.positions, static_cast<float>(moments.mean),
                            static_cast<float>(scale * Vector<float>(context.input(1), channel)),
                            Vector<float>(context.input(2), channel), /*relu=*/false, y + i * g_.positions);
    }
  }

  // Replaces sums of columns by the mean over each group's columns and positions.
  void AverageByGroup(double* sums, int64_t count) const {
    const int64_t per_group = g_.channels_per_group();
    for (int64_t group = 0; group < count; ++group) {
      double sum = 0;
      for (int64_t i = 0; i < per_group; ++i) sum += sums[group * per_group + i];
      std::fill_n(sums + group * per_group, per_group, sum / static_cast<double>(per_group * g_.positions));
    }
  }

  void ColumnGroups(OpContext& context, int64_t instance, int64_t first, int64_t count, void* scratch) const {
    const int64_t columns = count * g_.channels_per_group(), channel = first * g_.channels_per_group();
    const int64_t at = instance * g_.positions * g_.channels + channel;
    const float* x = context.input(0).data<const float>() + at;
    double* sums = static_cast<double*>(scratch);
    float* means = reinterpret_cast<float*>(sums + groups_per_task_ * g_.channels_per_group());
    float *scales = means + columns, *shifts = scales + columns;
    std::fill_n(sums, columns, 0.0);
    kernels::AddColumns(kernels::Term::kValue, x, g_.positions, g_.channels, columns, nullptr, sums);
    AverageByGroup(sums, count);
    for (int64_t j = 0; j < columns; ++j) means[j] = static_cast<float>(sums[j]);
    std::fill_n(sums, columns, 0.0);
    kernels::AddColumns(kernels::Term::kSquaredDifference, x, g_.positions, g_.channels, columns, means, sums);
    AverageByGroup(sums, count);
    for (int64_t group = 0; group < count; ++group) {
      const int64_t j = group * g_.channels_per_group();
      StoreMoments(context, instance, first + group, means[j], sums[j]);
    }
    for (int64_t j = 0; j < columns; ++j) {
      scales[j] = static_cast<float>(Vector<float>(context.input(1), channel + j) / std::sqrt(sums[j] + g_.eps));
      shifts[j] = Vector<float>(context.input(2), channel + j);
    }
    kernels::NormalizeColumns(x, g_.positions, g_.channels, columns, means, scales, shifts, /*relu=*/false,
                              context.output(0).data<float>() + at, g_.channels);
  }

  // Any floating type in double precision.
  template <typename T>
  void PlainGroup(OpContext& context, int64_t instance, int64_t group) const {
    const T* x = context.input(0).data<const T>();
    T* y = context.output(0).data<T>();
    const auto at = [&](const T* p) { return static_cast<double>(ComputeType<T>(*p)); };
    double mean = 0, variance = 0;
    const double count = static_cast<double>(g_.channels_per_group() * g_.positions);
    ForEachPlace(instance, group, [&](int64_t place, int64_t) { mean += at(x + place); });
    mean /= count;
    ForEachPlace(instance, group,
                 [&](int64_t place, int64_t) { variance += (at(x + place) - mean) * (at(x + place) - mean); });
    variance /= count;
    const double scale = 1 / std::sqrt(variance + g_.eps);
    StoreMoments(context, instance, group, mean, variance);
    ForEachPlace(instance, group, [&](int64_t place, int64_t channel) {
      const T gamma = Vector<T>(context.input(1), channel), beta = Vector<T>(context.input(2), channel);
      y[place] = static_cast<T>((at(x + place) - mean) * scale * at(&gamma) + at(&beta));
    });
  }

  // fn(place in the array, channel) for every element of a group.
  template <typename Fn>
  void ForEachPlace(int64_t instance, int64_t group, Fn fn) const {
    const int64_t channel_stride = g_.channels_last ? 1 : g_.positions;
    const int64_t position_stride = g_.channels_last ? g_.channels : 1;
    for (int64_t i = 0; i < g_.channels_per_group(); ++i) {
      const int64_t channel = group * g_.channels_per_group() + i;
      const int64_t first = instance * g_.channels * g_.positions + channel * channel_stride;
      for (int64_t position = 0; position < g_.positions; ++position) fn(first + position * position_stride, channel);
    }
  }

  const Grouping g_;
  int64_t groups_per_task_;
};

// The checks both operators need: gamma and beta are vectors of the data's dtype, of length `channels` or `groups`.
absl::Status CheckVectors(const TensorTypes& inputs, int64_t channels, int64_t groups) {
  for (int i = 1; i <= 2; ++i) {
    const TensorType& vector = inputs[i];
    bool fits = vector.dtype == inputs[0].dtype && vector.shape.rank() == 1;
    if (fits) {
      const int64_t length = vector.shape[0];
      fits = length == channels || length == groups || length == Shape::kUnknownDim || channels == Shape::kUnknownDim;
    }
    if (!fits) return InputMismatch(i == 1 ? "gamma" : "beta", {inputs[0].dtype, {channels}}, vector);
  }
  return inputs[1].shape == inputs[2].shape ? absl::OkStatus() : InputMismatch("beta", inputs[1], inputs[2]);
}

// Data, output and vectors complete one another; unknown vectors get `length` elements.
absl::Status CompleteVectors(int64_t length, TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes data = {inputs[0]}, vectors = {inputs[1], inputs[2]}, vector = {{}};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(NoAttrs(), data, outputs));
  vector[0].dtype = data[0].dtype;
  if (!inputs[1].shape.has_rank() && !inputs[2].shape.has_rank()) vector[0].shape = {length};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(NoAttrs(), vectors, vector));
  inputs = {data[0], vectors[0], vectors[1]};
  return absl::OkStatus();
}

TensorTypes WithMoments(const TensorType& data, int64_t groups) {
  const TensorType moment = {data.dtype, {data.shape[0], groups}};
  return {data, moment, moment};
}

Grouping GroupingOf(const Shape& shape, int64_t groups, int64_t channel_axis, double eps) {
  const int64_t channels = shape[channel_axis], outer = shape[0];
  const int64_t elements = shape.Product(1, shape.rank());
  return {outer, channels, channels == 0 ? 0 : elements / channels, groups, channel_axis != 1, eps};
}

absl::Status CheckPositions(const TensorType& data) {
  if (data.shape.IsFullyKnown() && data.shape.num_elements() == 0) return ExpectedGot("elements", data.ToString());
  return absl::OkStatus();
}

// ---------------------------------------------------------------------------------------------------------------------
// GroupNorm

struct GroupNormAttrs {
  int64_t num_groups = 1;
  double eps = 1e-5;
  bool output_mean_var = false;  // the mean and sqrt(variance + eps) of each group are outputs, too
  int64_t channel_axis = 1;
  bool np_shape = false;
};

absl::Status CheckGroupNorm(const GroupNormAttrs& attrs) {
  return attrs.num_groups >= 1 ? absl::OkStatus() : ExpectedGot("one group or more", attrs.num_groups);
}

absl::StatusOr<TensorTypes> InferGroupNorm(const GroupNormAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, 3));
  BARYON_RETURN_IF_ERROR(CheckPositions(data));
  const int64_t channels = data.shape[attrs.channel_axis];
  if (channels != Shape::kUnknownDim && channels % attrs.num_groups != 0) {
    return ExpectedGot(absl::StrCat("channels that ", attrs.num_groups, " divides"), channels);
  }
  BARYON_RETURN_IF_ERROR(CheckVectors(inputs, channels, attrs.num_groups));
  return WithMoments(data, attrs.num_groups);
}

const OpRegistration<GroupNormAttrs> kGroupNorm({
    .names = {"GroupNorm", "_npx_group_norm"},
    .inputs = {"data", Parameter("gamma"), Parameter("beta")},
    .outputs = {"output", "mean", "std"},
    .attrs = {Attr("num_groups", &GroupNormAttrs::num_groups), Attr("eps", &GroupNormAttrs::eps),
              Attr("output_mean_var", &GroupNormAttrs::output_mean_var),
              InternalAttr("channel_axis", &GroupNormAttrs::channel_axis), NpShapeAttr(&GroupNormAttrs::np_shape)},
    .check = CheckGroupNorm,
    .num_visible_outputs = [](const GroupNormAttrs& attrs) { return attrs.output_mean_var ? 3 : 1; },
    .infer_types = InferGroupNorm,
    .complete_types = [](const GroupNormAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) -> absl::Status {
      const bool channels_known = inputs[0].shape.has_rank() && inputs[0].shape.rank() > attrs.channel_axis;
      const int64_t channels = channels_known ? inputs[0].shape[attrs.channel_axis] : Shape::kUnknownDim;
      return CompleteVectors(attrs.np_shape ? channels : attrs.num_groups, inputs, outputs);
    },
    .prepare = [](const GroupNormAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<GroupNormKernel>(
          GroupingOf(context.inputs()[0].shape, attrs.num_groups, attrs.channel_axis, attrs.eps));
    },
    .in_place = {0},
    .accepts_unknown_dims = true,
    .to_channels_last = [](const GroupNormAttrs& attrs, int rank) -> std::optional<GroupNormAttrs> {
      GroupNormAttrs changed = attrs;
      changed.channel_axis = rank - 1;
      return changed;
    },
});

// ---------------------------------------------------------------------------------------------------------------------
// InstanceNorm

struct InstanceNormAttrs {
  double eps = 1e-3;
  int64_t channel_axis = 1;
};

absl::StatusOr<TensorTypes> InferInstanceNorm(const InstanceNormAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, 3));
  BARYON_RETURN_IF_ERROR(CheckPositions(data));
  const int64_t channels = data.shape[attrs.channel_axis];
  BARYON_RETURN_IF_ERROR(CheckVectors(inputs, channels, channels));
  return WithMoments(data, channels);
}

const OpRegistration<InstanceNormAttrs> kInstanceNorm({
    .names = {"InstanceNorm", "_npx_instance_norm"},
    .inputs = {"data", Parameter("gamma"), Parameter("beta")},
    .outputs = {"output", "mean", "var"},
    .attrs = {Attr("eps", &InstanceNormAttrs::eps), InternalAttr("channel_axis", &InstanceNormAttrs::channel_axis)},
    .num_visible_outputs = [](const InstanceNormAttrs&) { return 1; },
    .infer_types = InferInstanceNorm,
    .complete_types = [](const InstanceNormAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) -> absl::Status {
      const bool channels_known = inputs[0].shape.has_rank() && inputs[0].shape.rank() > attrs.channel_axis;
      return CompleteVectors(channels_known ? inputs[0].shape[attrs.channel_axis] : Shape::kUnknownDim, inputs,
                             outputs);
    },
    .prepare = [](const InstanceNormAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      const Shape& shape = context.inputs()[0].shape;
      return std::make_unique<GroupNormKernel>(
          GroupingOf(shape, shape[attrs.channel_axis], attrs.channel_axis, attrs.eps));
    },
    .in_place = {0},
    .accepts_unknown_dims = true,
    .to_channels_last =
        [](const InstanceNormAttrs& attrs, int rank) {
          return std::optional(InstanceNormAttrs{attrs.eps, rank - 1});
        },
});

}  // namespace
}  // namespace baryon
