// Pictures [height, width, channels] brought to another size as OpenCV does it, which MXNet uses: for uint8 with
// weights of 11 bits and the same rounding.
#ifndef BARYON_ENGINE_KERNELS_RESIZE_IMAGE_H_
#define BARYON_ENGINE_KERNELS_RESIZE_IMAGE_H_

#include <cstdint>
#include <vector>

namespace baryon::kernels {

// By OpenCV's numbers. kArea averages the inputs that an output covers.
enum class ResizeFilter { kNearest = 0, kLinear = 1, kCubic = 2, kArea = 3, kLanczos = 4 };

struct ImageSizes {
  int64_t height, width, new_height, new_width, channels;
};

// What the outputs along an axis are made of: each of `taps` neighbouring inputs.
struct ResizeAxis {
  int64_t taps = 1;
  std::vector<int32_t> inputs;
  std::vector<float> weights;
  std::vector<int32_t> fixed;  // weights in units of 2^-11

  void Add(int64_t input, float weight);
};

// Immutable; any number of threads use it at once. The tables of an axis have 2 in + 8 out entries at most.
class ImageResizer {
 public:
  // All sizes are positive and below 2^31.
  ImageResizer(ResizeFilter filter, const ImageSizes& sizes);

  // Bytes of scratch memory that Resize needs, for any of its types.
  int64_t scratch_bytes() const;

  // Rows [begin, end) of the new picture, for whole pictures at `in` and `out`. T is uint8_t, float or double; for
  // kNearest also uint16_t, uint32_t and uint64_t, which stand for any element of their size. Allocates nothing.
  template <typename T>
  void Resize(const T* in, int64_t begin, int64_t end, T* out, void* scratch) const;

 private:
  template <typename T, typename Sum>
  class RowCache;

  template <typename T>
  void CopyNearest(const T* in, int64_t begin, int64_t end, T* out) const;
  template <typename T, typename Sum>
  void SumRows(const T* in, int64_t begin, int64_t end, T* out, void* scratch) const;

  bool is_fixed_point() const { return filter_ != ResizeFilter::kArea; }

  ImageSizes sizes_;
  ResizeFilter filter_;
  ResizeAxis rows_, columns_;
  float factor_ = 1;        // of all sums: areas of whole inputs are summed first
  bool halves_up_ = false;  // means of 2 x 2 inputs are rounded up
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_RESIZE_IMAGE_H_
