// Makes the folder of a model, as the engine loads it, from what people publish: symbol and parameters, or the
// parameters of a network of the zoo alone.
#ifndef BARYON_ENGINE_STORE_MODEL_FOLDER_H_
#define BARYON_ENGINE_STORE_MODEL_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baryon::store {

struct ModelParts {
  std::string symbol;        // path; empty: the network `architecture` with `classes` outputs
  std::string params;        // path; empty: a graph whose variables are all inputs
  std::string architecture;  // network of the zoo
  int64_t classes = 1000;
  std::vector<std::string> labels;  // a class each; empty: unknown
  std::string preprocess;           // JSON; empty: for networks of the zoo that of the zoo, else none
};

// The parts that lie in `folder`, in whatever depth: one *-symbol.json with the parameters beside it, or one .params
// alone; labels.txt or synset.txt; preprocess.json. Errors: NOT_FOUND, there is neither; INVALID_ARGUMENT, there are
// several symbols; those of reading.
absl::StatusOr<ModelParts> FindModelParts(const std::string& folder);

// The labels in the text of a labels.txt: a line each, without the space around it.
std::vector<std::string> SplitLabels(absl::string_view text);

// Writes NAME-symbol.json, NAME-0000.params and, where known, labels.txt and preprocess.json into the folder `target`;
// moves `symbol` and its `params` there. Then checks that the whole can be loaded. The arrays of a network of
// the zoo may be called as MXNet's export does, as save_parameters does (features.0.weight), or as save_params did
// (conv0_weight). Errors: NOT_FOUND, no such network, or an array that is missing; INVALID_ARGUMENT, an array without a
// place or of the wrong shape, and what else keeps the model from being loaded; those of reading and writing.
absl::Status WriteModelFolder(const ModelParts& parts, const std::string& name, const std::string& target);

// preprocess.json of a network of the zoo: the short side is resized, the middle cut to what the network was trained
// on, and ImageNet's mean and deviation applied. Errors: NOT_FOUND, no such network.
absl::StatusOr<std::string> ZooPreprocess(absl::string_view architecture);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_MODEL_FOLDER_H_
