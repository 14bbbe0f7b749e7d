#include "engine/io/image.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/io/jpeg_picture.h"
#include "engine/io/png_picture.h"

namespace baryon {
namespace {

Image WithChannels(const Image& image, int channels) {
  Image result = image;
  result.channels = channels;
  result.pixels.resize(image.height * image.width * channels);
  for (int64_t i = 0; i < image.height * image.width; ++i) {
    const uint8_t* from = &image.pixels[i * image.channels];
    if (channels == 1) {
      constexpr int kRed = 4899, kGreen = 9617, kBlue = 1868, kShift = 14;  // of BT.601, times 2^14
      const int sum = kRed * from[0] + kGreen * from[1] + kBlue * from[2] + (1 << (kShift - 1));
      result.pixels[i] = static_cast<uint8_t>(sum >> kShift);
    } else {
      std::fill_n(&result.pixels[i * channels], channels, from[0]);
    }
  }
  return result;
}

}  // namespace

absl::Status CheckPictureSize(int64_t height, int64_t width) {
  if (height > 0 && width > 0 && height <= kMostPixels / width) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("expected a picture of 1 to ", kMostPixels, " pixels, got ", width, " x ", height));
}

absl::StatusOr<Image> DecodeImage(absl::string_view file, int channels) {
  constexpr absl::string_view kPng = "\x89PNG\r\n\x1a\n", kJpeg = "\xff\xd8\xff";
  Image image;
  if (file.substr(0, kPng.size()) == kPng) {
    BARYON_ASSIGN_OR_RETURN(image, DecodePng(file));
  } else if (file.substr(0, kJpeg.size()) == kJpeg) {
    BARYON_ASSIGN_OR_RETURN(image, DecodeJpeg(file, channels));
  } else {
    return absl::InvalidArgumentError("expected a PNG or JPEG picture, got other bytes");
  }
  if (image.channels != channels) image = WithChannels(image, channels);
  return image;
}

Image ResizeImage(const Image& image, int64_t height, int64_t width, kernels::ResizeFilter filter) {
  if (height == image.height && width == image.width) return image;
  const kernels::ImageResizer resizer(filter, {image.height, image.width, height, width, image.channels});
  Image result = {height, width, image.channels, std::vector<uint8_t>(height * width * image.channels)};
  std::vector<std::max_align_t> scratch(resizer.scratch_bytes() / sizeof(std::max_align_t) + 1);
  resizer.Resize(image.pixels.data(), 0, height, result.pixels.data(), scratch.data());
  return result;
}

Image CenterCrop(const Image& image, int64_t height, int64_t width) {
  const int64_t top = (image.height - height) / 2, left = (image.width - width) / 2;
  Image result = {height, width, image.channels, {}};
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* row = &image.pixels[((top + y) * image.width + left) * image.channels];
    result.pixels.insert(result.pixels.end(), row, row + width * image.channels);
  }
  return result;
}

}  // namespace baryon
