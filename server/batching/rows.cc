#include "server/batching/rows.h"

#include <cstring>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

bool SameButRows(const TensorType& a, const TensorType& b) {
  return a.dtype == b.dtype && a.shape.rank() == b.shape.rank() &&
         a.shape.dims().subspan(1) == b.shape.dims().subspan(1);
}

}  // namespace

std::optional<int64_t> CommonRows(const Tensors& tensors) {
  std::optional<int64_t> rows;
  for (const Tensor& tensor : tensors) {
    if (tensor.empty()) continue;
    if (tensor.shape().rank() == 0 || rows.value_or(tensor.shape()[0]) != tensor.shape()[0]) return std::nullopt;
    rows = tensor.shape()[0];
  }
  return rows;
}

bool CanJoin(const Tensors& a, const Tensors& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].empty() != b[i].empty()) return false;
    if (!a[i].empty() && !SameButRows(a[i].type(), b[i].type())) return false;
  }
  return true;
}

std::string JoinKey(const Tensors& tensors) {
  std::string key;
  for (const Tensor& tensor : tensors) {
    if (tensor.empty()) {
      key += '-';
      continue;
    }
    absl::StrAppend(&key, static_cast<int>(tensor.dtype()), "[");
    for (int64_t dim : tensor.shape().dims().subspan(1)) absl::StrAppend(&key, dim, ",");
    key += ']';
  }
  return key;
}

absl::StatusOr<Tensors> JoinRows(absl::Span<const Tensors* const> requests) {
  Tensors joined(requests[0]->size());
  for (size_t i = 0; i < joined.size(); ++i) {
    if ((*requests[0])[i].empty()) continue;
    TensorType type = (*requests[0])[i].type();
    type.shape[0] = 0;
    for (const Tensors* request : requests) type.shape[0] += (*request)[i].shape()[0];
    BARYON_ASSIGN_OR_RETURN(joined[i], Tensor::TryAllocate(std::move(type)));
    char* position = static_cast<char*>(joined[i].mutable_raw_data());
    for (const Tensors* request : requests) {
      const Tensor& part = (*request)[i];
      std::memcpy(position, part.raw_data(), part.size_bytes());
      position += part.size_bytes();
    }
  }
  return joined;
}

absl::StatusOr<std::vector<Tensors>> SplitRows(const Tensors& outputs, absl::Span<const int64_t> rows) {
  const int64_t total = std::accumulate(rows.begin(), rows.end(), int64_t{0});
  std::vector<Tensors> parts(rows.size());
  for (const Tensor& output : outputs) {
    if (output.shape().rank() == 0 || output.shape()[0] != total) {
      return absl::InternalError(
          absl::StrCat("expected an output of ", total, " rows, got ", output.type().ToString()));
    }
    int64_t begin = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      parts[i].push_back(output.Rows(begin, begin + rows[i]));
      begin += rows[i];
    }
  }
  return parts;
}

}  // namespace baryon
