#include "engine/graph/attrs.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

constexpr size_t kMostTupleElements = 1 << 20;

absl::Status Expected(absl::string_view what, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what, ", got \"", text.substr(0, 200), "\""));
}

// The elements between the brackets of a tuple; a bare value counts as a tuple of one.
absl::StatusOr<std::vector<absl::string_view>> TupleElements(absl::string_view text) {
  const absl::string_view whole = text;
  text = absl::StripAsciiWhitespace(text);
  const bool round = absl::ConsumePrefix(&text, "("), square = !round && absl::ConsumePrefix(&text, "[");
  if (round && !absl::ConsumeSuffix(&text, ")")) return Expected("a tuple", whole);
  if (square && !absl::ConsumeSuffix(&text, "]")) return Expected("a tuple", whole);
  if (!round && !square && absl::StrContains(text, ',')) return Expected("a tuple in brackets", whole);
  text = absl::StripAsciiWhitespace(text);
  std::vector<absl::string_view> elements;
  if (text.empty()) {
    if (!round && !square) return Expected("a tuple", whole);
    return elements;
  }
  absl::ConsumeSuffix(&text, ",");
  for (absl::string_view element : absl::StrSplit(text, ',')) elements.push_back(absl::StripAsciiWhitespace(element));
  if (elements.size() > kMostTupleElements) return Expected("a tuple of at most 2^20 elements", whole);
  return elements;
}

template <typename Tuple>
absl::Status ParseTuple(absl::string_view text, Tuple& value) {
  value.clear();
  BARYON_ASSIGN_OR_RETURN(const std::vector<absl::string_view> elements, TupleElements(text));
  for (absl::string_view element : elements) {
    typename Tuple::value_type parsed{};
    if (!ParseAttr(element, parsed).ok()) return Expected("a tuple of numbers", text);
    value.push_back(parsed);
  }
  return absl::OkStatus();
}

template <typename Tuple>
std::string FormatTuple(const Tuple& value) {
  std::string text = absl::StrJoin(
      value, ", ", [](std::string* out, const auto& element) { absl::StrAppend(out, FormatAttr(element)); });
  return absl::StrCat("(", text, value.size() == 1 ? ",)" : ")");
}

}  // namespace

const std::string* Attrs::Find(absl::string_view name) const {
  const auto it = values_.find(std::string(name));
  return it == values_.end() ? nullptr : &it->second;
}

std::string Attrs::ToString() const { return absl::StrJoin(values_, ", ", absl::PairFormatter("=")); }

absl::Status ParseAttr(absl::string_view text, bool& value) {
  if (absl::EqualsIgnoreCase(text, "true") || text == "1") {
    value = true;
  } else if (absl::EqualsIgnoreCase(text, "false") || text == "0") {
    value = false;
  } else {
    return Expected("True or False", text);
  }
  return absl::OkStatus();
}

absl::Status ParseAttr(absl::string_view text, int64_t& value) {
  absl::string_view digits = text;
  absl::ConsumeSuffix(&digits, "L");
  if (!absl::SimpleAtoi(digits, &value)) return Expected("a whole number", text);
  return absl::OkStatus();
}

absl::Status ParseAttr(absl::string_view text, double& value) {
  if (!absl::SimpleAtod(text, &value)) return Expected("a number", text);
  return absl::OkStatus();
}

absl::Status ParseAttr(absl::string_view text, std::string& value) {
  value = std::string(text);
  return absl::OkStatus();
}

absl::Status ParseAttr(absl::string_view text, DType& value) {
  std::optional<DType> dtype = text == "None" ? DType::kUnknown : DTypeFromName(text);
  if (int64_t code; !dtype.has_value() && absl::SimpleAtoi(text, &code)) {
    dtype = code == -1 ? DType::kUnknown : DTypeFromCode(code);
  }
  if (!dtype.has_value()) return Expected("a dtype such as float32", text);
  value = *dtype;
  return absl::OkStatus();
}

absl::Status ParseAttr(absl::string_view text, IntTuple& value) { return ParseTuple(text, value); }
absl::Status ParseAttr(absl::string_view text, OptionalIntTuple& value) { return ParseTuple(text, value); }
absl::Status ParseAttr(absl::string_view text, FloatTuple& value) { return ParseTuple(text, value); }

std::string FormatAttr(bool value) { return value ? "True" : "False"; }
std::string FormatAttr(int64_t value) { return absl::StrCat(value); }

// The shortest text that reads back as the same double, in Python's spelling.
std::string FormatAttr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[40];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  std::string result = text;
  if (result.find_first_of(".e") == std::string::npos) result += ".0";
  return result;
}

std::string FormatAttr(const std::string& value) { return value; }
std::string FormatAttr(DType value) { return value == DType::kUnknown ? "None" : std::string(DTypeName(value)); }
std::string FormatAttr(const IntTuple& value) { return FormatTuple(value); }
std::string FormatAttr(const OptionalIntTuple& value) { return FormatTuple(value); }
std::string FormatAttr(const FloatTuple& value) { return FormatTuple(value); }

}  // namespace baryon
