// A text is read twice: first by a reader that keeps nothing and only counts, so that what the second one builds is
// bounded.
#include "engine/io/json.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

class Counter : public nlohmann::json_sax<Json> {
 public:
  explicit Counter(absl::string_view text) : text_(text) {}

  const absl::Status& status() const { return status_; }

  bool null() override { return Count(); }
  bool boolean(bool) override { return Count(); }
  bool number_integer(number_integer_t) override { return Count(); }
  bool number_unsigned(number_unsigned_t) override { return Count(); }
  bool number_float(number_float_t, const string_t&) override { return Count(); }
  bool string(string_t&) override { return Count(); }
  bool binary(binary_t&) override { return Count(); }
  bool key(string_t&) override { return Count(); }
  bool start_object(size_t) override { return Open(); }
  bool start_array(size_t) override { return Open(); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  // `error` says it all, in the library's way: "[json.exception.parse_error.101] parse error at line 3, column 5:
  // syntax error while parsing ...".
  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + std::min(position, text_.size()), '\n');
    const std::string what = error.what();
    const size_t begin = std::min(what.find(": "), what.size() - 2) + 2;
    status_ = absl::DataLossError(absl::StrCat("line ", line, ": expected JSON, got a ", what.substr(begin)));
    return false;
  }

 private:
  bool Count() {
    if (++values_ <= kMostJsonValues) return true;
    status_ = absl::ResourceExhaustedError(absl::StrCat("expected at most ", kMostJsonValues, " values, got more"));
    return false;
  }
  bool Open() {
    if (++depth_ > kMostJsonDepth) {
      status_ = absl::DataLossError(absl::StrCat("expected values at most ", kMostJsonDepth, " deep, got deeper ones"));
      return false;
    }
    return Count();
  }
  bool Close() {
    --depth_;
    return true;
  }

  const absl::string_view text_;
  absl::Status status_;
  int values_ = 0, depth_ = 0;
};

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  Counter counter(text);
  if (!Json::sax_parse(text.begin(), text.end(), &counter)) return counter.status();
  return Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

absl::string_view JsonKind(const Json& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "an array";
  if (json.is_string()) return "a text";
  if (json.is_number()) return "a number";
  return json.is_boolean() ? "a boolean" : "null";
}

}  // namespace baryon
