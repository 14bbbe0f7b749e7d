// Joining the tensors of several requests along axis 0, and taking the answers apart again.
#ifndef BARYON_SERVER_BATCHING_ROWS_H_
#define BARYON_SERVER_BATCHING_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// Inputs or outputs of a model in the order of its signature. An empty tensor is an input that is not given.
using Tensors = std::vector<Tensor>;

// The size of axis 0 when all tensors that are given have one and agree on it; else nothing.
std::optional<int64_t> CommonRows(const Tensors& tensors);

// True when `a` and `b` differ in the size of axis 0 at most. Both have common rows.
bool CanJoin(const Tensors& a, const Tensors& b);

// Equal for tensors that can be joined, and only for those.
std::string JoinKey(const Tensors& tensors);

// The rows of all `requests`, one after another, in new tensors. Any two can be joined. Errors: RESOURCE_EXHAUSTED.
absl::StatusOr<Tensors> JoinRows(absl::Span<const Tensors* const> requests);

// `outputs` cut into pieces of rows[0], rows[1], ... rows, which share its elements. Errors: INTERNAL when an output
// does not have as many rows as all pieces together.
absl::StatusOr<std::vector<Tensors>> SplitRows(const Tensors& outputs, absl::Span<const int64_t> rows);

}  // namespace baryon

#endif  // BARYON_SERVER_BATCHING_ROWS_H_
