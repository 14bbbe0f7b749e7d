#include "server/models/open_model.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/load_model.h"
#include "nlohmann/json.hpp"

namespace baryon {
namespace {

constexpr int64_t kMostLabelBytes = 16 << 20;

// Labels go out in messages whose texts must be UTF-8.
std::string ToUtf8(absl::string_view text) {
  const nlohmann::json quoted = std::string(text);
  return nlohmann::json::parse(quoted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadLabels(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMostLabelBytes));
  const absl::string_view lines = absl::StripTrailingAsciiWhitespace(text);
  std::vector<std::string> labels;
  if (lines.empty()) return labels;
  for (absl::string_view line : absl::StrSplit(lines, '\n')) {
    labels.push_back(ToUtf8(absl::StripAsciiWhitespace(line)));
  }
  return labels;
}

absl::StatusOr<OpenedModel> OpenModel(const ModelFiles& files, ThreadPool& pool, const CompileOptions& options) {
  OpenedModel opened;
  BARYON_ASSIGN_OR_RETURN(Graph graph, ReadModel(files));
  BARYON_ASSIGN_OR_RETURN(opened.executable, Executable::Create(std::move(graph), pool, options));
  if (files.labels.has_value()) {
    BARYON_ASSIGN_OR_RETURN(opened.labels, ReadLabels(*files.labels));
  }
  return opened;
}

}  // namespace baryon
