// Graphs as text, for people (`baryon summary --graph`) and for tests of passes:
//
//   input data: float32 [1, 3, 8, 8]
//   const weight: float32 [4, 3, 3, 3]
//   conv0 = Convolution(data, weight) {kernel=(3, 3), no_bias=True, num_filter=4} : float32 [1, 4, 6, 6]
//   relu0 = Activation(conv0) {act_type=relu} : float32 [1, 4, 6, 6]
//   output relu0_output = relu0
//
// A value is its node's name, with ":1" behind it for output 1 and so on; nodes that share a name are told apart by
// "#2", "#3". Attributes at their defaults are left out. Lines that start with '#' and empty lines are skipped.
#ifndef BARYON_ENGINE_GRAPH_GRAPH_TEXT_H_
#define BARYON_ENGINE_GRAPH_GRAPH_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/graph/graph.h"

namespace baryon {

std::string GraphToText(const Graph& graph);

// Reads such text. The types after ':' of operators are optional and ignored: they are inferred. Constants get seeded
// random elements in [-1, 1) (positive for names that end in "var" or "gamma"), the same for the same name; "const k:
// float32 [2] = 1 2.5" gives them. Errors name the line.
absl::StatusOr<Graph> GraphFromText(absl::string_view text);

// The attributes of an operator node that differ from what it would have without them: those the text shows.
Attrs NonDefaultAttrs(const Node& node);

}  // namespace baryon

#endif  // BARYON_ENGINE_GRAPH_GRAPH_TEXT_H_
