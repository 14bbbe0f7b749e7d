// Files of models that nobody trained: for tests of time and memory.
#ifndef BARYON_TESTS_SUPPORT_MLP_FILES_H_
#define BARYON_TESTS_SUPPORT_MLP_FILES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace baryon {

// Writes PREFIX-symbol.json and PREFIX-0000.params of a perceptron whose layers have these widths, the input's first,
// with rectifiers between them and seeded weights. It takes `data`, float32 [-1, widths[0]]. Errors: those of writing.
absl::Status WriteMlp(const std::string& prefix, absl::Span<const int64_t> widths);

}  // namespace baryon

#endif  // BARYON_TESTS_SUPPORT_MLP_FILES_H_
