// Block::Summary: one forward with a hook at every block.
#include <algorithm>
#include <set>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/sequential.h"

namespace baryon::gluon {
namespace {

struct Row {
  std::string layer, shape;
  int64_t parameters = 0, trainable = 0, shared = 0;
};

std::string ShapesText(absl::Span<const NDArray> arrays) {
  return absl::StrJoin(arrays, ", ", [](std::string* out, const NDArray& array) {
    *out += array.is_none() ? "None" : ShapeTuple(array.shape());
  });
}

Row RowOf(const Block& block, int number, absl::Span<const NDArray> outputs, std::set<const void*>& seen) {
  Row row = {.layer = absl::StrCat(block.class_name(), "-", number), .shape = block.OutputShapes(outputs)};
  for (const auto& [name, parameter] : block.params()) {
    const int64_t size = parameter.size();
    row.parameters += size;
    if (parameter.grad_req() != GradReq::kNull) row.trainable += size;
    if (!seen.insert(parameter.identity()).second) row.shared += size;
  }
  return row;
}

std::string Table(const std::vector<Row>& rows) {
  const std::string dashes = std::string(80, '-') + "\n", double_line = std::string(80, '=') + "\n";
  const auto line = [](absl::string_view layer, absl::string_view shape, absl::string_view parameters) {
    return absl::StrFormat("%20s  %42s %15s\n", layer, shape, parameters);
  };
  std::string text = dashes + line("Layer (type)", "Output Shape", "Param #") + double_line;
  Row total;
  for (const Row& row : rows) {
    text += line(row.layer, row.shape, absl::StrCat(row.parameters));
    total.parameters += row.parameters;
    total.trainable += row.trainable;
    total.shared += row.shared;
  }
  absl::StrAppend(&text, double_line, "Parameters in forward computation graph, duplicate included\n",
                  "   Total params: ", total.parameters, "\n   Trainable params: ", total.trainable,
                  "\n   Non-trainable params: ", total.parameters - total.trainable,
                  "\nShared params in forward computation graph: ", total.shared,
                  "\nUnique parameters in model: ", total.parameters - total.shared, "\n", dashes);
  return text;
}

// Containers have no row of their own.
bool HasRow(const Block& block) {
  return dynamic_cast<const nn::Sequential*>(&block) == nullptr &&
         dynamic_cast<const nn::HybridSequential*>(&block) == nullptr;
}

bool IsHybridized(const Block& block) {
  const auto* hybrid = dynamic_cast<const HybridBlock*>(&block);
  return hybrid != nullptr && hybrid->active();
}

}  // namespace

std::string Block::OutputShapes(absl::Span<const NDArray> outputs) const { return ShapesText(outputs); }

absl::StatusOr<std::string> Block::SummaryOf(std::initializer_list<NDArray> inputs) {
  std::vector<Row> rows = {{.layer = "Input", .shape = ShapesText(inputs)}};
  std::set<const void*> seen;
  std::vector<HookHandle> hooks;
  const auto detach = absl::MakeCleanup([&] {
    for (HookHandle& hook : hooks) hook.Detach();
  });
  absl::Status hybridized;
  Apply([&](Block& block) {
    if (hybridized.ok() && IsHybridized(block)) {
      hybridized = absl::FailedPreconditionError(
          absl::StrCat("\"", block.class_name(), "\" must not be hybridized to print summary."));
    }
    if (!HasRow(block)) return;
    hooks.push_back(
        block.RegisterForwardHook([&](Block& block, absl::Span<const NDArray>, absl::Span<const NDArray> outputs) {
          rows.push_back(RowOf(block, static_cast<int>(rows.size()), outputs, seen));
        }));
  });
  BARYON_RETURN_IF_ERROR(hybridized);
  for (const NDArray& output : CallMany(inputs)) BARYON_RETURN_IF_ERROR(output.status());
  return Table(rows);
}

}  // namespace baryon::gluon
