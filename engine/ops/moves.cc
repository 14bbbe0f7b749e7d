#include "engine/ops/moves.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace baryon {
namespace {

using kernels::CopyLoop;
using kernels::StridedCopy;

// Below this many bytes a thread costs more than it saves.
constexpr int64_t kLeastBytesOfThread = 32 << 10;

struct Task {
  StridedCopy copy;
  int input, output;
  int64_t from, to;  // bytes
  bool same_places;
};

// Tasks of one thread, after each other.
using Share = std::vector<Task>;

bool KeepsPlaces(const Move& move) {
  return move.from == move.to &&
         std::all_of(move.loops.begin(), move.loops.end(), [](const CopyLoop& loop) { return loop.from == loop.to; });
}

// Cuts moves into shares of about equal size.
std::vector<Share> Distribute(const PrepareContext& context, const Moves& moves) {
  std::vector<Task> whole;
  int64_t total_bytes = 0;
  for (const Move& move : moves) {
    const int64_t size = DTypeSize(context.outputs()[move.output].dtype);
    StridedCopy copy(move.loops, size);
    if (copy.size_bytes() == 0) continue;
    total_bytes += copy.size_bytes();
    const bool fills = move.input == Move::kFill;
    whole.push_back({std::move(copy), move.input, move.output, fills ? 0 : move.from * size, move.to * size,
                     !fills && KeepsPlaces(move)});
  }
  const int64_t threads = std::clamp<int64_t>(total_bytes / kLeastBytesOfThread, 1, std::max(context.num_threads(), 1));
  std::vector<Share> shares(threads);
  int64_t bytes_before = 0;
  for (const Task& task : whole) {
    const int64_t bytes = task.copy.size_bytes();
    for (const StridedCopy::Part& part : task.copy.Split((bytes * threads + total_bytes - 1) / total_bytes)) {
      Task piece = {part.copy, task.input, task.output, task.from + part.from, task.to + part.to, task.same_places};
      const int64_t piece_bytes = piece.copy.size_bytes();
      shares[std::min((bytes_before + piece_bytes / 2) * threads / total_bytes, threads - 1)].push_back(
          std::move(piece));
      bytes_before += piece_bytes;
    }
  }
  return shares;
}

class MoveKernel : public Kernel {
 public:
  MoveKernel(std::vector<Share> moves, std::vector<Share> overwriting, FillValue fill)
      : moves_(std::move(moves)), overwriting_(std::move(overwriting)), fill_(fill) {}

  void Compute(OpContext& context) const override {
    RunShares(context, moves_);
    RunShares(context, overwriting_);
  }

  std::string algorithm() const override { return "move"; }

 private:
  void RunShares(OpContext& context, const std::vector<Share>& shares) const {
    if (shares.size() == 1) return RunShare(context, shares[0]);
    context.ParallelFor(static_cast<int>(shares.size()), [&](int i, int) { RunShare(context, shares[i]); });
  }

  void RunShare(const OpContext& context, const Share& share) const {
    for (const Task& task : share) {
      const TensorView& output = context.output(task.output);
      if (!output.has_data()) continue;
      const void* source = task.input == Move::kFill ? &fill_.bits : context.input(task.input).raw_data();
      if (task.same_places && source == output.raw_data()) continue;
      task.copy.Run(static_cast<const char*>(source) + task.from, static_cast<char*>(output.raw_data()) + task.to);
    }
  }

  const std::vector<Share> moves_, overwriting_;
  const FillValue fill_;
};

// A double outside of int64_t's range has no C cast; the nearest whole number stands in.
int64_t WholeNumber(double value) {
  if (!(value > -0x1p63)) return value != value ? 0 : INT64_MIN;
  return value < 0x1p63 ? static_cast<int64_t>(value) : INT64_MAX;
}

template <typename V>
FillValue FillValueOf(DType dtype, V value) {
  FillValue fill;
  DispatchDType(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T element;
    if constexpr (kIsFloating<T>) {
      element = static_cast<T>(static_cast<ComputeType<T>>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      element = value != 0;
    } else if constexpr (std::is_floating_point_v<V>) {
      element = static_cast<T>(WholeNumber(value));
    } else {
      element = static_cast<T>(value);
    }
    std::memcpy(&fill.bits, &element, sizeof(element));
  });
  return fill;
}

}  // namespace

FillValue FillValue::Of(DType dtype, double value) { return FillValueOf(dtype, value); }
FillValue FillValue::Of(DType dtype, int64_t value) { return FillValueOf(dtype, value); }

absl::StatusOr<std::unique_ptr<Kernel>> MakeMoveKernel(const PrepareContext& context, Moves moves, Moves overwriting,
                                                       FillValue fill) {
  return std::make_unique<MoveKernel>(Distribute(context, moves), Distribute(context, overwriting), fill);
}

Move DenseMove(int64_t count) { return {.loops = {{count, 1, 1}}}; }
Move FillMove(int64_t count) { return {.input = Move::kFill, .loops = {{count, 0, 1}}}; }

std::vector<CopyLoop> LoopsOver(const Shape& shape, absl::Span<const int64_t> from, absl::Span<const int64_t> to) {
  std::vector<CopyLoop> loops;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) loops.push_back({shape[axis], from[axis], to[axis]});
  return loops;
}

Moves MovesOfRuns(const Shape& from, const Shape& to, absl::Span<const std::vector<AxisRun>> runs) {
  const auto from_strides = RowMajorStrides(from), to_strides = RowMajorStrides(to);
  Moves moves = {Move()};
  for (int64_t axis = 0; axis < from.rank(); ++axis) {
    Moves longer;
    for (const Move& move : moves) {
      for (const AxisRun& run : runs[axis]) {
        longer.push_back(move);
        longer.back().from += run.from * from_strides[axis];
        longer.back().to += run.to * to_strides[axis];
        longer.back().loops.push_back({run.size, run.step * from_strides[axis], to_strides[axis]});
      }
    }
    moves = std::move(longer);
  }
  return moves;
}

}  // namespace baryon
