// Graph files of MXNet (`*-symbol.json`): every generation from before 0.9 to 2.x. FORMAT.md has the schema.
#ifndef BARYON_ENGINE_IO_SYMBOL_JSON_H_
#define BARYON_ENGINE_IO_SYMBOL_JSON_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/graph/graph.h"

namespace baryon {

// A symbol file as a graph whose inputs are all variables of the file, parameters among them.
struct Symbol {
  Graph graph;
  int mxnet_version = 0;                       // 10901 for 1.9.1; 800 when the file does not say
  std::map<std::string, TensorType> declared;  // what variables say of themselves (__shape__, __dtype__): hints
};

// Reads the text of a symbol file. Upgrades older ones as MXNet does (missing inputs become variables, old attribute
// names), resolves aliases, and gives graph inputs the order of list_inputs() and graph outputs the names of
// list_outputs(), with "_1" and so on behind names that come again. Nodes may stand in any order; those that no head
// needs are left out. Variables of one name are one variable, as they are when Gluon gives them values. `where` names
// the file in errors.
// Errors: DATA_LOSS, not JSON or not a graph; UNIMPLEMENTED, unknown operators, all of them with their nodes;
// INVALID_ARGUMENT, an attribute or an input that does not fit, naming the node; RESOURCE_EXHAUSTED, more than 128 MiB.
absl::StatusOr<Symbol> ReadSymbol(absl::string_view json, absl::string_view where);

// The operators of a symbol file that this engine does not have, each with the names of its nodes: for `baryon check`.
// Empty when there is none. Operators written in Python stand there as "Custom op_type=NAME". Errors: DATA_LOSS.
absl::StatusOr<std::map<std::string, std::vector<std::string>>> FindUnknownOperators(absl::string_view json,
                                                                                     absl::string_view where);

// The text of a symbol file for `graph`, which MXNet 1.x loads. Inputs and constants become variables; those of
// parameters say their shape. Attributes are written where they differ from the default. Errors: INVALID_ARGUMENT, a
// node that only passes make.
absl::StatusOr<std::string> WriteSymbol(const Graph& graph);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_SYMBOL_JSON_H_
