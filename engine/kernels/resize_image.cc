// All filters but the nearest neighbour are separable: a row of the new picture is a weighted sum of rows that were
// resized along the width before. Those stay in scratch memory as long as they are needed.
#include "engine/kernels/resize_image.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace baryon::kernels {
namespace {

constexpr int kFixedBits = 11;
constexpr int64_t kMostFilterTaps = 8;

// Weights of the inputs around a position that lies `x` behind the middle one.
void LinearWeights(float x, float* weights) {
  weights[0] = 1.0f - x;
  weights[1] = x;
}
void CubicWeights(float x, float* weights) {
  constexpr float kA = -0.75f;
  weights[0] = ((kA * (x + 1) - 5 * kA) * (x + 1) + 8 * kA) * (x + 1) - 4 * kA;
  weights[1] = ((kA + 2) * x - (kA + 3)) * x * x + 1;
  weights[2] = ((kA + 2) * (1 - x) - (kA + 3)) * (1 - x) * (1 - x) + 1;
  weights[3] = 1.0f - weights[0] - weights[1] - weights[2];
}
// sinc(t) sinc(t / 4) for a sum of 1. sin(pi t) differs by its sign alone from input to input.
void LanczosWeights(float x, float* weights) {
  constexpr double kPi = 3.14159265358979323846;
  double terms[kMostFilterTaps], sum = 0;
  for (int i = 0; i < kMostFilterTaps; ++i) {
    const double t = x + 3 - i;
    terms[i] = x < 1e-7f ? (i == 3 ? 1 : 0) : (i % 2 == 0 ? 1 : -1) * std::sin(kPi / 4 * t) / (t * t);
    sum += terms[i];
  }
  for (int i = 0; i < kMostFilterTaps; ++i) weights[i] = static_cast<float>(terms[i] / sum);
}

double ScaleOf(int64_t in, int64_t out) { return 1 / (static_cast<double>(out) / static_cast<double>(in)); }

ResizeAxis NearestAxis(int64_t in, int64_t out) {
  ResizeAxis axis;
  for (int64_t i = 0; i < out; ++i) {
    axis.Add(std::min(static_cast<int64_t>(std::floor(static_cast<double>(i) * ScaleOf(in, out))), in - 1), 1);
  }
  return axis;
}

// Outputs that cover `size` whole inputs each.
ResizeAxis WholeAreaAxis(int64_t size, int64_t out) {
  ResizeAxis axis;
  axis.taps = size;
  for (int64_t i = 0; i < out * size; ++i) axis.Add(i, 1);
  return axis;
}

// Outputs that cover more than one input each, the first and last of them perhaps in part.
ResizeAxis AreaAxis(int64_t in, int64_t out) {
  constexpr double kLeastShare = 1e-3;
  const double scale = ScaleOf(in, out);
  ResizeAxis axis;
  axis.taps = static_cast<int64_t>(std::ceil(scale)) + 1;
  for (int64_t i = 0; i < out; ++i) {
    const double begin = static_cast<double>(i) * scale, end = begin + scale;
    const double width = std::min(scale, static_cast<double>(in) - begin);
    const int64_t last = std::min(static_cast<int64_t>(std::floor(end)), in - 1);
    const int64_t first = std::min(static_cast<int64_t>(std::ceil(begin)), last);
    int64_t taps = 0;
    const auto add = [&](int64_t input, double share) {
      if (taps++ < axis.taps) axis.Add(input, static_cast<float>(share / width));
    };
    const double before = static_cast<double>(first) - begin, behind = end - static_cast<double>(last);
    if (before > kLeastShare) add(first - 1, before);
    for (int64_t input = first; input < last; ++input) add(input, 1);
    if (behind > kLeastShare) add(last, std::min({behind, 1.0, width}));
    while (taps < axis.taps) add(last, 0);
  }
  return axis;
}

// Outputs between inputs. Beyond the first and last columns OpenCV takes those alone; beyond the first and last rows it
// adds two shares of them, each rounded.
enum class Axis { kRows, kColumns };
ResizeAxis FilterAxis(Axis which, ResizeFilter filter, int64_t in, int64_t out) {
  const double inverse = static_cast<double>(out) / static_cast<double>(in), scale = ScaleOf(in, out);
  ResizeAxis axis;
  axis.taps = filter == ResizeFilter::kLanczos ? 8 : filter == ResizeFilter::kCubic ? 4 : 2;
  for (int64_t i = 0; i < out; ++i) {
    float position = static_cast<float>((static_cast<double>(i) + 0.5) * scale - 0.5);
    int64_t middle = static_cast<int64_t>(std::floor(position));
    position -= static_cast<float>(middle);
    if (filter == ResizeFilter::kArea) {  // enlarging: steps, with an output across the border between two inputs
      middle = static_cast<int64_t>(std::floor(static_cast<double>(i) * scale));
      position = static_cast<float>(static_cast<double>(i + 1) - static_cast<double>(middle + 1) * inverse);
      position = position <= 0 ? 0 : position - std::floor(position);
    }
    float weights[kMostFilterTaps];
    if (filter == ResizeFilter::kCubic) {
      CubicWeights(position, weights);
    } else if (filter == ResizeFilter::kLanczos) {
      LanczosWeights(position, weights);
    } else {
      const bool at_border = which == Axis::kColumns && (middle < 0 || middle >= in - 1);
      LinearWeights(at_border ? 0 : position, weights);
    }
    for (int64_t tap = 0; tap < axis.taps; ++tap) {
      axis.Add(std::clamp<int64_t>(middle - axis.taps / 2 + 1 + tap, 0, in - 1), weights[tap]);
    }
  }
  return axis;
}

// A sum of weighted rows as an element.
uint8_t FixedToByte(int64_t sum) {
  return static_cast<uint8_t>(std::clamp<int64_t>((sum + (1 << (2 * kFixedBits - 1))) >> (2 * kFixedBits), 0, 255));
}
uint8_t FloatToByte(float value) { return static_cast<uint8_t>(std::clamp(std::nearbyint(value), 0.0f, 255.0f)); }

}  // namespace

void ResizeAxis::Add(int64_t input, float weight) {
  inputs.push_back(static_cast<int32_t>(input));
  weights.push_back(weight);
  fixed.push_back(static_cast<int32_t>(std::nearbyint(weight * (1 << kFixedBits))));
}

ImageResizer::ImageResizer(ResizeFilter filter, const ImageSizes& sizes) : sizes_(sizes), filter_(filter) {
  const bool halves = sizes.height == 2 * sizes.new_height && sizes.width == 2 * sizes.new_width;
  const bool shrinks = sizes.new_height <= sizes.height && sizes.new_width <= sizes.width;
  const bool is_area = shrinks && (filter == ResizeFilter::kArea || (filter == ResizeFilter::kLinear && halves));
  if (is_area && sizes.height % sizes.new_height == 0 && sizes.width % sizes.new_width == 0) {
    const int64_t rows = sizes.height / sizes.new_height, columns = sizes.width / sizes.new_width;
    filter_ = ResizeFilter::kArea;
    factor_ = 1.0f / static_cast<float>(rows * columns);
    halves_up_ = halves && sizes.channels != 2;
    rows_ = WholeAreaAxis(rows, sizes.new_height);
    columns_ = WholeAreaAxis(columns, sizes.new_width);
  } else if (is_area) {
    rows_ = AreaAxis(sizes.height, sizes.new_height);
    columns_ = AreaAxis(sizes.width, sizes.new_width);
  } else if (filter == ResizeFilter::kNearest) {
    rows_ = NearestAxis(sizes.height, sizes.new_height);
    columns_ = NearestAxis(sizes.width, sizes.new_width);
  } else {
    rows_ = FilterAxis(Axis::kRows, filter, sizes.height, sizes.new_height);
    columns_ = FilterAxis(Axis::kColumns, filter, sizes.width, sizes.new_width);
    if (filter == ResizeFilter::kArea) filter_ = ResizeFilter::kLinear;
  }
}

int64_t ImageResizer::scratch_bytes() const {
  const int64_t row = sizes_.new_width * sizes_.channels * static_cast<int64_t>(sizeof(double));
  return (rows_.taps + 1) * row + rows_.taps * static_cast<int64_t>(sizeof(int64_t));
}

template <typename T>
void ImageResizer::CopyNearest(const T* in, int64_t begin, int64_t end, T* out) const {
  const int64_t channels = sizes_.channels;
  for (int64_t y = begin; y < end; ++y) {
    const T* row = in + rows_.inputs[y] * sizes_.width * channels;
    T* to = out + y * sizes_.new_width * channels;
    for (int64_t x = 0; x < sizes_.new_width; ++x, to += channels) {
      std::copy_n(row + columns_.inputs[x] * channels, channels, to);
    }
  }
}

// Rows of the old picture at the new width, those that were asked for last; int32_t ones in units of 2^-11.
template <typename T, typename Sum>
class ImageResizer::RowCache {
 public:
  RowCache(const ImageResizer& resizer, const T* in, Sum* rows, int64_t* numbers)
      : sizes_(resizer.sizes_), columns_(resizer.columns_), in_(in), rows_(rows), numbers_(numbers) {
    places_ = resizer.rows_.taps;
    std::fill_n(numbers_, places_, -1);
  }

  // A row keeps the place of its number modulo the taps, where no other row of the same output comes.
  const Sum* Get(int64_t number) {
    const int64_t place = number % places_;
    Sum* row = rows_ + place * sizes_.new_width * sizes_.channels;
    if (numbers_[place] != number) Fill(in_ + number * sizes_.width * sizes_.channels, row);
    numbers_[place] = number;
    return row;
  }

 private:
  void Fill(const T* from, Sum* to) const {
    for (int64_t x = 0; x < sizes_.new_width; ++x) {
      const int64_t first = x * columns_.taps;
      for (int64_t c = 0; c < sizes_.channels; ++c) {
        Sum sum = 0;
        for (int64_t tap = first; tap < first + columns_.taps; ++tap) {
          const Sum weight = std::is_same_v<Sum, int32_t> ? columns_.fixed[tap] : columns_.weights[tap];
          sum += static_cast<Sum>(from[columns_.inputs[tap] * sizes_.channels + c]) * weight;
        }
        *to++ = sum;
      }
    }
  }

  const ImageSizes& sizes_;
  const ResizeAxis& columns_;
  const T* in_;
  Sum* rows_;
  int64_t* numbers_;
  int64_t places_;
};

template <typename T, typename Sum>
void ImageResizer::SumRows(const T* in, int64_t begin, int64_t end, T* out, void* scratch) const {
  const int64_t length = sizes_.new_width * sizes_.channels, taps = rows_.taps;
  Sum* sums = static_cast<Sum*>(scratch);
  int64_t* numbers = static_cast<int64_t*>(scratch) + (taps + 1) * length;
  RowCache<T, Sum> cache(*this, in, sums + length, numbers);
  for (int64_t y = begin; y < end; ++y) {
    const int64_t first = y * taps;
    T* to = out + y * length;
    if constexpr (std::is_same_v<Sum, int32_t>) {
      const int32_t* weights = rows_.fixed.data() + first;
      if (taps == 2) {  // in 16 bits, as OpenCV's vectors do
        const Sum *a = cache.Get(rows_.inputs[first]), *b = cache.Get(rows_.inputs[first + 1]);
        for (int64_t i = 0; i < length; ++i) {
          const int32_t sum = ((weights[0] * (a[i] >> 4)) >> 16) + ((weights[1] * (b[i] >> 4)) >> 16);
          to[i] = static_cast<T>(std::clamp((sum + 2) >> 2, 0, 255));
        }
        continue;
      }
    }
    std::fill_n(sums, length, Sum{0});
    for (int64_t tap = first; tap < first + taps; ++tap) {
      const Sum* row = cache.Get(rows_.inputs[tap]);
      const Sum weight = std::is_same_v<Sum, int32_t> ? rows_.fixed[tap] : rows_.weights[tap];
      for (int64_t i = 0; i < length; ++i) sums[i] += weight * row[i];
    }
    for (int64_t i = 0; i < length; ++i) {
      if constexpr (std::is_same_v<Sum, int32_t>) {
        to[i] = FixedToByte(sums[i]);
      } else if constexpr (std::is_same_v<T, uint8_t>) {
        to[i] = halves_up_ ? static_cast<uint8_t>(sums[i] * factor_ + 0.5f) : FloatToByte(sums[i] * factor_);
      } else {
        to[i] = sums[i] * static_cast<Sum>(factor_);
      }
    }
  }
}

template <typename T>
void ImageResizer::Resize(const T* in, int64_t begin, int64_t end, T* out, void* scratch) const {
  if (filter_ == ResizeFilter::kNearest) return CopyNearest(in, begin, end, out);
  if constexpr (std::is_same_v<T, uint8_t>) {
    is_fixed_point() ? SumRows<T, int32_t>(in, begin, end, out, scratch)
                     : SumRows<T, float>(in, begin, end, out, scratch);
  } else if constexpr (std::is_floating_point_v<T>) {
    SumRows<T, T>(in, begin, end, out, scratch);
  }
}

template void ImageResizer::Resize<uint8_t>(const uint8_t*, int64_t, int64_t, uint8_t*, void*) const;
template void ImageResizer::Resize<uint16_t>(const uint16_t*, int64_t, int64_t, uint16_t*, void*) const;
template void ImageResizer::Resize<uint32_t>(const uint32_t*, int64_t, int64_t, uint32_t*, void*) const;
template void ImageResizer::Resize<uint64_t>(const uint64_t*, int64_t, int64_t, uint64_t*, void*) const;
template void ImageResizer::Resize<float>(const float*, int64_t, int64_t, float*, void*) const;
template void ImageResizer::Resize<double>(const double*, int64_t, int64_t, double*, void*) const;

}  // namespace baryon::kernels
