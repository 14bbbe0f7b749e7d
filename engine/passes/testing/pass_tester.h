// Tests of passes: graph text before and after, and equal outputs.
#ifndef BARYON_ENGINE_PASSES_TESTING_PASS_TESTER_H_
#define BARYON_ENGINE_PASSES_TESTING_PASS_TESTER_H_

#include <string>

#include "absl/status/status.h"
#include "engine/graph/graph.h"

namespace baryon {

using PassFunction = absl::Status (*)(Graph& graph);

// Runs `pass` on the graph of `before` (see graph_text.h) and returns the text of the result without types. Expects
// that the result verifies and that both graphs give the same outputs for random inputs, within `tolerance` of the
// largest.
std::string RunPass(PassFunction pass, const std::string& before, double tolerance = 2e-6);

// `text` with every line's indentation and the types behind " : " taken away, for comparisons.
std::string WithoutTypes(const std::string& text);

}  // namespace baryon

#endif  // BARYON_ENGINE_PASSES_TESTING_PASS_TESTER_H_
