// Which operators keep the rows of a batch apart: row i (of axis 0) of the output depends on row i of the inputs alone.
#ifndef BARYON_ENGINE_RUNTIME_INDEPENDENT_ROWS_H_
#define BARYON_ENGINE_RUNTIME_INDEPENDENT_ROWS_H_

#include <cstdint>

#include "engine/graph/graph.h"

namespace baryon {

// Such a value has no rows: its first axis has nothing to do with the batch.
inline bool IsConstant(const Graph& graph, Value value) { return graph.node(value.node).kind == NodeKind::kConstant; }

// Whether all inputs of the operator `node`, constant weights of layers aside, and all its visible outputs have `rows`
// rows, which it keeps apart. Types are known. Only operators that are known to work so: false says nothing.
bool KeepsRowsApart(const Graph& graph, const Node& node, int64_t rows);

// Whether all inputs and outputs of the graph have `rows` rows, and every operator keeps them apart.
bool RowsAreIndependent(const Graph& graph, int64_t rows);

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_INDEPENDENT_ROWS_H_
