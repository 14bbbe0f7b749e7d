// Axis-aligned boxes and how much two of them overlap.
#ifndef BARYON_ENGINE_KERNELS_BOXES_H_
#define BARYON_ENGINE_KERNELS_BOXES_H_

#include <cmath>
#include <cstdint>

namespace baryon::kernels {

// What four numbers say: [left, top, right, bottom], or [x, y, width, height] around a centre.
enum class BoxFormat { kCorner, kCenter };

// A box with its area, which a format with sizes gives exactly and which is 0 when a side is negative.
template <typename T>
struct Box {
  T left, top, right, bottom, area;
};

// The box of the four numbers at `p`, elements of a type that converts to T.
template <typename T, typename Element>
Box<T> ReadBox(const Element* p, BoxFormat format) {
  const T a = p[0], b = p[1], c = p[2], d = p[3];
  const bool corners = format == BoxFormat::kCorner;
  const T width = corners ? c - a : c, height = corners ? d - b : d;
  const T area = width < 0 || height < 0 ? 0 : width * height;
  if (corners) return {a, b, c, d, area};
  return {a - c / 2, b - d / 2, a + c / 2, b + d / 2, area};
}

// Rewrites the four numbers at `p` from one format to the other. A negative first number marks a row without a box,
// which stays as it is.
template <typename T, typename Element>
void ConvertBox(BoxFormat to, Element* p) {
  const T a = p[0], b = p[1], c = p[2], d = p[3];
  if (a < 0) return;
  if (to == BoxFormat::kCenter) {
    p[0] = (a + c) / 2, p[1] = (b + d) / 2, p[2] = c - a, p[3] = d - b;
  } else {
    p[0] = a - c / 2, p[1] = b - d / 2, p[2] = a + c / 2, p[3] = b + d / 2;
  }
}

// The area of the intersection.
template <typename T>
T Intersection(const Box<T>& a, const Box<T>& b) {
  const T width = (a.right < b.right ? a.right : b.right) - (a.left > b.left ? a.left : b.left);
  const T height = (a.bottom < b.bottom ? a.bottom : b.bottom) - (a.top > b.top ? a.top : b.top);
  return (width > 0 ? width : 0) * (height > 0 ? height : 0);
}

// Intersection over union; 0 for boxes that do not meet.
template <typename T>
T Overlap(const Box<T>& a, const Box<T>& b) {
  const T intersection = Intersection(a, b);
  return intersection > 0 ? intersection / (a.area + b.area - intersection) : 0;
}

// What a network says about a box, relative to an anchor: the shift of the centre and the logarithms of the sizes,
// each divided by its variance before. `most` limits the logarithms when it is positive.
template <typename T>
struct BoxCoding {
  T variances[4] = {1, 1, 1, 1};
  T most = -1;
};

// Corners [left, top, right, bottom] of `code` at an anchor given by its centre and size.
template <typename T, typename Element>
void DecodeBox(const BoxCoding<T>& coding, const Element* code, T x, T y, T width, T height, T* corners) {
  const T center_x = static_cast<T>(code[0]) * coding.variances[0] * width + x;
  const T center_y = static_cast<T>(code[1]) * coding.variances[1] * height + y;
  T log_width = static_cast<T>(code[2]) * coding.variances[2],
    log_height = static_cast<T>(code[3]) * coding.variances[3];
  if (coding.most > 0) {
    log_width = log_width < coding.most ? log_width : coding.most;
    log_height = log_height < coding.most ? log_height : coding.most;
  }
  const T half_width = std::exp(log_width) * width / 2, half_height = std::exp(log_height) * height / 2;
  corners[0] = center_x - half_width, corners[1] = center_y - half_height;
  corners[2] = center_x + half_width, corners[3] = center_y + half_height;
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_BOXES_H_
