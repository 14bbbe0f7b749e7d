// Attention on projections that stand in one array, per head next to each other: [length, batch, heads x parts x size]
// with the parts query, key, value (self-attention) or key, value (encoder-decoder). Scores are [batch x heads, length,
// length]. Nothing is taken apart: the products read the parts where they are.
#include <cmath>
#include <utility>

#include "engine/ops/product.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::ContractionAxis;

struct AttentionAttrs {
  int64_t heads = 0;
};

// An array [length, batch, heads * parts * size], of which `part` is meant.
struct Projection {
  int64_t length, batch, heads, parts, size;

  int64_t head_stride() const { return parts * size; }
  int64_t batch_stride() const { return heads * head_stride(); }
  int64_t time_stride() const { return batch * batch_stride(); }
};

absl::StatusOr<Projection> ReadProjection(const char* name, const AttentionAttrs& attrs, const TensorType& type,
                                          int64_t parts) {
  BARYON_RETURN_IF_ERROR(CheckRank(name, type, 3));
  BARYON_RETURN_IF_ERROR(CheckFloating(name, type));
  const int64_t width = attrs.heads * parts;
  if (attrs.heads < 1 || type.shape[2] % width != 0) {
    return ExpectedGot(
        absl::StrCat("\"", name, "\" whose last axis ", attrs.heads, " heads of ", parts, " parts divide"),
        type.ToString());
  }
  return Projection{type.shape[0], type.shape[1], attrs.heads, parts, type.shape[2] / width};
}

absl::Status CheckPair(const Projection& a, const Projection& b, const TensorTypes& inputs) {
  if (a.batch == b.batch && a.size == b.size && inputs[0].dtype == inputs[1].dtype) return absl::OkStatus();
  return ExpectedGot("projections of one batch, head size and dtype",
                     absl::StrCat(inputs[0].ToString(), " and ", inputs[1].ToString()));
}

// scores[n, h, i, j] = sum over d of queries[i, n, h, d] keys[j, n, h, d]
std::vector<ContractionAxis> ScoreAxes(const Projection& q, const Projection& k) {
  const int64_t map = q.length * k.length;
  return {{q.batch, q.batch_stride(), k.batch_stride(), q.heads * map},
          {q.heads, q.head_stride(), k.head_stride(), map},
          {q.length, q.time_stride(), 0, k.length},
          {k.length, 0, k.time_stride(), 1},
          {q.size, 1, 1, 0}};
}

// out[i, n, h, d] = sum over j of attention[n, h, i, j] values[j, n, h, d]
std::vector<ContractionAxis> ValueAxes(int64_t queries, const Projection& v) {
  const int64_t map = queries * v.length;
  return {{v.batch, v.heads * map, v.batch_stride(), v.heads * v.size},
          {v.heads, map, v.head_stride(), v.size},
          {queries, v.length, 0, v.batch * v.heads * v.size},
          {v.length, 1, v.time_stride(), 0},
          {v.size, 0, 1, 1}};
}

OpSpec<AttentionAttrs> Spec(std::string name, std::vector<InputDef> inputs) {
  OpSpec<AttentionAttrs> spec;
  spec.names = {std::move(name)};
  spec.inputs = std::move(inputs);
  spec.attrs = {RequiredAttr("heads", &AttentionAttrs::heads)};
  return spec;
}

// `self`: queries and keys are parts of one array of three, else the keys of an array of two.
OpSpec<AttentionAttrs> ScoreSpec(std::string name, std::vector<InputDef> inputs, bool self) {
  auto spec = Spec(std::move(name), std::move(inputs));
  struct Operands {
    Projection q, k;
  };
  const auto read = [self](const AttentionAttrs& attrs, const TensorTypes& types) -> absl::StatusOr<Operands> {
    BARYON_ASSIGN_OR_RETURN(const Projection q, ReadProjection("queries", attrs, types[0], self ? 3 : 1));
    if (self) return Operands{q, q};
    BARYON_ASSIGN_OR_RETURN(const Projection k, ReadProjection("keys_values", attrs, types[1], 2));
    BARYON_RETURN_IF_ERROR(CheckPair(q, k, types));
    return Operands{q, k};
  };
  spec.infer_types = [read](const AttentionAttrs& attrs, const TensorTypes& types) -> absl::StatusOr<TensorTypes> {
    BARYON_ASSIGN_OR_RETURN(const Operands o, read(attrs, types));
    return TensorTypes{{types[0].dtype, {o.q.batch * o.q.heads, o.q.length, o.k.length}}};
  };
  spec.prepare = [read, self](const AttentionAttrs& attrs,
                              PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    BARYON_ASSIGN_OR_RETURN(const Operands o, read(attrs, context.inputs()));
    const double scale = 1 / std::sqrt(static_cast<double>(o.q.size));
    return MakeProductKernel(context, ScoreAxes(o.q, o.k), {0}, self ? ProductOperand{0, o.q.size} : ProductOperand{1},
                             scale);
  };
  return spec;
}

OpSpec<AttentionAttrs> ValueSpec(std::string name, std::vector<InputDef> inputs, int64_t parts) {
  auto spec = Spec(std::move(name), std::move(inputs));
  spec.infer_types = [parts](const AttentionAttrs& attrs, const TensorTypes& types) -> absl::StatusOr<TensorTypes> {
    BARYON_ASSIGN_OR_RETURN(const Projection v, ReadProjection("values", attrs, types[0], parts));
    BARYON_RETURN_IF_ERROR(CheckRank("attention", types[1], 3));
    const TensorType expected = {types[0].dtype, {v.batch * v.heads, types[1].shape[1], v.length}};
    if (types[1] != expected) return InputMismatch("attention", expected, types[1]);
    return TensorTypes{{types[0].dtype, {types[1].shape[1], v.batch, v.heads * v.size}}};
  };
  spec.prepare = [parts](const AttentionAttrs& attrs,
                         PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    BARYON_ASSIGN_OR_RETURN(const Projection v, ReadProjection("values", attrs, context.inputs()[0], parts));
    return MakeProductKernel(context, ValueAxes(context.inputs()[1].shape[1], v), {1}, {0, (parts - 1) * v.size});
  };
  return spec;
}

const OpRegistration<AttentionAttrs> kSelfScores(ScoreSpec("_contrib_interleaved_matmul_selfatt_qk",
                                                           {"queries_keys_values"}, /*self=*/true));
const OpRegistration<AttentionAttrs> kCrossScores(ScoreSpec("_contrib_interleaved_matmul_encdec_qk",
                                                            {"queries", "keys_values"}, /*self=*/false));
const OpRegistration<AttentionAttrs> kSelfValues(ValueSpec("_contrib_interleaved_matmul_selfatt_valatt",
                                                           {"queries_keys_values", "attention"}, 3));
const OpRegistration<AttentionAttrs> kCrossValues(ValueSpec("_contrib_interleaved_matmul_encdec_valatt",
                                                            {"keys_values", "attention"}, 2));

}  // namespace
}  // namespace baryon
