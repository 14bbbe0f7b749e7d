#include "engine/io/json_reader.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

absl::string_view KindName(JsonReader::Kind kind) {
  switch (kind) {
    case JsonReader::Kind::kObject:
      return "an object";
    case JsonReader::Kind::kArray:
      return "an array";
    case JsonReader::Kind::kString:
      return "a text";
    case JsonReader::Kind::kNumber:
      return "a number";
    case JsonReader::Kind::kBool:
      return "a boolean";
    case JsonReader::Kind::kNull:
      return "null";
    case JsonReader::Kind::kNothing:
      break;
  }
  return "nothing";
}

void AppendUtf8(uint32_t code, std::string& text) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int continuations = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t lead = continuations == 1 ? 0xC0 : continuations == 2 ? 0xE0 : 0xF0;
  text += static_cast<char>(lead | (code >> (6 * continuations)));
  for (int i = continuations - 1; i >= 0; --i) text += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
}

// The length of the UTF-8 character `text` starts with, 0 when it starts with none. Source: Unicode 15, table 3-7.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {  // no overlong forms, no surrogates
    return continues(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    return continues(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

absl::Status JsonReader::Expected(absl::string_view expected, absl::string_view got) const {
  const auto line = 1 + std::count(text_.begin(), text_.begin() + std::min(position_, text_.size()), '\n');
  return absl::DataLossError(absl::StrCat("line ", line, ": expected ", expected, ", got ", got));
}

absl::Status JsonReader::ExpectedNext(absl::string_view expected) {
  const Kind kind = Peek();
  if (kind != Kind::kNothing) return Expected(expected, KindName(kind));
  if (position_ >= text_.size()) return Expected(expected, "the end");
  const char c = text_[position_];
  return Expected(expected,
                  absl::ascii_isprint(c) ? absl::StrCat("'", absl::string_view(&c, 1), "'") : "a strange byte");
}

void JsonReader::SkipSpace() {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (position_ < text_.size() && is_space(text_[position_])) ++position_;
}

bool JsonReader::Consume(char c) {
  SkipSpace();
  if (position_ >= text_.size() || text_[position_] != c) return false;
  ++position_;
  return true;
}

JsonReader::Kind JsonReader::Peek() {
  SkipSpace();
  if (position_ >= text_.size()) return Kind::kNothing;
  const char c = text_[position_];
  if (c == '{') return Kind::kObject;
  if (c == '[') return Kind::kArray;
  if (c == '"') return Kind::kString;
  if (c == '-' || absl::ascii_isdigit(c)) return Kind::kNumber;
  if (c == 't' || c == 'f') return Kind::kBool;
  if (c == 'n') return Kind::kNull;
  return Kind::kNothing;
}

// What objects and arrays have in common: elements with commas between them, up to `close`.
absl::Status JsonReader::ReadElements(char close, absl::string_view what,
                                      absl::FunctionRef<absl::Status()> read_element) {
  ++position_;  // the bracket that opens
  if (++depth_ > kMostDepth) return Expected(absl::StrCat("values at most ", kMostDepth, " deep"), "deeper ones");
  bool closed = Consume(close);
  while (!closed) {
    BARYON_RETURN_IF_ERROR(read_element());
    closed = Consume(close);
    if (!closed && !Consume(',')) return ExpectedNext(absl::StrCat("a comma or the end of ", what));
  }
  --depth_;
  return absl::OkStatus();
}

absl::Status JsonReader::ReadObject(absl::FunctionRef<absl::Status(const std::string& key)> read_member) {
  if (Peek() != Kind::kObject) return ExpectedNext("an object");
  std::string key;
  return ReadElements('}', "an object", [&]() -> absl::Status {
    if (Peek() != Kind::kString) return ExpectedNext("a key");
    BARYON_RETURN_IF_ERROR(ReadString(key));
    if (!Consume(':')) return ExpectedNext("a colon");
    return read_member(key);
  });
}

absl::Status JsonReader::ReadArray(absl::FunctionRef<absl::Status()> read_element) {
  if (Peek() != Kind::kArray) return ExpectedNext("an array");
  return ReadElements(']', "an array", read_element);
}

absl::Status JsonReader::ReadString(std::string& value) {
  if (Peek() != Kind::kString) return ExpectedNext("a text");
  ++position_;
  value.clear();
  while (true) {
    if (position_ >= text_.size()) return Expected("a quote at the end of a text", "the end");
    const char c = text_[position_];
    if (c == '"') break;
    if (c == '\\') {
      BARYON_RETURN_IF_ERROR(ReadEscape(value));
      continue;
    }
    const size_t length = static_cast<unsigned char>(c) < 0x20 ? 0 : Utf8Length(text_.substr(position_, 4));
    if (length == 0) return Expected("UTF-8 without control characters", "other bytes");
    value.append(text_.data() + position_, length);
    position_ += length;
  }
  ++position_;
  return absl::OkStatus();
}

absl::Status JsonReader::ReadEscape(std::string& value) {
  constexpr absl::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  const char letter = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
  if (const size_t at = kLetters.find(letter); at != absl::string_view::npos) {
    value += kMeanings[at];
    position_ += 2;
    return absl::OkStatus();
  }
  uint32_t code = 0;
  BARYON_RETURN_IF_ERROR(ReadHex(code));
  if (code >= 0xD800 && code <= 0xDBFF) {  // the first half of a pair
    uint32_t low = 0;
    BARYON_RETURN_IF_ERROR(ReadHex(low));
    if (low < 0xDC00 || low > 0xDFFF) return Expected("the second half of a pair", "another character");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  if (code >= 0xD800 && code <= 0xDFFF) return Expected("a character", "half of a pair");
  AppendUtf8(code, value);
  return absl::OkStatus();
}

// "\u00E4"
absl::Status JsonReader::ReadHex(uint32_t& unit) {
  const absl::string_view escape = text_.substr(std::min(position_, text_.size()), 6);
  const bool sound = escape.size() == 6 && absl::StartsWith(escape, "\\u") &&
                     std::all_of(escape.begin() + 2, escape.end(), [](char c) { return absl::ascii_isxdigit(c); }) &&
                     absl::SimpleHexAtoi(escape.substr(2), &unit);
  if (!sound) return Expected("an escape sequence", "another");
  position_ += 6;
  return absl::OkStatus();
}

// The text of a number: sign, whole part without leading zeros, fraction, exponent.
absl::Status JsonReader::ReadNumber(absl::string_view& number) {
  if (Peek() != Kind::kNumber) return ExpectedNext("a number");
  const size_t begin = position_;
  const auto take = [&](absl::string_view choice) {
    const bool taken = position_ < text_.size() && absl::StrContains(choice, text_[position_]);
    position_ += taken;
    return taken;
  };
  const auto take_digits = [&] {
    const size_t first = position_;
    while (take("0123456789")) {
    }
    return position_ > first;
  };
  take("-");
  bool sound = take("0") || take_digits();
  if (sound && take(".")) sound = take_digits();
  if (sound && take("eE")) {
    take("+-");
    sound = take_digits();
  }
  number = text_.substr(begin, position_ - begin);
  return sound ? absl::OkStatus() : Expected("a number", number.substr(0, 40));
}

absl::Status JsonReader::ReadInt(int64_t& value) {
  absl::string_view number;
  if (Peek() != Kind::kNumber) return ExpectedNext("a whole number");
  BARYON_RETURN_IF_ERROR(ReadNumber(number));
  if (!absl::SimpleAtoi(number, &value)) return Expected("a whole number", number.substr(0, 40));
  return absl::OkStatus();
}

absl::Status JsonReader::ReadDouble(double& value) {
  absl::string_view number;
  BARYON_RETURN_IF_ERROR(ReadNumber(number));
  if (!absl::SimpleAtod(number, &value) || !std::isfinite(value)) return Expected("a number", number.substr(0, 40));
  return absl::OkStatus();
}

absl::Status JsonReader::ReadWord(absl::string_view word) {
  if (!absl::StartsWith(text_.substr(position_), word)) return Expected(word, "another word");
  position_ += word.size();
  return absl::OkStatus();
}

absl::Status JsonReader::Skip() {
  switch (Peek()) {
    case Kind::kObject:
      return ReadObject([&](const std::string&) { return Skip(); });
    case Kind::kArray:
      return ReadArray([&] { return Skip(); });
    case Kind::kString: {
      std::string value;
      return ReadString(value);
    }
    case Kind::kNumber: {
      double value;
      return ReadDouble(value);
    }
    case Kind::kBool:
      return ReadWord(text_[position_] == 't' ? "true" : "false");
    case Kind::kNull:
      return ReadWord("null");
    case Kind::kNothing:
      break;
  }
  return ExpectedNext("a value");
}

absl::Status JsonReader::ReadEnd() {
  SkipSpace();
  if (position_ < text_.size()) return ExpectedNext("the end");
  return absl::OkStatus();
}

}  // namespace baryon
