#include "server/models/open_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/preprocess.h"
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

// The only input that a request must give, as an index of the signature.
std::optional<size_t> OnlyInput(const Signature& signature) {
  std::optional<size_t> only;
  for (size_t i = 0; i < signature.inputs.size(); ++i) {
    if (signature.inputs[i].optional) continue;
    if (only.has_value()) return std::nullopt;
    only = i;
  }
  return only;
}

// The type of a picture. Where the first layers take any size and the example shows that the graph does not, the
// example's: 8 x 8 of the digits, whose features a dense layer expects.
TensorType PictureType(const Signature& signature, size_t input) {
  constexpr int64_t kUsualEdge = 224;
  TensorType type = signature.inputs[input].type;
  if (signature.example.empty() || type.shape.rank() != 4) return type;
  const Shape& example = signature.example[input].shape;
  if (example[2] == kUsualEdge && example[3] == kUsualEdge) return type;
  for (int64_t axis : {2, 3}) type.shape[axis] = example[axis];
  return type;
}

// How the model takes pictures: as preprocess.json says, else as image networks usually do.
absl::StatusOr<std::optional<PictureInput>> FindPictureInput(const ModelFiles& files, const Signature& signature) {
  std::optional<Preprocess> preprocess;
  if (files.preprocess.has_value()) {
    BARYON_ASSIGN_OR_RETURN(preprocess, ReadPreprocess(*files.preprocess));
    const bool known = std::any_of(signature.inputs.begin(), signature.inputs.end(),
                                   [&](const TensorSpec& spec) { return spec.name == preprocess->input; });
    if (!known) {
      return absl::InvalidArgumentError(absl::StrCat("\"", *files.preprocess, "\": \"input\": expected an input of ",
                                                     "the model, got \"", preprocess->input, "\""));
    }
  } else if (const std::optional<size_t> only = OnlyInput(signature); only.has_value()) {
    preprocess = DefaultPreprocess(signature.inputs[*only].name, PictureType(signature, *only));
  }
  if (!preprocess.has_value()) return std::optional<PictureInput>();
  const std::string input = preprocess->input;
  return std::optional<PictureInput>({input, [preprocess = *std::move(preprocess)](absl::string_view file) {
                                        return PreparePicture(preprocess, file);
                                      }});
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
  BARYON_ASSIGN_OR_RETURN(opened.pictures, FindPictureInput(files, opened.executable->signature()));
  return opened;
}

}  // namespace baryon
