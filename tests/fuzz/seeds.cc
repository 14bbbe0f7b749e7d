#include "tests/fuzz/seeds.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/json.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

constexpr uintmax_t kMostSeedBytes = 1 << 14;  // longer ones make a fuzzer slow

// Files of a golden archive whose names end in `ending`.
struct Kind {
  std::string archive, ending;
};

absl::Status AddFiles(const Kind& kind, std::vector<std::string>& seeds) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(GoldenFolder(kind.archive))) {
    const std::string path = entry.path().string();
    if (entry.is_regular_file() && absl::EndsWith(path, kind.ending) && entry.file_size() <= kMostSeedBytes) {
      paths.push_back(path);
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    BARYON_ASSIGN_OR_RETURN(std::string seed, ReadFile(path));
    seeds.push_back(std::move(seed));
  }
  return absl::OkStatus();
}

// The graphs of the operator suite, sound ones and others.
absl::Status AddOperatorGraphs(std::vector<std::string>& seeds) {
  for (const char* file : {"cases.jsonl", "invalid.jsonl"}) {
    std::ifstream lines(absl::StrCat(GoldenFolder("operators"), "/", file));
    for (std::string line; std::getline(lines, line);) {
      BARYON_ASSIGN_OR_RETURN(const Json json, ParseJson(line));
      seeds.push_back(json["symbol"].dump());
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SeedsOf(const std::string& name) {
  const std::vector<Kind> graphs = {
      {"digits", "-symbol.json"}, {"tutorial", "-symbol.json"}, {"zoo", "-symbol.json"}, {"params", ".json"}};
  const std::map<std::string, std::vector<Kind>> kinds = {
      {"symbol_json", graphs},
      {"graph", graphs},
      {"params", {{"params", ".params"}, {"tutorial", ".params"}}},
      {"npy", {{"params", "npy.params"}}},
      {"npz", {{"params", ".params"}, {"digits", ".npz"}, {"tutorial", ".npz"}}},
      {"picture", {{"digits", ".png"}, {"pictures", ".png"}, {"pictures", ".jpg"}}},
      {"archive", {{"params", ".params"}, {"digits", ".npz"}}},
      {"zoo_index", {}},
      {"preprocess", {}},
      {"request", {}},
  };
  const auto found = kinds.find(name);
  if (found == kinds.end()) return absl::NotFoundError(absl::StrCat("no fuzz target is called \"", name, "\""));
  std::vector<std::string> seeds;
  for (const Kind& kind : found->second) BARYON_RETURN_IF_ERROR(AddFiles(kind, seeds));
  if (name == "graph" || name == "symbol_json") BARYON_RETURN_IF_ERROR(AddOperatorGraphs(seeds));
  if (name == "preprocess") {
    seeds = {R"({"input":"data","resize":256,"crop":224,"mean":[0.4,0.5,0.6],"std":[1,1,1],"scale":"1/255"})",
             R"({"input":"data","resize":[8,9],"crop":[3,4],"mean":0.5,"std":0.25,"scale":2,"color":"gray"})",
             R"({"input":"data","color":"bgr"})"};
  }
  if (name == "request") seeds = RequestSeeds();
  if (name == "zoo_index") {
    const std::string digest(64, '0');
    seeds = {
        absl::StrCat(R"({"models":[{"name":"m","file":"a/m.zip","sha256":")", digest,
                     R"(","architecture":"vgg11","classes":2,"labels":["a","b"],"preprocess":{"input":"data"}}]})"),
        R"({"models":[]})"};
  }
  return seeds;
}

}  // namespace baryon
