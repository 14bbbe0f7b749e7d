#include "engine/kernels/convert_row.h"

#include <cstring>
#include <limits>
#include <type_traits>

namespace baryon::kernels {
namespace {

// Truncation without undefined behaviour. The comparison is exact: both limits are powers of two, which floats hold.
template <typename To, typename From>
To Truncated(From x) {
  constexpr From kEnd = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * 2;
  constexpr From kLow = static_cast<From>(std::numeric_limits<To>::min());
  if (x > kLow - 1 && x < kEnd) return static_cast<To>(x);
  // -129 as uint8 is 127, as a conversion by way of a wider type has it.
  constexpr From kWide = static_cast<From>(int64_t{1} << 62);
  if ((sizeof(To) < 4 || std::is_unsigned_v<To>)&&x > -kWide && x < kWide)
    return static_cast<To>(static_cast<int64_t>(x));
  return std::numeric_limits<To>::min();
}

template <typename To, typename From>
To Converted(From value) {
  const ComputeType<From> x = value;
  if constexpr (std::is_same_v<To, bool>) {
    return x != 0;
  } else if constexpr (std::is_integral_v<To> && kIsFloating<From>) {
    return Truncated<To>(x);
  } else {
    return static_cast<To>(static_cast<ComputeType<To>>(x));
  }
}

template <typename From, typename To>
void ConvertRow(const void* from, void* to, int64_t n) {
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(to, from, n * sizeof(From));
  } else {
    const From* x = static_cast<const From*>(from);
    To* y = static_cast<To*>(to);
    for (int64_t i = 0; i < n; ++i) y[i] = Converted<To>(x[i]);
  }
}

}  // namespace

RowConverter RowConverterOf(DType from, DType to) {
  return DispatchDType(from, [&](auto from_tag) {
    return DispatchDType(to, [](auto to_tag) -> RowConverter {
      return ConvertRow<typename decltype(from_tag)::type, typename decltype(to_tag)::type>;
    });
  });
}

}  // namespace baryon::kernels
