// Two ways through the output. Where runs are long, each run is one row loop (or several, when elements have to be
// converted on the way). Where they are short, as for a last axis of 3 channels, a block of the output is computed at
// once, and operands that repeat are spread out to the length of the block first; one that is the same in all runs is
// spread out only once, because a block holds a whole number of runs.
#include "engine/kernels/broadcast_binary.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/kernels/convert_row.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kBlock = 512;   // elements that are converted or spread out at once
constexpr int64_t kLongRun = 32;  // from here on a call for each run costs less than spreading out

// An operand in whatever dtype it has, read as T.
template <typename T>
class Reader {
 public:
  Reader(const void* data, DType dtype)
      : data_(static_cast<const char*>(data)),
        element_size_(DTypeSize(dtype)),
        convert_(dtype == DTypeOf<T>() ? nullptr : RowConverterOf(dtype, DTypeOf<T>())) {}

  bool converts() const { return convert_ != nullptr; }

  // `n` neighbours from `offset`: in place, or converted into `block`.
  const T* Read(int64_t offset, int64_t n, T* block) const {
    const char* from = data_ + offset * element_size_;
    if (convert_ == nullptr) return reinterpret_cast<const T*>(from);
    convert_(from, block, n);
    return block;
  }

  // Elements [begin, end) of the output's order, `n` of them into `block`.
  void Spread(const BroadcastRuns& runs, int operand, int64_t begin, int64_t end, T* block) const {
    const bool moves = runs.step(operand) == 1;
    runs.ForEach(begin, end, [&](const BroadcastRuns::Offsets& offsets, int64_t n) {
      const T* from = Read(offsets[operand], moves ? n : 1, block);
      if (!moves) {
        std::fill_n(block, n, T(*from));
      } else if (from != block) {
        std::copy_n(from, n, block);
      }
      block += n;
    });
  }

 private:
  const char* data_;
  int64_t element_size_;
  RowConverter convert_;
};

template <typename T>
class Runner {
 public:
  Runner(const BinaryFormula& formula, const BroadcastRuns& runs, const void* a, const void* b, void* y)
      : runs_(runs),
        loops_(BinaryLoopsOf<T>(formula.fn)),
        a_(a, formula.a),
        b_(b, formula.b),
        y_(static_cast<char*>(y)),
        y_size_(DTypeSize(formula.y)),
        store_(formula.y == DTypeOf<T>() ? nullptr : RowConverterOf(DTypeOf<T>(), formula.y)) {
    BARYON_DCHECK(loops_.both != nullptr);
  }

  void RunByRuns(int64_t begin, int64_t end) {
    const int64_t a_step = runs_.step(0), b_step = runs_.step(1);
    const bool converts = a_.converts() || b_.converts() || store_ != nullptr;
    runs_.ForEach(begin, end, [&](const BroadcastRuns::Offsets& offsets, int64_t n) {
      const int64_t block = converts ? kBlock : n;
      for (int64_t i = 0; i < n; i += block) {
        const int64_t count = std::min(block, n - i);
        const T* a = a_.Read(offsets[0] + i * a_step, a_step == 1 ? count : 1, a_block_);
        const T* b = b_.Read(offsets[1] + i * b_step, b_step == 1 ? count : 1, b_block_);
        Row(a_step == 1 || count == 1 ? (b_step == 1 || count == 1 ? loops_.both : loops_.fixed_b) : loops_.fixed_a, a,
            b, begin + i, count);
      }
      begin += n;
    });
  }

  void RunByBlocks(int64_t begin, int64_t end) {
    const int64_t block = kBlock / runs_.run() * runs_.run();
    const T *a = nullptr, *b = nullptr;
    for (int64_t i = begin; i < end; i += block) {
      const int64_t n = std::min(block, end - i);
      a = Block(a_, 0, i, i + n, a, a_block_);
      b = Block(b_, 1, i, i + n, b, b_block_);
      Row(loops_.both, a, b, i, n);
    }
  }

 private:
  // Operand `operand` of output elements [begin, end); `last` is what the block before had.
  const T* Block(const Reader<T>& reader, int operand, int64_t begin, int64_t end, const T* last, T* block) const {
    if (runs_.is_dense(operand)) return reader.Read(begin, end - begin, block);
    if (last == nullptr || !runs_.is_same_in_all_runs(operand)) reader.Spread(runs_, operand, begin, end, block);
    return block;
  }

  void Row(typename BinaryLoops<T>::Loop loop, const T* a, const T* b, int64_t begin, int64_t n) {
    char* to = y_ + begin * y_size_;
    if (store_ == nullptr) return loop(a, b, reinterpret_cast<T*>(to), n);
    loop(a, b, y_block_, n);
    store_(y_block_, to, n);
  }

  const BroadcastRuns& runs_;
  const BinaryLoops<T> loops_;
  const Reader<T> a_, b_;
  char* y_;
  const int64_t y_size_;
  const RowConverter store_;
  alignas(64) T a_block_[kBlock], b_block_[kBlock], y_block_[kBlock];
};

template <typename T>
void RunAs(const BinaryFormula& formula, const BroadcastRuns& runs, const void* a, const void* b, void* y,
           int64_t begin, int64_t end) {
  Runner<T> runner(formula, runs, a, b, y);
  runs.is_single_run() || runs.run() >= kLongRun ? runner.RunByRuns(begin, end) : runner.RunByBlocks(begin, end);
}

}  // namespace

BroadcastBinary::BroadcastBinary(const BinaryFormula& formula, absl::Span<const int64_t> a_shape,
                                 absl::Span<const int64_t> b_shape, absl::Span<const int64_t> y_shape)
    : formula_(formula), runs_({a_shape, b_shape}, y_shape) {}

void BroadcastBinary::Run(const void* a, const void* b, void* y, int64_t begin, int64_t end) const {
  if (begin >= end) return;
  switch (RowDType(formula_.arithmetic)) {
    case DType::kFloat64:
      return RunAs<double>(formula_, runs_, a, b, y, begin, end);
    case DType::kInt64:
      return RunAs<int64_t>(formula_, runs_, a, b, y, begin, end);
    case DType::kUInt64:
      return RunAs<uint64_t>(formula_, runs_, a, b, y, begin, end);
    default:
      return RunAs<float>(formula_, runs_, a, b, y, begin, end);
  }
}

}  // namespace baryon::kernels
