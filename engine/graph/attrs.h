// Attributes of a node, as symbol files hold them: names with values written as Python literals. This file reads and
// writes such text; op_def.h binds it to the fields of an operator's own struct.
#ifndef BARYON_ENGINE_GRAPH_ATTRS_H_
#define BARYON_ENGINE_GRAPH_ATTRS_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/tensor/dtype.h"
#include "engine/tensor/shape.h"

namespace baryon {

// A value: attribute texts by name, in alphabetical order.
class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}

  const std::string* Find(absl::string_view name) const;  // nullptr when absent
  void Set(absl::string_view name, std::string value) { values_[std::string(name)] = std::move(value); }
  void Erase(absl::string_view name) { values_.erase(std::string(name)); }
  bool empty() const { return values_.empty(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

  // "axis=1, kernel=(3, 3)"
  std::string ToString() const;

  friend bool operator==(const Attrs& a, const Attrs& b) { return a.values_ == b.values_; }

 private:
  std::map<std::string, std::string> values_;
};

// A tuple of whole numbers: axes, kernel sizes, strides, shapes.
using IntTuple = absl::InlinedVector<int64_t, 6>;
// A tuple whose elements may be None: begin and end of a slice.
using OptionalIntTuple = std::vector<std::optional<int64_t>>;
using FloatTuple = std::vector<double>;

// Each reads one value; the error says what kind of text was expected, without the attribute's name.
//   bool: True, False, true, false, 1, 0     int64_t: 3, -1, 3L        double: 0.1, 1e-05, inf, nan
//   IntTuple: (3, 3), [3,3], (3,), (), 3     std::optional<T>: None or a T
//   DType: float32, ..., MXNet's code as a number, or None (kUnknown)
absl::Status ParseAttr(absl::string_view text, bool& value);
absl::Status ParseAttr(absl::string_view text, int64_t& value);
absl::Status ParseAttr(absl::string_view text, double& value);
absl::Status ParseAttr(absl::string_view text, std::string& value);
absl::Status ParseAttr(absl::string_view text, DType& value);
absl::Status ParseAttr(absl::string_view text, IntTuple& value);
absl::Status ParseAttr(absl::string_view text, OptionalIntTuple& value);
absl::Status ParseAttr(absl::string_view text, FloatTuple& value);

template <typename T>
absl::Status ParseAttr(absl::string_view text, std::optional<T>& value) {
  value.reset();
  if (text == "None") return absl::OkStatus();
  return ParseAttr(text, value.emplace());
}

// The text that MXNet 1.x writes and ParseAttr reads back exactly.
std::string FormatAttr(bool value);
std::string FormatAttr(int64_t value);
std::string FormatAttr(double value);
std::string FormatAttr(const std::string& value);
std::string FormatAttr(DType value);
std::string FormatAttr(const IntTuple& value);
std::string FormatAttr(const OptionalIntTuple& value);
std::string FormatAttr(const FloatTuple& value);

template <typename T>
std::string FormatAttr(const std::optional<T>& value) {
  return value.has_value() ? FormatAttr(*value) : "None";
}

}  // namespace baryon

#endif  // BARYON_ENGINE_GRAPH_ATTRS_H_
