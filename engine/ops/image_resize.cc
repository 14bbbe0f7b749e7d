// Pictures brought to another size; see kernels/resize_image.h.
#include <algorithm>
#include <memory>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/resize_image.h"
#include "engine/ops/image_rules.h"
#include "engine/ops/scratch_layout.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kMostSize = 1 << 24;

struct ResizeAttrs {
  IntTuple size;            // width and height, or one number for both
  bool keep_ratio = false;  // one number is the shorter side
  int64_t interp = 1;
};

absl::Status CheckResize(const ResizeAttrs& attrs) {
  const bool fits =
      (attrs.size.size() == 1 || attrs.size.size() == 2) &&
      std::all_of(attrs.size.begin(), attrs.size.end(), [](int64_t n) { return n >= 1 && n <= kMostSize; });
  if (!fits) return ExpectedGot("a \"size\" of one or two numbers from 1 to 2^24", FormatAttr(attrs.size));
  return attrs.interp >= 0 && attrs.interp <= 4 ? absl::OkStatus()
                                                : ExpectedGot("\"interp\" from 0 to 4", attrs.interp);
}

absl::StatusOr<TensorTypes> InferResize(const ResizeAttrs& attrs, const TensorTypes& inputs) {
  TensorType output = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckPicture(output));
  const bool computes = attrs.interp != 0;
  if (computes && output.dtype != DType::kUInt8 && output.dtype != DType::kFloat32 && output.dtype != DType::kFloat64) {
    return ExpectedGot("pictures of uint8, float32 or float64", output.ToString());
  }
  int64_t &height = output.shape[output.shape.rank() - 3], &width = output.shape[output.shape.rank() - 2];
  if (height < 1 || width < 1 || height > kMostSize || width > kMostSize || output.shape.back() > kMostSize) {
    return ExpectedGot("pictures of sizes from 1 to 2^24", output.ToString());
  }
  if (attrs.size.size() == 2) {
    height = attrs.size[1], width = attrs.size[0];
  } else if (!attrs.keep_ratio) {
    height = width = attrs.size[0];
  } else if (height > width) {
    height = height * attrs.size[0] / width, width = attrs.size[0];
  } else {
    width = width * attrs.size[0] / height, height = attrs.size[0];
  }
  if (height > kMostSize || width > kMostSize) return ExpectedGot("a new size of at most 2^24", output.ToString());
  return TensorTypes{std::move(output)};
}

class ResizeKernel : public Kernel {
 public:
  ResizeKernel(kernels::ResizeFilter filter, const Shape& in, const Shape& out)
      : pictures_(in.rank() == 4 ? in[0] : 1),
        rows_(out[out.rank() - 3]),
        in_size_(in.Product(in.rank() - 3, in.rank())),
        out_size_(out.Product(out.rank() - 3, out.rank())),
        resizer_(filter, {in[in.rank() - 3], in[in.rank() - 2], rows_, out[out.rank() - 2], in.back()}) {
    scratch_.Add<char>(resizer_.scratch_bytes());
  }

  int64_t workspace_bytes() const override { return scratch_.bytes(); }

  void Compute(OpContext& context) const override {
    if (context.output(0).num_elements() == 0) return;
    const int64_t tasks_of_picture = std::min<int64_t>(rows_, context.num_threads());
    const DType dtype = context.input(0).dtype();
    context.ParallelFor(static_cast<int>(pictures_ * tasks_of_picture), [&](int task, int worker) {
      const int64_t picture = task / tasks_of_picture, part = task % tasks_of_picture;
      const int64_t begin = rows_ * part / tasks_of_picture, end = rows_ * (part + 1) / tasks_of_picture;
      const auto resize = [&](auto tag) {
        using T = typename decltype(tag)::type;
        resizer_.Resize(static_cast<const T*>(context.input(0).raw_data()) + picture * in_size_, begin, end,
                        static_cast<T*>(context.output(0).raw_data()) + picture * out_size_, context.workspace(worker));
      };
      if (dtype == DType::kFloat32) return resize(TypeTag<float>());
      if (dtype == DType::kFloat64) return resize(TypeTag<double>());
      DispatchBySize(dtype, resize);
    });
  }

 private:
  const int64_t pictures_, rows_, in_size_, out_size_;
  const kernels::ImageResizer resizer_;
  ScratchLayout scratch_;
};

const OpRegistration<ResizeAttrs> kResize({
    .names = {"_image_resize", "_npx__image_resize"},
    .inputs = {"data"},
    .attrs = {Attr("size", &ResizeAttrs::size), Attr("keep_ratio", &ResizeAttrs::keep_ratio),
              Attr("interp", &ResizeAttrs::interp)},
    .check = CheckResize,
    .infer_types = InferResize,
    .prepare = [](const ResizeAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<ResizeKernel>(static_cast<kernels::ResizeFilter>(attrs.interp), context.inputs()[0].shape,
                                            context.outputs()[0].shape);
    },
});

}  // namespace
}  // namespace baryon
