#include "clients/cli/outputs.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "engine/base/status_macros.h"
#include "engine/io/npy.h"

namespace baryon {
namespace {

std::string FirstElements(const Tensor& tensor) {
  constexpr int64_t kShown = 8;
  const int64_t count = std::min(kShown, tensor.num_elements());
  std::vector<std::string> elements;
  DispatchDType(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < count; ++i) {
      elements.push_back(absl::StrCat(static_cast<ComputeType<T>>(tensor.data<T>()[i])));
    }
  });
  return absl::StrCat(absl::StrJoin(elements, ", "), count < tensor.num_elements() ? ", ..." : "");
}

}  // namespace

absl::Status CheckOutputPath(const std::string& path) {
  if (path.empty() || absl::EndsWith(path, ".npz") || absl::EndsWith(path, ".npy")) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("output \"", path, "\": expected an .npz or .npy file"));
}

absl::Status WriteOutputs(const std::string& path, const NamedTensors& outputs) {
  BARYON_RETURN_IF_ERROR(CheckOutputPath(path));
  if (absl::EndsWith(path, ".npz")) return WriteNpz(path, outputs);
  if (outputs.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("output \"", path, "\": expected an .npz file for ", outputs.size(), " arrays"));
  }
  return WriteNpy(path, outputs[0].second);
}

std::string FormatClasses(const std::vector<std::vector<ClassScore>>& rows) {
  std::string text;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (rows.size() > 1) absl::StrAppend(&text, "row ", row, "\n");
    for (const ClassScore& best : rows[row]) {
      absl::StrAppendFormat(&text, "%5d  %10.6g", best.index, best.score);
      absl::StrAppend(&text, best.label.empty() ? "" : "  ", best.label, "\n");
    }
  }
  return text;
}

std::string FormatTensors(const NamedTensors& outputs) {
  std::string text;
  for (const auto& [name, tensor] : outputs) {
    absl::StrAppend(&text, name, " ", tensor.type().ToString(), ": ", FirstElements(tensor), "\n");
  }
  return text;
}

}  // namespace baryon
