#include "engine/gluon/testing/tutorial.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "engine/base/check.h"
#include "engine/base/file.h"
#include "nlohmann/json.hpp"
#include "tests/support/golden.h"
#include "tests/support/seeded.h"

namespace baryon {

TutorialCase MakeTutorialCase(const std::string& name) {
  const NameManager fresh;
  if (name == "dense") {
    return {std::make_shared<nn::Dense>(nn::Dense(5, {.activation = "relu", .in_units = 3})), {10, 3}};
  }
  if (name == "sequential") return {std::make_shared<nn::Sequential>(Stack<nn::Sequential>()), {10, 3}};
  if (name == "hybrid_sequential") {
    return {std::make_shared<nn::HybridSequential>(Stack<nn::HybridSequential>()), {10, 3}};
  }
  if (name == "lenet") return {std::make_shared<LeNet>(), {1, 1, 28, 28}};
  BARYON_CHECK(name == "mlp_hybrid");
  return {std::make_shared<MLP_Hybrid>(), {1, 512}};
}

std::string TutorialFolder(const std::string& name, const std::string& version) {
  return absl::StrCat(GoldenFolder("tutorial"), "/", name, "/", version);
}

std::string TutorialText(const std::string& name, const std::string& version, const std::string& file) {
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat(TutorialFolder(name, version), "/", file));
  BARYON_CHECK(text.ok());
  return *text;
}

std::string TutorialMessage(const std::string& version, const std::string& mistake) {
  std::ifstream file(absl::StrCat(GoldenFolder("tutorial"), "/messages-", version, ".json"));
  const nlohmann::json messages = nlohmann::json::parse(file);
  return messages.at(mistake).at(1).get<std::string>();
}

std::string LessonText(int number) {
  const absl::StatusOr<std::string> transcript = ReadFile(GoldenFolder("tutorial") + "/transcript.txt");
  BARYON_CHECK(transcript.ok());
  const size_t title = transcript->find(absl::StrCat("## ", number, ". "));
  BARYON_CHECK(title != std::string::npos);
  const size_t begin = transcript->find('\n', title) + 1;
  const size_t end = transcript->find("\n\n## ", begin);
  std::string text = transcript->substr(begin, end == std::string::npos ? end : end - begin);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void SetSeededParameters(gluon::Block& net) {
  for (auto [name, parameter] : net.CollectParams()) {
    BARYON_CHECK(parameter.LoadData(SeededParameter(name, parameter.shape())).ok());
  }
}

}  // namespace baryon
