// The operators that are linked into the program, by name. The one process-wide state of the engine: complete before
// main starts, read-only from then on.
#ifndef BARYON_ENGINE_GRAPH_OP_REGISTRY_H_
#define BARYON_ENGINE_GRAPH_OP_REGISTRY_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "engine/graph/op_def.h"

namespace baryon {

// The operator that has `name` among its names, or nullptr.
const OpDef* FindOp(absl::string_view name);

// All operators, ordered by their first name.
std::vector<const OpDef*> AllOps();

}  // namespace baryon

#endif  // BARYON_ENGINE_GRAPH_OP_REGISTRY_H_
