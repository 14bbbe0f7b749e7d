// The values are copied next to each other and places are sorted by value and place, so the order does not depend on
// the algorithm: a heap of k for few, selection and sorting of the selected for many of them, sorting for all.
#include "engine/kernels/rank_line.h"

#include <algorithm>
#include <numeric>

namespace baryon::kernels {
namespace {

template <typename T>
void OrderPlaces(const T* values, int64_t n, int64_t k, bool ascending, int32_t* places) {
  const auto less = [values](int32_t a, int32_t b) {
    const T x = values[a], y = values[b];
    return x < y || (x == x && y != y);
  };
  const auto before = [less, ascending](int32_t a, int32_t b) {
    if (ascending ? less(a, b) : less(b, a)) return true;
    if (ascending ? less(b, a) : less(a, b)) return false;
    return a < b;
  };
  std::iota(places, places + n, 0);
  if (k * 16 <= n) {
    std::partial_sort(places, places + k, places + n, before);
    return;
  }
  if (k < n) std::nth_element(places, places + k, places + n, before);
  std::sort(places, places + k, before);
}

}  // namespace

int64_t RankLineBytes(DType dtype, int64_t n) { return n * (std::max<int64_t>(DTypeSize(dtype), 4) + 4); }

const int32_t* RankLine(DType dtype, const void* x, int64_t n, int64_t stride, int64_t k, bool ascending,
                        void* scratch) {
  int32_t* places = nullptr;
  DispatchDType(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using Value = ComputeType<T>;
    Value* values = static_cast<Value*>(scratch);
    for (int64_t i = 0; i < n; ++i) values[i] = static_cast<const T*>(x)[i * stride];
    char* after = static_cast<char*>(scratch) + n * std::max<int64_t>(sizeof(Value), 4);
    places = reinterpret_cast<int32_t*>(after);
    OrderPlaces(values, n, k, ascending, places);
  });
  return places;
}

}  // namespace baryon::kernels
