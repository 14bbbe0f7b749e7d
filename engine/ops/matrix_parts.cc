// Parts of square matrices as vectors, and back: _linalg_extractdiag and _linalg_makediag for a diagonal,
// _linalg_extracttrian and _linalg_maketrian for a triangle, the lower one row by row, the upper one column by column,
// so that a triangle and its mirror image are the same vector. Diagonal k lies k columns right of the main
// one; an offset other than 0 decides itself which triangle it cuts off. _linalg_sumlogdiag adds up the logarithms of
// the main diagonal.
#include <cmath>
#include <cstdlib>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/matrices.h"
#include "engine/ops/moves.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct PartAttrs {
  int64_t offset = 0;
  bool lower = true;

  bool is_lower() const { return offset < 0 || (offset == 0 && lower); }
};

constexpr int64_t kMostOffset = int64_t{1} << 30;

absl::Status CheckOffset(const PartAttrs& attrs) {
  if (std::abs(attrs.offset) <= kMostOffset) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("an offset within ", kMostOffset), attrs.offset);
}

enum class Part { kDiagonal, kTriangle };

// Elements of the part of an [n, n] matrix.
int64_t PartSize(Part part, int64_t offset, int64_t n) {
  const int64_t side = n - std::abs(offset);
  return part == Part::kDiagonal ? side : side * (side + 1) / 2;
}

// Runs of elements of the part of an [n, n] matrix, neighbours in the vector and `step` apart in the matrix.
struct Run {
  int64_t in_matrix, in_vector, count, step;
};
std::vector<Run> RunsOf(Part part, const PartAttrs& attrs, int64_t n) {
  std::vector<Run> runs;
  const int64_t side = n - std::abs(attrs.offset);
  const int64_t first = attrs.offset < 0 ? -attrs.offset * n : attrs.offset;
  int64_t in_vector = 0;
  for (int64_t i = 0; i < side; ++i) {
    const int64_t diagonal = first + i * (n + 1);
    Run run = {diagonal, in_vector, 1, 1};
    if (part == Part::kTriangle && attrs.is_lower()) run = {diagonal - i, in_vector, i + 1, 1};
    if (part == Part::kTriangle && !attrs.is_lower()) run = {diagonal - i * n, in_vector, i + 1, n};
    runs.push_back(run);
    in_vector += run.count;
  }
  return runs;
}

// One move for each run, of all matrices of a stack.
Moves MovesOf(Part part, const PartAttrs& attrs, int64_t count, int64_t n, bool extract) {
  const int64_t matrix = n * n, vector = PartSize(part, attrs.offset, n);
  Moves moves;
  for (const Run& run : RunsOf(part, attrs, n)) {
    Move move;
    move.from = extract ? run.in_matrix : run.in_vector;
    move.to = extract ? run.in_vector : run.in_matrix;
    move.loops = {{count, extract ? matrix : vector, extract ? vector : matrix},
                  {run.count, extract ? run.step : 1, extract ? 1 : run.step}};
    moves.push_back(std::move(move));
  }
  return moves;
}

template <Part kPart>
absl::StatusOr<TensorTypes> InferExtract(const PartAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSquareMatrices("A", inputs[0]));
  TensorType output = inputs[0];
  const int64_t n = output.shape.back();
  if (std::abs(attrs.offset) >= n) return ExpectedGot(absl::StrCat("an offset within ", n - 1), attrs.offset);
  output.shape.Erase(output.shape.rank() - 1);
  output.shape[output.shape.rank() - 1] = PartSize(kPart, attrs.offset, n);
  return TensorTypes{std::move(output)};
}

template <Part kPart>
absl::StatusOr<std::unique_ptr<Kernel>> PrepareExtract(const PartAttrs& attrs, PrepareContext& context) {
  const MatrixStack stack = StackOf(context.inputs()[0].shape);
  return MakeMoveKernel(context, MovesOf(kPart, attrs, stack.count, stack.rows, /*extract=*/true));
}

template <Part kPart>
absl::StatusOr<TensorTypes> InferMake(const PartAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckFloating("A", inputs[0]));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("A", inputs[0], 1));
  TensorType output = inputs[0];
  const int64_t size = output.shape.back();
  int64_t side = size;
  if (kPart == Part::kTriangle) {
    side = static_cast<int64_t>((std::sqrt(8 * static_cast<double>(size) + 1) - 1) / 2 + 0.5);
    if (side * (side + 1) / 2 != size) return ExpectedGot("1, 3, 6, 10, ... elements", inputs[0].ToString());
  }
  const int64_t n = side + std::abs(attrs.offset);
  output.shape[output.shape.rank() - 1] = n;
  output.shape.Append(n);
  return TensorTypes{std::move(output)};
}

template <Part kPart>
absl::StatusOr<std::unique_ptr<Kernel>> PrepareMake(const PartAttrs& attrs, PrepareContext& context) {
  const MatrixStack stack = StackOf(context.outputs()[0].shape);
  return MakeMoveKernel(context, {FillMove(stack.count * stack.size())},
                        MovesOf(kPart, attrs, stack.count, stack.rows, /*extract=*/false));
}

OpSpec<PartAttrs> Spec(std::vector<std::string> names) {
  OpSpec<PartAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"A"};
  spec.attrs = {Attr("offset", &PartAttrs::offset)};
  spec.check = CheckOffset;
  return spec;
}

template <Part kPart>
OpSpec<PartAttrs> ExtractSpec(std::vector<std::string> names) {
  auto spec = Spec(std::move(names));
  if (kPart == Part::kTriangle) spec.attrs.push_back(Attr("lower", &PartAttrs::lower));
  spec.infer_types = InferExtract<kPart>;
  spec.prepare = PrepareExtract<kPart>;
  return spec;
}

template <Part kPart>
OpSpec<PartAttrs> MakeSpec(std::vector<std::string> names) {
  auto spec = Spec(std::move(names));
  if (kPart == Part::kTriangle) spec.attrs.push_back(Attr("lower", &PartAttrs::lower));
  spec.infer_types = InferMake<kPart>;
  spec.prepare = PrepareMake<kPart>;
  return spec;
}

const OpRegistration<PartAttrs> kExtractDiagonal(ExtractSpec<Part::kDiagonal>({"_linalg_extractdiag",
                                                                               "linalg_extractdiag"}));
const OpRegistration<PartAttrs> kExtractTriangle(ExtractSpec<Part::kTriangle>({"_linalg_extracttrian",
                                                                               "linalg_extracttrian"}));
const OpRegistration<PartAttrs> kMakeDiagonal(MakeSpec<Part::kDiagonal>({"_linalg_makediag", "linalg_makediag"}));
const OpRegistration<PartAttrs> kMakeTriangle(MakeSpec<Part::kTriangle>({"_linalg_maketrian", "linalg_maketrian"}));

// ---------------------------------------------------------------------------------------------------------------------

struct SumLogAttrs {
  bool np_shape = false;
};

const OpRegistration<SumLogAttrs> kSumLogDiagonal({
    .names = {"_linalg_sumlogdiag", "linalg_sumlogdiag"},
    .inputs = {"A"},
    .attrs = {NpShapeAttr(&SumLogAttrs::np_shape)},
    .infer_types = [](const SumLogAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      BARYON_RETURN_IF_ERROR(CheckSquareMatrices("A", inputs[0]));
      TensorType output = inputs[0];
      output.shape.Erase(output.shape.rank() - 1);
      output.shape.Erase(output.shape.rank() - 1);
      if (output.shape.rank() == 0 && !attrs.np_shape) output.shape = {1};
      return TensorTypes{std::move(output)};
    },
    .prepare = [](const SumLogAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      const MatrixStack stack = StackOf(context.inputs()[0].shape);
      const auto sum = [stack](OpContext& context, int64_t i, double* a) {
        LoadDoubles(context.input(0), i * stack.size(), stack.size(), a);
        double total = 0;
        for (int64_t j = 0; j < stack.rows; ++j) total += std::log(a[j * (stack.columns + 1)]);
        StoreDoubles(&total, i, 1, context.output(0));
        return absl::OkStatus();
      };
      return MakeMatrixKernel(stack.count, stack.size(), sum);
    },
});

}  // namespace
}  // namespace baryon
