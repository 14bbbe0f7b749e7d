#include "engine/kernels/contraction.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/check.h"
#include "engine/kernels/blas.h"

namespace baryon::kernels {
namespace {

using Axes = std::vector<ContractionAxis>;

enum class Kind { kBatch, kRow, kColumn, kSummed, kOther };

Kind KindOf(const ContractionAxis& axis) {
  if (axis.a != 0 && axis.b != 0) return axis.c != 0 ? Kind::kBatch : Kind::kSummed;
  if (axis.c == 0) return Kind::kOther;  // summed over one array alone
  return axis.a != 0 ? Kind::kRow : axis.b != 0 ? Kind::kColumn : Kind::kOther;
}

// An axis that is not there.
constexpr ContractionAxis kNone = {1, 0, 0, 0};

// Axes of one kind that are evenly spaced in every array become one.
Axes Merged(Axes axes) {
  axes.erase(std::remove_if(axes.begin(), axes.end(), [](const ContractionAxis& axis) { return axis.size == 1; }),
             axes.end());
  for (bool merged = true; merged;) {
    merged = false;
    for (size_t i = 0; i < axes.size() && !merged; ++i) {
      for (size_t j = 0; j < axes.size() && !merged; ++j) {
        const ContractionAxis &outer = axes[i], &inner = axes[j];
        const bool even =
            outer.a == inner.a * inner.size && outer.b == inner.b * inner.size && outer.c == inner.c * inner.size;
        if (i == j || KindOf(outer) != KindOf(inner) || !even) continue;
        axes[j].size *= outer.size;
        axes.erase(axes.begin() + i);
        merged = true;
      }
    }
  }
  return axes;
}

// Whether GEMM can read or write a matrix with these rows and columns: one of them has neighbouring elements, and the
// lines of the other do not overlap.
bool IsMatrix(int64_t rows, int64_t row_stride, int64_t columns, int64_t column_stride) {
  const bool by_rows = (columns == 1 || column_stride == 1) && (rows == 1 || row_stride >= columns);
  const bool by_columns = (rows == 1 || row_stride == 1) && (columns == 1 || column_stride >= rows);
  return by_rows || by_columns;
}

// Rows and columns as GEMM takes them: the distance between lines, and whether lines are columns.
struct Layout {
  bool transposed;
  int64_t line;
};
Layout LayoutOf(int64_t rows, int64_t row_stride, int64_t columns, int64_t column_stride) {
  const bool by_rows = (columns == 1 || column_stride == 1) && (rows == 1 || row_stride >= columns);
  if (by_rows) return {false, rows == 1 ? std::max<int64_t>(columns, 1) : row_stride};
  return {true, columns == 1 ? std::max<int64_t>(rows, 1) : column_stride};
}

}  // namespace

Contraction::Contraction(Axes axes, DType dtype, double alpha, bool accumulate)
    : dtype_(dtype), alpha_(alpha), accumulate_(accumulate) {
  BARYON_CHECK(axes.size() <= StridedSum::kMaxAxes);
  bool empty = false;
  for (const ContractionAxis& axis : axes) {
    num_multiplications_ *= axis.size;
    empty = empty || axis.size == 0;
  }
  axes = Merged(std::move(axes));
  const bool has_gemm = dtype == DType::kFloat32 || dtype == DType::kFloat64;
  if (has_gemm && !empty && ChooseProduct(axes)) {
    CutIntoUnits();
    return;
  }
  std::vector<StridedSum::Axis> plain;
  for (const ContractionAxis& axis : axes) {
    plain.push_back({axis.size, {axis.a, axis.b}, axis.c, /*summed=*/axis.c == 0});
  }
  plain_.emplace(std::move(plain), 2);
  num_units_ = plain_->num_outputs();
  grain_ = (1 << 13) / std::max<int64_t>(plain_->num_terms(), 1) + 1;
}

// Of all choices of an axis of each kind that GEMM can work with, takes the one with the most multiplications; the
// other axes become loops. False when there is none worth a call of GEMM.
bool Contraction::ChooseProduct(const Axes& axes) {
  constexpr int64_t kLeastMultiplications = 64;
  Axes rows = {kNone}, columns = {kNone}, summed = {kNone};
  for (const ContractionAxis& axis : axes) {
    const Kind kind = KindOf(axis);
    if (kind == Kind::kOther) return false;
    if (kind == Kind::kBatch) loops_.push_back(axis);
    if (kind == Kind::kRow) rows.push_back(axis);
    if (kind == Kind::kColumn) columns.push_back(axis);
    if (kind == Kind::kSummed) summed.push_back(axis);
  }
  size_t best_m = 0, best_n = 0, best_k = 0;
  int64_t most = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < columns.size(); ++j) {
      const ContractionAxis &m = rows[i], &n = columns[j];
      if (!IsMatrix(m.size, m.c, n.size, n.c)) continue;
      for (size_t l = 0; l < summed.size(); ++l) {
        const ContractionAxis& k = summed[l];
        const int64_t multiplications = m.size * n.size * k.size;
        if (multiplications <= most) continue;
        if (!IsMatrix(m.size, m.a, k.size, k.a) || !IsMatrix(k.size, k.b, n.size, n.b)) continue;
        most = multiplications;
        best_m = i;
        best_n = j;
        best_k = l;
      }
    }
  }
  if (most < kLeastMultiplications) return false;
  product_ = Product{rows[best_m], columns[best_n], summed[best_k]};
  for (size_t i = 1; i < rows.size(); ++i) {
    if (i != best_m) loops_.push_back(rows[i]);
  }
  for (size_t j = 1; j < columns.size(); ++j) {
    if (j != best_n) loops_.push_back(columns[j]);
  }
  for (size_t l = 1; l < summed.size(); ++l) {
    if (l != best_k) summed_loops_.push_back(summed[l]);
  }
  return true;
}

// Units depend on sizes alone, never on the number of threads, so that results do not either.
void Contraction::CutIntoUnits() {
  constexpr int64_t kUnitWork = 1 << 20, kLeastTile = 128, kMostTiles = 16, kTileStep = 32;
  const int64_t m = product_->m.size, n = product_->n.size;
  const int64_t work = m * n * product_->k.size;
  cut_rows_ = m >= n;
  const int64_t edge = cut_rows_ ? m : n, wanted = std::clamp<int64_t>(work / kUnitWork, 1, kMostTiles);
  tile_ = std::max(kLeastTile, (edge / wanted + kTileStep - 1) / kTileStep * kTileStep);
  num_tiles_ = (edge + tile_ - 1) / tile_;
  num_units_ = num_tiles_;
  for (const ContractionAxis& loop : loops_) num_units_ *= loop.size;
  int64_t unit_work = work / num_tiles_;
  for (const ContractionAxis& loop : summed_loops_) unit_work *= loop.size;
  grain_ = kUnitWork / 8 / std::max<int64_t>(unit_work, 1) + 1;
}

std::string Contraction::algorithm() const {
  if (!product_.has_value()) return "plain loops";
  int64_t times = num_units_ / num_tiles_;
  for (const ContractionAxis& loop : summed_loops_) times *= loop.size;
  return absl::StrCat("gemm ", product_->m.size, "x", product_->n.size, "x", product_->k.size, ", ", times, " times");
}

template <typename T>
void Contraction::RunAs(const T* a, const T* b, T* c, int64_t begin, int64_t end) const {
  const ContractionAxis &m = product_->m, &n = product_->n, &k = product_->k;
  const Layout layout_a = LayoutOf(m.size, m.a, k.size, k.a), layout_b = LayoutOf(k.size, k.b, n.size, n.b);
  const Layout layout_c = LayoutOf(m.size, m.c, n.size, n.c);
  int64_t num_sums = 1;
  for (const ContractionAxis& loop : summed_loops_) num_sums *= loop.size;
  const auto move = [](const Axes& loops, int64_t position, int64_t& at_a, int64_t& at_b, int64_t& at_c) {
    for (size_t i = loops.size(); i-- > 0;) {
      const int64_t index = position % loops[i].size;
      position /= loops[i].size;
      at_a += index * loops[i].a;
      at_b += index * loops[i].b;
      at_c += index * loops[i].c;
    }
  };
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t first = unit % num_tiles_ * tile_;
    const int64_t rows = cut_rows_ ? std::min(tile_, m.size - first) : m.size;
    const int64_t columns = cut_rows_ ? n.size : std::min(tile_, n.size - first);
    int64_t from_a = cut_rows_ ? first * m.a : 0, from_b = cut_rows_ ? 0 : first * n.b;
    int64_t to = first * (cut_rows_ ? m.c : n.c);
    move(loops_, unit / num_tiles_, from_a, from_b, to);
    for (int64_t sum = 0; sum < num_sums; ++sum) {
      int64_t at_a = from_a, at_b = from_b, at_c = to;
      move(summed_loops_, sum, at_a, at_b, at_c);
      const T alpha = static_cast<T>(alpha_), beta = accumulate_ || sum > 0 ? T{1} : T{0};
      if (layout_c.transposed) {
        Gemm(!layout_b.transposed, !layout_a.transposed, columns, rows, k.size, b + at_b, layout_b.line, a + at_a,
             layout_a.line, c + at_c, layout_c.line, alpha, beta);
      } else {
        Gemm(layout_a.transposed, layout_b.transposed, rows, columns, k.size, a + at_a, layout_a.line, b + at_b,
             layout_b.line, c + at_c, layout_c.line, alpha, beta);
      }
    }
  }
}

void Contraction::Run(const void* a, const void* b, void* c, int64_t begin, int64_t end) const {
  if (plain_.has_value()) return plain_->Run(dtype_, {a, b}, alpha_, accumulate_, begin, end, c);
  if (dtype_ == DType::kFloat64) {
    return RunAs(static_cast<const double*>(a), static_cast<const double*>(b), static_cast<double*>(c), begin, end);
  }
  RunAs(static_cast<const float*>(a), static_cast<const float*>(b), static_cast<float*>(c), begin, end);
}

}  // namespace baryon::kernels
