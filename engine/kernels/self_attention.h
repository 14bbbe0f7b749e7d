// Self-attention: for each sequence and head, softmax(Q K' / sqrt(size)) V, where queries, keys and values stand next
// to each other in one array [length, batch, heads, 3, size]. The result is [length, batch, heads, size].
//
// A task is one head of one sequence. It packs K' and V once, and takes some rows of Q at a time, so that their scores
// never leave the near caches. Keys beyond the longest length of a sequence are not looked at. Immutable; holds no
// operand; no error, no allocation when run.
#ifndef BARYON_ENGINE_KERNELS_SELF_ATTENTION_H_
#define BARYON_ENGINE_KERNELS_SELF_ATTENTION_H_

#include <cstdint>
#include <string>

#include "engine/kernels/gemm_tile.h"
#include "engine/kernels/packed_gemm.h"

namespace baryon::kernels {

struct SelfAttentionShape {
  int64_t length, batch, heads, size;

  int64_t head_stride() const { return 3 * size; }
  int64_t batch_stride() const { return heads * head_stride(); }
  int64_t time_stride() const { return batch * batch_stride(); }
};

struct SelfAttentionOperands {
  const float* in;         // [length, batch, heads, 3, size]
  const int32_t* lengths;  // [batch, heads, length]: keys that take part for each query, clamped; nullptr: all
  float* out;              // [length, batch, heads, size]
};

class SelfAttention {
 public:
  SelfAttention(const SelfAttentionShape& shape, const GemmTarget& target);

  int num_tasks() const { return static_cast<int>(shape_.batch * shape_.heads); }
  int64_t workspace_bytes() const;  // scratch of a task, 64-byte aligned
  int64_t num_multiplications() const;
  std::string ToString() const;  // "attention avx512 6x64, 43 rows at once"

  void RunTask(int task, const SelfAttentionOperands& operands, char* workspace) const;

 private:
  struct Head;

  void RunBlock(const Head& head, int64_t first, int64_t count) const;
  void MultiplyRows(const PackedLayout& layout, const float* packed, int64_t k, int64_t columns, int64_t count,
                    const float* a, int64_t a_stride, float* c, int64_t c_stride) const;

  SelfAttentionShape shape_;
  const GemmTarget* target_;
  PackedLayout keys_, values_;  // K' [size, length] and V [length, size]
  int64_t block_rows_ = 0;
  int64_t score_stride_ = 0;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_SELF_ATTENTION_H_
