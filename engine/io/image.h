// Pictures: PNG and JPEG files to pixels, and resizing, each to the level what MXNet does.
#ifndef BARYON_ENGINE_IO_IMAGE_H_
#define BARYON_ENGINE_IO_IMAGE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/kernels/resize_image.h"

namespace baryon {

// Height x width x channels, row by row; channels red, green, blue, or one grey.
struct Image {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;

  uint8_t at(int64_t y, int64_t x, int64_t c) const { return pixels[(y * width + x) * channels + c]; }
};

// A file that claims more pixels is refused before any of them is decoded.
constexpr int64_t kMostPixels = int64_t{1} << 26;
absl::Status CheckPictureSize(int64_t height, int64_t width);

// The picture in `file`, told by its first bytes, with 3 channels or 1. Colours become grey by the weights of BT.601;
// transparency is dropped and 16 bits are cut to 8, as OpenCV does, which MXNet reads pictures with. Errors:
// INVALID_ARGUMENT, it is neither PNG nor JPEG, broken, or too large. Thread-safe.
absl::StatusOr<Image> DecodeImage(absl::string_view file, int channels);

// As MXNet's imresize, whose `interp` is the number of the filter. Sizes are positive.
Image ResizeImage(const Image& image, int64_t height, int64_t width,
                  kernels::ResizeFilter filter = kernels::ResizeFilter::kLinear);

// The part of `height` x `width` in the middle. The image is at least as large.
Image CenterCrop(const Image& image, int64_t height, int64_t width);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_IMAGE_H_
