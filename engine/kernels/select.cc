#include "engine/kernels/select.h"

#include <algorithm>

#include "engine/kernels/convert_row.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kBlock = 1024;

// Steps are 0 or 1.
template <typename T>
void SelectRow(const bool* condition, int64_t condition_step, const T* a, int64_t a_step, const T* b, int64_t b_step,
               T* y, int64_t n) {
  if (condition_step == 1 && a_step == 1 && b_step == 1) {
    for (int64_t i = 0; i < n; ++i) y[i] = condition[i] ? a[i] : b[i];
    return;
  }
  for (int64_t i = 0; i < n; ++i) y[i] = condition[i * condition_step] ? a[i * a_step] : b[i * b_step];
}

}  // namespace

void Select(const BroadcastRuns& runs, DType condition_dtype, const void* condition, DType dtype, const void* a,
            const void* b, void* y, int64_t begin, int64_t end) {
  const RowConverter to_bool = RowConverterOf(condition_dtype, DType::kBool);
  const int64_t condition_size = DTypeSize(condition_dtype);
  const int64_t condition_step = runs.step(0), a_step = runs.step(1), b_step = runs.step(2);
  bool holds[kBlock];
  DispatchBySize(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *a_data = static_cast<const T*>(a), *b_data = static_cast<const T*>(b);
    T* out = static_cast<T*>(y) + begin;
    runs.ForEach(begin, end, [&](const BroadcastRuns::Offsets& offsets, int64_t n) {
      for (int64_t i = 0; i < n; i += kBlock) {
        const int64_t count = std::min(kBlock, n - i);
        const int64_t from = offsets[0] + i * condition_step;
        to_bool(static_cast<const char*>(condition) + from * condition_size, holds, condition_step == 1 ? count : 1);
        SelectRow(holds, condition_step, a_data + offsets[1] + i * a_step, a_step, b_data + offsets[2] + i * b_step,
                  b_step, out, count);
        out += count;
      }
    });
  });
}

}  // namespace baryon::kernels
