#include "engine/graph/op_registry.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/base/check.h"

namespace baryon {
namespace {

struct Registry {
  std::vector<std::unique_ptr<const OpDef>> ops;
  absl::flat_hash_map<std::string, const OpDef*> by_name;
};

Registry& GlobalRegistry() {
  static Registry* registry = new Registry;  // never destroyed: registered objects outlive main
  return *registry;
}

}  // namespace

void RegisterOp(std::unique_ptr<const OpDef> def) {
  Registry& registry = GlobalRegistry();
  for (const std::string& name : def->names) {
    const bool is_new = registry.by_name.emplace(name, def.get()).second;
    if (!is_new) std::fprintf(stderr, "operator \"%s\" is registered twice\n", name.c_str());
    BARYON_CHECK(is_new);
  }
  registry.ops.push_back(std::move(def));
}

const OpDef* FindOp(absl::string_view name) {
  const Registry& registry = GlobalRegistry();
  const auto it = registry.by_name.find(name);
  return it == registry.by_name.end() ? nullptr : it->second;
}

std::vector<const OpDef*> AllOps() {
  std::vector<const OpDef*> ops;
  for (const auto& op : GlobalRegistry().ops) ops.push_back(op.get());
  std::sort(ops.begin(), ops.end(), [](const OpDef* a, const OpDef* b) { return a->name() < b->name(); });
  return ops;
}

}  // namespace baryon
