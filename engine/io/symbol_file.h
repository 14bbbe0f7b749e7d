// The schema of a symbol file as structures: nodes, entries and attribute texts, before operators give them a meaning.
// symbol_json.h makes graphs of it. FORMAT.md has the schema.
#ifndef BARYON_ENGINE_IO_SYMBOL_FILE_H_
#define BARYON_ENGINE_IO_SYMBOL_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/graph/attrs.h"

namespace baryon {

struct SymbolNode;

// Output `output` of node `node`; `version` has no meaning at inference.
struct SymbolEntry {
  int32_t node = 0, output = 0, version = 0;
};

struct SymbolFile {
  static constexpr int kVersionWithoutField = 800;  // 0.8.0

  std::vector<SymbolNode> nodes;
  std::vector<SymbolEntry> heads;
  int mxnet_version = kVersionWithoutField;  // 10901 for 1.9.1
  bool np_shape = false;

  // Numbers of the nodes that heads depend on, each after what it reads, in the order in which MXNet lists them: depth
  // first from the first head on. Errors: DATA_LOSS when a node depends on itself.
  absl::StatusOr<std::vector<int32_t>> DepthFirstOrder() const;
};

struct SymbolNode {
  std::string op;  // "null" for a variable
  std::string name;
  Attrs attrs;  // of all spellings: "attrs", before 1.0 "attr", before 0.9 also "param"
  std::vector<SymbolEntry> inputs;
  std::vector<SymbolFile> subgraphs;
  int num_outputs = 1;  // hidden ones included; for writing only

  bool is_variable() const { return op == "null"; }
};

// Reads a file of any generation. Keys nobody knows get one warning. What node numbers name exists in the result, and
// variables have no inputs. Errors: DATA_LOSS with `where` and the line or node; RESOURCE_EXHAUSTED, beyond
// kMostSymbolBytes.
absl::StatusOr<SymbolFile> ParseSymbolFile(absl::string_view json, absl::string_view where);
constexpr int64_t kMostSymbolBytes = int64_t{1} << 27;

// The text as MXNet 1.x lays it out.
std::string FormatSymbolFile(const SymbolFile& file);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_SYMBOL_FILE_H_
