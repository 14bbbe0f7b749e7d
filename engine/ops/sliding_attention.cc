// Attention of each token to those in a window around it, as long documents need: query, key and value are
// [batch, tokens, heads, units], scores [batch, tokens, heads, window]. A window has w tokens before the token, itself,
// and with `symmetric` w behind it; those of a head lie `dilation` apart.
// Source: Beltagy, Peters, Cohan, Longformer: The Long-Document Transformer, 2020.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/row_products.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct WindowAttrs {
  int64_t w = 0;
  bool symmetric = false;

  int64_t window() const { return symmetric ? 2 * w + 1 : w + 1; }
};

absl::Status Check(const WindowAttrs& attrs) {
  constexpr int64_t kMost = int64_t{1} << 30;
  return attrs.w >= 0 && attrs.w <= kMost ? absl::OkStatus() : ExpectedGot("\"w\" from 0 to 2^30", attrs.w);
}

std::vector<AttrDef<WindowAttrs>> AttrDefs() {
  return {RequiredAttr("w", &WindowAttrs::w), RequiredAttr("symmetric", &WindowAttrs::symmetric)};
}

// `type` as four axes of float32, its dilations as many as it has heads.
absl::Status CheckHeads(absl::string_view name, const TensorType& type, const TensorType& dilation) {
  BARYON_RETURN_IF_ERROR(CheckRank(name, type, 4));
  if (type.dtype != DType::kFloat32) return ExpectedGot(absl::StrCat("\"", name, "\" of float32"), type.ToString());
  const TensorType expected = {DType::kInt32, {type.shape[2]}};
  return dilation == expected ? absl::OkStatus() : InputMismatch("dilation", expected, dilation);
}

absl::Status CheckDilations(const TensorView& dilation) {
  for (int64_t head = 0; head < dilation.num_elements(); ++head) {
    const int32_t value = dilation.data<const int32_t>()[head];
    if (value < 1) return ExpectedGot(absl::StrCat("a dilation of 1 or more for head ", head), value);
  }
  return absl::OkStatus();
}

// The part of a token's window that exists: positions [begin, end) of it, the first of them at token `first`.
struct WindowPart {
  int64_t begin, end, first;

  WindowPart(const WindowAttrs& attrs, int64_t token, int64_t tokens, int64_t dilation) {
    begin = std::max<int64_t>(attrs.w - token / dilation, 0);
    end = std::min((tokens - 1 - token) / dilation + attrs.w + 1, attrs.window());
    first = token + (begin - attrs.w) * dilation;
  }
};

// Calls fn(row, token, dilation) for all rows [batch, token, head] on all threads.
template <typename Fn>
void ForRows(OpContext& context, const Shape& shape, const TensorView& dilation, int64_t work_of_row, Fn fn) {
  constexpr int64_t kWorkPerTask = 1 << 14;
  if (absl::Status status = CheckDilations(dilation); !status.ok()) return context.Fail(std::move(status));
  const int64_t tokens = shape[1], heads = shape[2];
  context.ParallelRanges(shape[0] * tokens * heads, kWorkPerTask / (work_of_row + 1) + 1,
                         [&](int64_t begin, int64_t end) {
                           for (int64_t row = begin; row < end; ++row) {
                             fn(row, row / heads % tokens, dilation.data<const int32_t>()[row % heads]);
                           }
                         });
}

// ---------------------------------------------------------------------------------------------------------------------

absl::StatusOr<TensorTypes> InferScore(const WindowAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckHeads("query", inputs[0], inputs[2]));
  if (inputs[1] != inputs[0]) return InputMismatch("key", inputs[0], inputs[1]);
  TensorType output = inputs[0];
  output.shape[3] = attrs.window();
  return TensorTypes{std::move(output)};
}

void ComputeScore(const WindowAttrs& attrs, OpContext& context) {
  const Shape& shape = context.input(0).shape();
  const int64_t tokens = shape[1], heads = shape[2], units = shape[3], window = attrs.window();
  ForRows(context, shape, context.input(2), window * units, [&](int64_t row, int64_t token, int64_t dilation) {
    const WindowPart part(attrs, token, tokens, dilation);
    const float* query = context.input(0).data<const float>() + row * units;
    const float* key = context.input(1).data<const float>() + (row + (part.first - token) * heads) * units;
    float* scores = context.output(0).data<float>() + row * window;
    std::fill_n(scores, window, 0.0f);
    kernels::DotRows(query, key, dilation * heads * units, part.end - part.begin, units, scores + part.begin);
  });
}

const OpRegistration<WindowAttrs> kScore({
    .names = {"_contrib_sldwin_atten_score", "_npx_sldwin_atten_score"},
    .inputs = {"query", "key", "dilation"},
    .outputs = {"score"},
    .attrs = AttrDefs(),
    .check = Check,
    .infer_types = InferScore,
    .compute = ComputeScore,
});

absl::StatusOr<TensorTypes> InferContext(const WindowAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckHeads("value", inputs[1], inputs[2]));
  TensorType score = inputs[1];
  score.shape[3] = attrs.window();
  if (inputs[0] != score) return InputMismatch("score", score, inputs[0]);
  return TensorTypes{inputs[1]};
}

void ComputeContext(const WindowAttrs& attrs, OpContext& context) {
  const Shape& shape = context.input(1).shape();
  const int64_t tokens = shape[1], heads = shape[2], units = shape[3], window = attrs.window();
  ForRows(context, shape, context.input(2), window * units, [&](int64_t row, int64_t token, int64_t dilation) {
    const WindowPart part(attrs, token, tokens, dilation);
    const float* scores = context.input(0).data<const float>() + row * window;
    const float* value = context.input(1).data<const float>() + (row + (part.first - token) * heads) * units;
    kernels::SumWeightedRows(scores + part.begin, value, dilation * heads * units, part.end - part.begin, units,
                             context.output(0).data<float>() + row * units);
  });
}

const OpRegistration<WindowAttrs> kContext({
    .names = {"_contrib_sldwin_atten_context", "_npx_sldwin_atten_context"},
    .inputs = {"score", "value", "dilation"},
    .outputs = {"context_vec"},
    .attrs = AttrDefs(),
    .check = Check,
    .infer_types = InferContext,
    .compute = ComputeContext,
});

// The mask of scores that count: 1 where both tokens are among the valid ones of their sentence.
absl::StatusOr<TensorTypes> InferMask(const WindowAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckHeads("score", inputs[0], inputs[1]));
  if (inputs[0].shape[3] != attrs.window()) {
    return ExpectedGot(absl::StrCat("\"score\" with windows of ", attrs.window()), inputs[0].ToString());
  }
  const TensorType lengths = {DType::kInt32, {inputs[0].shape[0]}};
  if (inputs[2] != lengths) return InputMismatch("valid_length", lengths, inputs[2]);
  return TensorTypes{inputs[0]};
}

void ComputeMask(const WindowAttrs& attrs, OpContext& context) {
  const Shape& shape = context.input(0).shape();
  const int64_t rows_of_sentence = shape[1] * shape[2], window = attrs.window();
  ForRows(context, shape, context.input(1), window, [&](int64_t row, int64_t token, int64_t dilation) {
    const int64_t valid = context.input(2).data<const int32_t>()[row / rows_of_sentence];
    float* mask = context.output(0).data<float>() + row * window;
    std::fill_n(mask, window, 0.0f);
    if (token >= valid) return;
    const WindowPart part(attrs, token, valid, dilation);
    std::fill(mask + part.begin, mask + part.end, 1.0f);
  });
}

const OpRegistration<WindowAttrs> kMask({
    .names = {"_contrib_sldwin_atten_mask_like", "_npx_sldwin_atten_mask_like"},
    .inputs = {"score", "dilation", "valid_length"},
    .outputs = {"mask"},
    .attrs = AttrDefs(),
    .check = Check,
    .infer_types = InferMask,
    .compute = ComputeMask,
});

}  // namespace
}  // namespace baryon
