// Load and Mixed: initializers that look at the parameter's name.
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/initializer.h"
#include "engine/io/params_file.h"
#include "re2/re2.h"

namespace baryon::init {

Initializer Load(NamedTensors arrays, Initializer default_init) {
  for (auto& [name, array] : arrays) name = std::string(StripParamPrefix(name));
  return {"load",
          [arrays = std::move(arrays),
           default_init = std::move(default_init)](const Request& request) -> absl::StatusOr<Tensor> {
            const Tensor* array = FindTensor(arrays, request.name);
            if (array == nullptr) {
              if (!default_init.empty()) return default_init(request);
              return absl::NotFoundError(absl::StrCat("Cannot Initialize ", request.name,
                                                      ". Not found in loaded param and no default Initializer is "
                                                      "provided."));
            }
            if (array->shape() == request.type.shape) return array->Cast(request.type.dtype);
            return absl::InvalidArgumentError(
                absl::StrCat("Parameter ", request.name, " cannot be initialized from loading. Shape mismatch, target ",
                             ShapeTuple(request.type.shape), " vs loaded ", ShapeTuple(array->shape())));
          }};
}

Initializer Mixed(std::vector<std::pair<std::string, Initializer>> patterns) {
  struct Rule {
    std::string pattern;
    std::shared_ptr<const RE2> expression;
    Initializer initializer;
  };
  std::vector<Rule> rules;
  for (auto& [pattern, initializer] : patterns) {
    rules.push_back({pattern, std::make_shared<const RE2>(pattern, RE2::Quiet), std::move(initializer)});
  }
  return {"mixed", [rules = std::move(rules)](const Request& request) -> absl::StatusOr<Tensor> {
            for (const Rule& rule : rules) {
              if (!rule.expression->ok()) {
                return absl::InvalidArgumentError(
                    absl::StrCat("\"", rule.pattern, "\" is no regular expression: ", rule.expression->error()));
              }
              if (!rule.expression->Match(request.name, 0, request.name.size(), RE2::ANCHOR_START, nullptr, 0))
                continue;
              return (rule.initializer.empty() ? request.global : rule.initializer)(request);
            }
            return absl::InvalidArgumentError(absl::StrCat(
                "Parameter name ", request.name,
                " did not match any pattern. Consider adding a \".*\" pattern at the end with default Initializer."));
          }};
}

}  // namespace baryon::init
