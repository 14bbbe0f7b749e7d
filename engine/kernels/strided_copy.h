// Copies between two strided views: what transposes, slices, concatenations, tilings, broadcasts and fills come down
// to.
#ifndef BARYON_ENGINE_KERNELS_STRIDED_COPY_H_
#define BARYON_ENGINE_KERNELS_STRIDED_COPY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace baryon::kernels {

// One loop of the nest: `size` steps, each of which advances `from` elements in the source and `to` in the target. A
// `from` of 0 repeats elements; a negative stride walks backwards.
struct CopyLoop {
  int64_t size;
  int64_t from, to;
};

// target[sum of i_k * loops[k].to] = source[sum of i_k * loops[k].from] for all 0 <= i_k < loops[k].size. The order of
// the loops has no meaning: they are merged and reordered for the memory once, when the copy is made. No two steps may
// write to one element. Immutable; any number of threads run it at once.
class StridedCopy {
 public:
  // Elements have 1, 2, 4 or 8 bytes. No loops at all mean one element.
  StridedCopy(std::vector<CopyLoop> loops, int64_t element_size);

  int64_t size_bytes() const;  // of what is written

  // `from` and `to` are the elements at index 0 of every loop; source and target do not overlap. Allocates nothing.
  void Run(const void* from, void* to) const { RunLoops(0, static_cast<const char*>(from), static_cast<char*>(to)); }

  // The copy in at most `most` parts of similar size, for threads. Offsets count bytes from those of the whole.
  struct Part;
  std::vector<Part> Split(int64_t most) const;

 private:
  enum class Inner {
    kRuns,       // the innermost loop moves neighbours to neighbours
    kTranspose,  // it writes neighbours, the loop around it reads neighbours
    kFill,       // it writes one element to neighbours
    kSingly,     // anything else
  };

  void Normalize();
  void ChooseInner();
  void RunLoops(size_t level, const char* from, char* to) const;
  void RunInner(const char* from, char* to) const;

  int64_t element_size_;
  Inner inner_ = Inner::kSingly;
  std::vector<CopyLoop> loops_;  // at least two, outermost first; strides in bytes
};

struct StridedCopy::Part {
  StridedCopy copy;
  int64_t from, to;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_STRIDED_COPY_H_
