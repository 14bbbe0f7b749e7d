#include "engine/io/preprocess.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/image.h"
#include "engine/io/json.h"

namespace baryon {
namespace {

constexpr int64_t kMostFileBytes = 1 << 20;
constexpr int64_t kLongestEdge = 8192;

absl::Status Refuse(absl::string_view field, absl::string_view expected, const Json& got) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", field, "\": expected ", expected, ", got ",
                   got.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 100)));
}

absl::StatusOr<int64_t> ReadEdge(absl::string_view field, const Json& value) {
  const bool sound = value.is_number_integer() && value.get<int64_t>() >= 1 && value.get<int64_t>() <= kLongestEdge;
  if (!sound) return Refuse(field, absl::StrCat("a size of 1 to ", kLongestEdge, ", or [width, height]"), value);
  return value.get<int64_t>();
}

// One number for both edges, or [width, height].
absl::Status ReadEdges(absl::string_view field, const Json& value, int64_t& height, int64_t& width) {
  const bool pair = value.is_array() && value.size() == 2;
  BARYON_ASSIGN_OR_RETURN(width, ReadEdge(field, pair ? value[0] : value));
  BARYON_ASSIGN_OR_RETURN(height, ReadEdge(field, pair ? value[1] : value));
  return absl::OkStatus();
}

// 0.5, or "1/255".
absl::StatusOr<float> ReadScale(const Json& value) {
  double scale = 0;
  if (value.is_number()) scale = value.get<double>();
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
    double divisor = 1;
    const bool sound = parts.size() <= 2 && absl::SimpleAtod(parts[0], &scale) &&
                       (parts.size() == 1 || absl::SimpleAtod(parts[1], &divisor));
    scale = sound && divisor != 0 ? scale / divisor : 0;
  }
  if (!std::isfinite(scale) || scale == 0) return Refuse("scale", "a number or a fraction such as \"1/255\"", value);
  return static_cast<float>(scale);
}

absl::StatusOr<std::vector<float>> ReadChannels(absl::string_view field, const Json& value, int channels,
                                                bool nonzero) {
  const Json list = value.is_number() ? Json::array({value}) : value;
  const bool sound =
      list.is_array() && (list.size() == 1 || static_cast<int>(list.size()) == channels) &&
      std::all_of(list.begin(), list.end(), [nonzero](const Json& element) {
        return element.is_number() && std::isfinite(element.get<float>()) && !(nonzero && element.get<float>() == 0);
      });
  if (!sound) return Refuse(field, absl::StrCat(channels, nonzero ? " numbers other than 0" : " numbers"), value);
  return list.get<std::vector<float>>();
}

absl::StatusOr<Preprocess::Color> ReadColor(const Json& value) {
  if (value == "rgb") return Preprocess::Color::kRgb;
  if (value == "bgr") return Preprocess::Color::kBgr;
  if (value == "gray") return Preprocess::Color::kGray;
  return Refuse("color", "rgb, bgr or gray", value);
}

absl::StatusOr<kernels::ResizeFilter> ReadFilter(const Json& value) {
  if (value == "nearest") return kernels::ResizeFilter::kNearest;
  if (value == "bilinear") return kernels::ResizeFilter::kLinear;
  if (value == "bicubic") return kernels::ResizeFilter::kCubic;
  if (value == "area") return kernels::ResizeFilter::kArea;
  if (value == "lanczos") return kernels::ResizeFilter::kLanczos;
  return Refuse("interpolation", "nearest, bilinear, bicubic, area or lanczos", value);
}

absl::StatusOr<Preprocess> ReadFields(const Json& json) {
  Preprocess result;
  if (!json.is_object()) return Refuse("preprocess", "an object", json);
  // First, for the number of channels.
  if (json.contains("color")) {
    BARYON_ASSIGN_OR_RETURN(result.color, ReadColor(json["color"]));
  }
  for (const auto& [name, value] : json.items()) {
    if (name == "color") continue;
    if (name == "input" && value.is_string()) {
      result.input = value.get<std::string>();
    } else if (name == "resize" && value.is_number()) {
      BARYON_ASSIGN_OR_RETURN(result.short_side, ReadEdge(name, value));
    } else if (name == "resize") {
      BARYON_RETURN_IF_ERROR(ReadEdges(name, value, result.height, result.width));
    } else if (name == "crop") {
      BARYON_RETURN_IF_ERROR(ReadEdges(name, value, result.crop_height, result.crop_width));
    } else if (name == "mean") {
      BARYON_ASSIGN_OR_RETURN(result.mean, ReadChannels(name, value, result.channels(), false));
    } else if (name == "std") {
      BARYON_ASSIGN_OR_RETURN(result.std, ReadChannels(name, value, result.channels(), true));
    } else if (name == "scale") {
      BARYON_ASSIGN_OR_RETURN(result.scale, ReadScale(value));
    } else if (name == "interpolation") {
      BARYON_ASSIGN_OR_RETURN(result.filter, ReadFilter(value));
    } else {
      return Refuse(name, "input, resize, crop, mean, std, scale, color or interpolation with a value that suits it",
                    value);
    }
  }
  if (result.input.empty()) return Refuse("input", "the name of the model's input", json);
  return result;
}

absl::StatusOr<Image> Frame(const Preprocess& preprocess, Image image) {
  int64_t height = preprocess.height, width = preprocess.width;
  if (preprocess.short_side > 0) {
    const int64_t side = preprocess.short_side;
    height = image.height > image.width ? side * image.height / image.width : side;
    width = image.height > image.width ? side : side * image.width / image.height;
    if (height * width > kMostPixels) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected a picture of usual proportions, got ", image.width, " x ", image.height));
    }
  }
  if (height > 0) image = ResizeImage(image, height, width, preprocess.filter);
  if (preprocess.crop_height == 0) return image;
  if (image.height < preprocess.crop_height || image.width < preprocess.crop_width) {
    return absl::InvalidArgumentError(absl::StrCat("expected a picture of at least ", preprocess.crop_width, " x ",
                                                   preprocess.crop_height, ", got ", image.width, " x ", image.height));
  }
  return CenterCrop(image, preprocess.crop_height, preprocess.crop_width);
}

}  // namespace

absl::StatusOr<Preprocess> ParsePreprocess(absl::string_view text) {
  BARYON_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  return ReadFields(json);
}

absl::StatusOr<Preprocess> ReadPreprocess(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMostFileBytes));
  absl::StatusOr<Preprocess> preprocess = ParsePreprocess(text);
  if (!preprocess.ok()) return Annotate(preprocess.status(), absl::StrCat("\"", path, "\""));
  return preprocess;
}

std::optional<Preprocess> DefaultPreprocess(const std::string& input, const TensorType& type) {
  const Shape& shape = type.shape;
  if (!shape.has_rank() || shape.rank() != 4 || (shape[1] != 1 && shape[1] != 3)) return std::nullopt;
  if (type.dtype != DType::kFloat32 && type.dtype != DType::kUnknown) return std::nullopt;
  Preprocess result;
  result.input = input;
  result.scale = 1.0f / 255;
  if (shape[1] == 1) {
    result.color = Preprocess::Color::kGray;
  } else {
    result.mean = {0.485f, 0.456f, 0.406f};
    result.std = {0.229f, 0.224f, 0.225f};
  }
  if (shape[2] > 0 && shape[3] > 0) {
    result.height = shape[2];
    result.width = shape[3];
  } else {
    result.short_side = 256;
    result.crop_height = result.crop_width = 224;
  }
  return result;
}

absl::StatusOr<Tensor> PreparePicture(const Preprocess& preprocess, absl::string_view file) {
  BARYON_ASSIGN_OR_RETURN(Image image, DecodeImage(file, preprocess.channels()));
  BARYON_ASSIGN_OR_RETURN(image, Frame(preprocess, std::move(image)));
  const int64_t pixels = image.height * image.width;
  BARYON_ASSIGN_OR_RETURN(Tensor row,
                          Tensor::TryAllocate({DType::kFloat32, {1, image.channels, image.height, image.width}}));
  for (int64_t c = 0; c < image.channels; ++c) {
    const auto of_channel = [c](const std::vector<float>& values, float otherwise) {
      return values.empty() ? otherwise : values[values.size() == 1 ? 0 : c];
    };
    const float mean = of_channel(preprocess.mean, 0), std = of_channel(preprocess.std, 1);
    const int64_t from = preprocess.color == Preprocess::Color::kBgr ? image.channels - 1 - c : c;
    float* to = row.mutable_data<float>() + c * pixels;
    for (int64_t i = 0; i < pixels; ++i) {
      to[i] = (static_cast<float>(image.pixels[i * image.channels + from]) * preprocess.scale - mean) / std;
    }
  }
  return row;
}

}  // namespace baryon
