// Two passes, as NumPy does it: the first writes every element that will be shown and finds the widths of the columns,
// the second writes them into lines. Digits are the shortest that read back as the same value of the array's dtype.
#include "engine/gluon/array_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/gluon/ndarray.h"

namespace baryon {
namespace {

// numpy.get_printoptions()
constexpr int kPrecision = 8;
constexpr int64_t kThreshold = 1000;  // elements, beyond which an array is summarised
constexpr int64_t kEdgeItems = 3;     // shown at each end of an axis then
constexpr int kLineWidth = 75;

const std::string kOpening = "array(";

std::string Spaces(int count) { return std::string(std::max(count, 0), ' '); }

// ---------------------------------------------------------------------------------------------------------------------
// Which elements are shown

bool IsSummarised(const Shape& shape) { return shape.num_elements() > kThreshold; }

// Places along an axis of `size`: all, or those at the ends with -1 between them.
std::vector<int64_t> ShownPlaces(int64_t size, bool summarised) {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < size; ++i) {
    if (summarised && size > 2 * kEdgeItems && i == kEdgeItems) {
      places.push_back(-1);
      i = size - kEdgeItems;
    }
    places.push_back(i);
  }
  return places;
}

void CollectShown(const Shape& shape, bool summarised, int64_t axis, int64_t offset, std::vector<int64_t>& shown) {
  if (axis == shape.rank()) {
    shown.push_back(offset);
    return;
  }
  for (int64_t place : ShownPlaces(shape[axis], summarised)) {
    if (place >= 0) CollectShown(shape, summarised, axis + 1, offset * shape[axis] + place, shown);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Numbers

// Decimal digits of a finite value without trailing zeros, d.ddd × 10^exponent.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Decimal ParseScientific(std::string text) {
  Decimal decimal;
  decimal.negative = text[0] == '-';
  if (decimal.negative) text.erase(0, 1);
  const size_t e = text.find('e');
  decimal.exponent = std::atoi(text.c_str() + e + 1);
  for (const char c : text.substr(0, e)) {
    if (c != '.') decimal.digits += c;
  }
  while (decimal.digits.size() > 1 && decimal.digits.back() == '0') decimal.digits.pop_back();
  return decimal;
}

std::string Printed(const char* format, int precision, double value) {
  char buffer[512];
  const int length = std::snprintf(buffer, sizeof(buffer), format, precision, value);
  return std::string(buffer, length);
}

// The fewest digits that read back as `value`.
template <typename T>
Decimal Shortest(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    char buffer[64];
    const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
    return ParseScientific(std::string(buffer, result.ptr));
  } else {  // Half, BFloat16
    const double wide = static_cast<float>(value);
    for (int precision = 0;; ++precision) {
      const std::string text = Printed("%.*e", precision, wide);
      if (T(std::strtof(text.c_str(), nullptr)).bits == value.bits || precision == 16) return ParseScientific(text);
    }
  }
}

// "12.25", "-3.": at most `precision` digits behind the point, rounded from the exact value. Before the point all
// digits are exact, also where fewer would do.
template <typename T>
std::string Positional(T value, int precision) {
  const Decimal decimal = Shortest(value);
  const int behind = static_cast<int>(decimal.digits.size()) - 1 - decimal.exponent;
  if (behind > precision) {
    std::string text = Printed("%.*f", precision, static_cast<double>(ComputeType<T>(value)));
    while (text.back() == '0') text.pop_back();
    return text;
  }
  if (behind <= 0) return Printed("%.*f", 0, static_cast<double>(ComputeType<T>(value))) + ".";
  std::string digits = decimal.digits;
  if (decimal.exponent < 0) digits.insert(0, -decimal.exponent, '0');
  const size_t point = std::max(decimal.exponent, 0) + 1;
  return absl::StrCat(decimal.negative ? "-" : "", digits.substr(0, point), ".", digits.substr(point));
}

// The two parts of "1.25e-05": "1.25", with at least `fewest` and at most `precision` digits behind the point, and -5.
// Digits beyond the shortest are those of the exact value.
template <typename T>
std::pair<std::string, int> Scientific(T value, int fewest, int precision) {
  Decimal decimal = Shortest(value);
  const int behind = static_cast<int>(decimal.digits.size()) - 1;
  if (behind < fewest || behind > precision) {
    const std::string text =
        Printed("%.*e", behind < fewest ? fewest : precision, static_cast<double>(ComputeType<T>(value)));
    decimal = ParseScientific(text);
    decimal.digits.resize(std::max<size_t>(decimal.digits.size(), fewest + 1), '0');
  }
  return {absl::StrCat(decimal.negative ? "-" : "", decimal.digits.substr(0, 1), ".", decimal.digits.substr(1)),
          decimal.exponent};
}

std::string ExponentDigits(int exponent) {
  return absl::StrCat(std::abs(exponent) < 10 ? "0" : "", std::abs(exponent));
}

// Writes the floating elements of one array, all equally wide.
template <typename T>
class FloatFormat {
 public:
  FloatFormat(const T* elements, const std::vector<int64_t>& shown) {
    using C = ComputeType<T>;
    C smallest = 0, largest = 0;
    bool finite = false, negative_infinity = false, special = false;
    for (int64_t offset : shown) {
      const C value = elements[offset], magnitude = std::abs(value);
      if (!std::isfinite(value)) {
        special = true;
        negative_infinity = negative_infinity || (std::isinf(value) && value < 0);
        continue;
      }
      finite = true;
      if (magnitude == 0) continue;
      smallest = smallest == 0 ? magnitude : std::min(smallest, magnitude);
      largest = std::max(largest, magnitude);
    }
    scientific_ = largest != 0 && (largest >= 1e8 || static_cast<double>(smallest) < 0.0001 ||
                                   static_cast<C>(T(largest / smallest)) > 1000);
    if (finite) MeasureFinite(elements, shown);
    if (special) {
      const int longest = 3 + negative_infinity;
      left_ = std::max(left_, longest - (right_ + 1));
    }
  }

  std::string operator()(T element) const {
    const ComputeType<T> value = element;
    if (!std::isfinite(value)) {
      const std::string text = std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
      return Spaces(left_ + right_ + 1 - static_cast<int>(text.size())) + text;
    }
    if (!scientific_) {
      const std::string text = Positional(element, kPrecision);
      const int point = static_cast<int>(text.find('.'));
      return Spaces(left_ - point) + text + Spaces(right_ - (static_cast<int>(text.size()) - point - 1));
    }
    const auto [text, exponent] = Scientific(element, digits_, kPrecision);
    const int point = static_cast<int>(text.find('.'));
    std::string digits = ExponentDigits(exponent);
    digits.insert(0, std::max(0, exponent_digits_ - static_cast<int>(digits.size())), '0');
    return absl::StrCat(Spaces(left_ - point), text, "e", exponent < 0 ? "-" : "+", digits);
  }

 private:
  void MeasureFinite(const T* elements, const std::vector<int64_t>& shown) {
    for (int64_t offset : shown) {
      if (!std::isfinite(ComputeType<T>(elements[offset]))) continue;
      std::string text;
      if (scientific_) {
        int exponent;
        std::tie(text, exponent) = Scientific(elements[offset], 0, kPrecision);
        exponent_digits_ = std::max(exponent_digits_, static_cast<int>(ExponentDigits(exponent).size()));
      } else {
        text = Positional(elements[offset], kPrecision);
      }
      const int point = static_cast<int>(text.find('.'));
      left_ = std::max(left_, point);
      digits_ = std::max(digits_, static_cast<int>(text.size()) - point - 1);
    }
    right_ = scientific_ ? exponent_digits_ + 2 + digits_ : digits_;
  }

  bool scientific_ = false;
  int left_ = 0, right_ = 0;  // characters before and behind the point
  int digits_ = 0;            // behind the point
  int exponent_digits_ = 0;
};

using WriteElement = std::function<std::string(int64_t offset)>;

WriteElement MakeFormat(const Tensor& tensor, const std::vector<int64_t>& shown) {
  return DispatchDType(tensor.dtype(), [&](auto tag) -> WriteElement {
    using T = typename decltype(tag)::type;
    const T* elements = tensor.data<T>();
    if constexpr (kIsFloating<T>) {
      return [elements, format = FloatFormat<T>(elements, shown)](int64_t offset) { return format(elements[offset]); };
    } else if constexpr (std::is_same_v<T, bool>) {
      const bool pad = tensor.shape().rank() > 0;
      return [elements, pad](int64_t offset) -> std::string {
        return elements[offset] ? (pad ? " True" : "True") : "False";
      };
    } else {
      // + makes a number of 8 bits, which would print as a character.
      size_t width = 0;
      for (int64_t offset : shown) width = std::max(width, absl::StrCat(+elements[offset]).size());
      return [elements, width](int64_t offset) {
        const std::string text = absl::StrCat(+elements[offset]);
        return Spaces(static_cast<int>(width - text.size())) + text;
      };
    }
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Lines

class Layout {
 public:
  Layout(const Shape& shape, WriteElement write)
      : shape_(shape), summarised_(IsSummarised(shape)), write_(std::move(write)) {}

  // The part at `offset` of the axes before `axis`, for lines that begin with `indent` and have `width` characters.
  std::string Write(int64_t axis, int64_t offset, const std::string& indent, int width) const {
    if (axis == shape_.rank()) return write_(offset);
    const std::string body = axis + 1 == shape_.rank() ? Row(offset, indent, width) : Rows(axis, offset, indent, width);
    return absl::StrCat("[", absl::string_view(body).substr(indent.size()), "]");
  }

 private:
  std::string Row(int64_t offset, const std::string& indent, int width) const {
    const int64_t size = shape_.back();
    std::string done, line = indent;
    const std::vector<int64_t> places = ShownPlaces(size, summarised_);
    for (size_t i = 0; i < places.size(); ++i) {
      const std::string word = places[i] < 0 ? "..." : write_(offset * size + places[i]);
      // A separator or bracket follows each word.
      if (static_cast<int>(line.size() + word.size()) > width - 1 && line.size() > indent.size()) {
        absl::StrAppend(&done, absl::StripTrailingAsciiWhitespace(line), "\n");
        line = indent;
      }
      line += word;
      if (i + 1 < places.size()) line += ", ";
    }
    return done + line;
  }

  std::string Rows(int64_t axis, int64_t offset, const std::string& indent, int width) const {
    const std::string separator = "," + std::string(shape_.rank() - axis - 1, '\n');
    std::string text;
    for (int64_t place : ShownPlaces(shape_[axis], summarised_)) {
      if (!text.empty()) text += separator;
      text += indent;
      text += place < 0 ? "..." : Write(axis + 1, offset * shape_[axis] + place, indent + " ", width - 1);
    }
    return text;
  }

  const Shape& shape_;
  const bool summarised_;
  const WriteElement write_;
};

// NumPy names a dtype that a list of numbers would not get by itself.
bool NumPyNamesDType(const Tensor& tensor) {
  const DType dtype = tensor.dtype();
  const bool implied = dtype == DType::kFloat64 || dtype == DType::kInt64 || dtype == DType::kBool;
  return !implied || tensor.num_elements() == 0;
}

std::string Body(const Tensor& tensor) {
  const Shape& shape = tensor.shape();
  if (tensor.num_elements() == 0) return shape.rank() == 1 ? "[]" : absl::StrCat("[], shape=", ShapeTuple(shape));
  std::vector<int64_t> shown;
  CollectShown(shape, IsSummarised(shape), 0, 0, shown);
  const Layout layout(shape, MakeFormat(tensor, shown));
  return layout.Write(0, 0, Spaces(static_cast<int>(kOpening.size()) + 1), kLineWidth - 1);
}

}  // namespace

std::string ArrayText(const Tensor& tensor) {
  const std::string text = kOpening + Body(tensor);
  const DType dtype = tensor.dtype();
  if (dtype == DType::kFloat32 || (dtype == DType::kBool && !NumPyNamesDType(tensor))) return text + ")";
  const std::string name = absl::StrCat("dtype=", DTypeName(dtype), ")");
  if (!NumPyNamesDType(tensor)) return absl::StrCat(text, ", ", name);
  // NumPy's own: on a line of its own where the last has no room.
  const size_t last_line = text.size() + 1 - (text.rfind('\n') + 1);
  const bool wraps = last_line + name.size() + 1 > kLineWidth;
  return absl::StrCat(text, ",", wraps ? "\n" + Spaces(static_cast<int>(kOpening.size())) : " ", name);
}

}  // namespace baryon
