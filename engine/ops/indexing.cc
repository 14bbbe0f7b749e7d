#include "engine/ops/indexing.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kLargest = int64_t{1} << 62;

// `value` without its fraction, within +-2^62. NaN counts as the smallest.
template <typename T>
int64_t WholeNumber(T value) {
  if constexpr (kIsFloating<T>) {
    const double number = static_cast<ComputeType<T>>(value);
    if (!(number > -0x1p62)) return -kLargest;
    return number < 0x1p62 ? static_cast<int64_t>(number) : kLargest;
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return static_cast<int64_t>(std::min<uint64_t>(value, kLargest));
  } else {
    return std::clamp<int64_t>(static_cast<int64_t>(value), -kLargest, kLargest);
  }
}

absl::Status OutOfRange(int64_t position, IndexMode mode, int64_t size) {
  return ExpectedGot(absl::StrCat("an index in [", mode == IndexMode::kFromEnd ? -size : 0, ", ", size, ")"), position);
}

template <typename T>
absl::Status Resolve(const T* indices, int64_t count, IndexMode mode, int64_t size, int64_t* resolved) {
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = WholeNumber(indices[i]);
    if (size == 0 && mode != IndexMode::kKeep) return OutOfRange(position, mode, size);
    switch (mode) {
      case IndexMode::kClip:
        position = std::clamp<int64_t>(position, 0, size - 1);
        break;
      case IndexMode::kWrap:
        position = (position % size + size) % size;
        break;
      case IndexMode::kRaise:
      case IndexMode::kFromEnd:
        if (position >= size || position < (mode == IndexMode::kRaise ? 0 : -size)) {
          return OutOfRange(position, mode, size);
        }
        if (position < 0) position += size;
        break;
      case IndexMode::kKeep:
        break;
    }
    resolved[i] = position;
  }
  return absl::OkStatus();
}

// Copies rows of a size the compiler knows.
template <typename Row>
void GatherShortRows(const RowGather& gather, const int64_t* index, const char* from, char* to, int64_t begin,
                     int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const int64_t source = row / gather.count * gather.size + index[row % gather.count];
    std::memcpy(to + row * sizeof(Row), from + source * sizeof(Row), sizeof(Row));
  }
}

void GatherRange(const RowGather& gather, const int64_t* index, const char* from, char* to, int64_t begin,
                 int64_t end) {
  switch (gather.row_bytes) {
    case 1:
      return GatherShortRows<uint8_t>(gather, index, from, to, begin, end);
    case 2:
      return GatherShortRows<uint16_t>(gather, index, from, to, begin, end);
    case 4:
      return GatherShortRows<uint32_t>(gather, index, from, to, begin, end);
    case 8:
      return GatherShortRows<uint64_t>(gather, index, from, to, begin, end);
    default:
      for (int64_t row = begin; row < end; ++row) {
        const int64_t source = row / gather.count * gather.size + index[row % gather.count];
        std::memcpy(to + row * gather.row_bytes, from + source * gather.row_bytes, gather.row_bytes);
      }
  }
}

}  // namespace

absl::Status ResolveIndices(const TensorView& indices, int64_t first, int64_t count, IndexMode mode, int64_t size,
                            int64_t* resolved) {
  return DispatchDType(indices.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    return Resolve(indices.data<const T>() + first, count, mode, size, resolved);
  });
}

absl::Status ResolveRows(const TensorView& indices, int64_t axes, int64_t columns, IndexMode mode, const Shape& shape,
                         int64_t* rows) {
  // In pieces, so that the positions of one axis fit onto the stack.
  constexpr int64_t kPiece = 256;
  int64_t positions[kPiece];
  std::fill_n(rows, columns, 0);
  for (int64_t axis = 0; axis < axes; ++axis) {
    for (int64_t begin = 0; begin < columns; begin += kPiece) {
      const int64_t count = std::min(kPiece, columns - begin);
      const absl::Status status = ResolveIndices(indices, axis * columns + begin, count, mode, shape[axis], positions);
      if (!status.ok()) return Annotate(status, absl::StrCat("axis ", axis));
      for (int64_t i = 0; i < count; ++i) rows[begin + i] = rows[begin + i] * shape[axis] + positions[i];
    }
  }
  return absl::OkStatus();
}

void GatherRows(OpContext& context, const RowGather& gather, const int64_t* index, const void* from, void* to) {
  const int64_t grain = std::max<int64_t>((32 << 10) / std::max<int64_t>(gather.row_bytes, 1), 1);
  context.ParallelRanges(gather.outer * gather.count, grain, [&](int64_t begin, int64_t end) {
    GatherRange(gather, index, static_cast<const char*>(from), static_cast<char*>(to), begin, end);
  });
}

void ScatterRows(int64_t count, int64_t row_bytes, const int64_t* index, const void* from, void* to) {
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(static_cast<char*>(to) + index[i] * row_bytes, static_cast<const char*>(from) + i * row_bytes,
                row_bytes);
  }
}

}  // namespace baryon
