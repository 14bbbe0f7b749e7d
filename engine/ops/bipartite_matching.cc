// One-to-one matches of rows and columns by their scores, taken greedily from the best on.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/rank_line.h"
#include "engine/ops/box_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct MatchingAttrs {
  bool is_ascend = false;  // small scores are good ones
  double threshold = 0;    // scores beyond it match
  int64_t topk = -1;       // one match more ends the search, if positive
};

absl::StatusOr<TensorTypes> InferTypes(const MatchingAttrs&, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, 2));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  const int64_t last = data.shape.rank() - 1;
  if (data.shape.num_elements() >= int64_t{1} << 31) return ExpectedGot("fewer than 2^31 scores", data.ToString());
  TensorType rows = data, columns = data;
  rows.shape.Erase(last);
  columns.shape.Erase(last - 1);
  return TensorTypes{std::move(rows), std::move(columns)};
}

class MatchingKernel : public Kernel {
 public:
  MatchingKernel(const MatchingAttrs& attrs, const TensorType& data)
      : attrs_(attrs),
        rows_(data.shape[data.shape.rank() - 2]),
        columns_(data.shape.back()),
        tables_(data.shape.Product(0, data.shape.rank() - 2)),
        workspace_bytes_(kernels::RankLineBytes(data.dtype, rows_ * columns_)) {}

  int64_t workspace_bytes() const override { return workspace_bytes_; }

  void Compute(OpContext& context) const override {
    DispatchFloating(context.input(0).dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      std::fill_n(context.output(0).data<T>(), tables_ * rows_, static_cast<T>(-1));
      std::fill_n(context.output(1).data<T>(), tables_ * columns_, static_cast<T>(-1));
      if (rows_ * columns_ == 0) return;
      context.ParallelFor(static_cast<int>(tables_), [&](int table, int worker) {
        Match(context.input(0).data<const T>() + table * rows_ * columns_, context.workspace(worker),
              context.output(0).data<T>() + table * rows_, context.output(1).data<T>() + table * columns_);
      });
    });
  }

 private:
  template <typename T>
  void Match(const T* scores, void* scratch, T* of_row, T* of_column) const {
    using V = ComputeType<T>;
    const int64_t n = rows_ * columns_;
    const V threshold = static_cast<float>(attrs_.threshold);
    const int32_t* order = kernels::RankLine(DTypeOf<T>(), scores, n, 1, n, attrs_.is_ascend, scratch);
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t row = order[i] / columns_, column = order[i] % columns_;
      if (static_cast<V>(of_row[row]) != -1 || static_cast<V>(of_column[column]) != -1) continue;
      const V score = scores[order[i]];
      if (!(attrs_.is_ascend ? score < threshold : score > threshold)) return;
      of_row[row] = static_cast<T>(column);
      of_column[column] = static_cast<T>(row);
      if (attrs_.topk > 0 && ++count > attrs_.topk) return;
    }
  }

  const MatchingAttrs attrs_;
  const int64_t rows_, columns_, tables_;
  const int64_t workspace_bytes_;
};

const OpRegistration<MatchingAttrs> kBipartiteMatching({
    .names = {"_contrib_bipartite_matching"},
    .inputs = {"data"},
    .outputs = {"output0", "output1"},
    .attrs = {Attr("is_ascend", &MatchingAttrs::is_ascend), RequiredAttr("threshold", &MatchingAttrs::threshold),
              Attr("topk", &MatchingAttrs::topk)},
    .infer_types = InferTypes,
    .prepare = [](const MatchingAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<MatchingKernel>(attrs, context.inputs()[0]);
    },
});

}  // namespace
}  // namespace baryon
