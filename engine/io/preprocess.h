// From a picture's file to a row of a model's input, as preprocess.json beside the model says:
//
//   {"input": "data", "resize": 256, "crop": 224, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
//    "scale": "1/255", "color": "rgb", "interpolation": "bilinear"}
//
// Every field but `input` may be left out.
#ifndef BARYON_ENGINE_IO_PREPROCESS_H_
#define BARYON_ENGINE_IO_PREPROCESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/kernels/resize_image.h"
#include "engine/tensor/tensor.h"

namespace baryon {

struct Preprocess {
  enum class Color { kRgb, kBgr, kGray };

  std::string input;
  int64_t short_side = 0;                   // resized to this, keeping the proportions; 0: as it comes
  int64_t height = 0, width = 0;            // resized to exactly this, before cropping; 0: not
  int64_t crop_height = 0, crop_width = 0;  // the middle; 0: all of it
  std::vector<float> mean, std;             // of each channel, or one for all; after `scale`; empty: 0 and 1
  float scale = 1;
  Color color = Color::kRgb;
  kernels::ResizeFilter filter = kernels::ResizeFilter::kLinear;

  int channels() const { return color == Color::kGray ? 1 : 3; }
};

// `resize` and `crop` are a number or [width, height]; with two numbers `resize` ignores the proportions.
// `interpolation` is nearest, bilinear, bicubic, area or lanczos: MXNet's `interp` 0 to 4. Errors: INVALID_ARGUMENT,
// naming the field; those of ParseJson.
absl::StatusOr<Preprocess> ParsePreprocess(absl::string_view json);
absl::StatusOr<Preprocess> ReadPreprocess(const std::string& path);

// What suits an image network that says nothing: an input [N, C, H, W] with C of 1 or 3. A picture becomes H x W where
// these are known, else the middle 224 of 256; elements are scaled to [0, 1], three channels with the mean and standard
// deviation of ImageNet as Gluon's zoo was trained. Nothing for other inputs.
std::optional<Preprocess> DefaultPreprocess(const std::string& input, const TensorType& type);

// One row of the input: float32 [1, C, H, W]. Errors: INVALID_ARGUMENT, see DecodeImage; the picture is smaller than
// the part to crop. Thread-safe.
absl::StatusOr<Tensor> PreparePicture(const Preprocess& preprocess, absl::string_view file);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_PREPROCESS_H_
