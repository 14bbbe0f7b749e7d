// preprocess.json, and what it makes of a picture of one pixel.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/io/preprocess.h"

namespace {

// PNG, 1 x 1, grey.
constexpr char kPicture[] =
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\xda"
    "ch\0\0\0\x82\0\x81\xda"
    "E\x08;\0\0\0\0IEND\xae"
    "B`\x82";
constexpr int64_t kLongestEdge = 64;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto preprocess = baryon::ParsePreprocess(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!preprocess.ok()) return 0;
  const int64_t edge = std::max({preprocess->short_side, preprocess->height, preprocess->width});
  if (edge > kLongestEdge) return 0;  // a large picture takes long, and that is all
  baryon::PreparePicture(*preprocess, absl::string_view(kPicture, sizeof(kPicture) - 1)).IgnoreError();
  return 0;
}
