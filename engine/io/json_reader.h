// JSON read front to back, straight into the reader's own structures. There is no tree in between: it would take many
// times the text's size, and errors would no longer know the line.
//
//   JsonReader json(text);
//   BARYON_RETURN_IF_ERROR(json.ReadObject([&](const std::string& key) {
//     if (key == "name") return json.ReadString(name);
//     if (key == "sizes") return json.ReadArray([&] { return json.ReadInt(sizes.emplace_back()); });
//     return json.Skip();
//   }));
//   BARYON_RETURN_IF_ERROR(json.ReadEnd());
#ifndef BARYON_ENGINE_IO_JSON_READER_H_
#define BARYON_ENGINE_IO_JSON_READER_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baryon {

// Each Read takes the next value. All errors are DATA_LOSS and name the line: "line 3: expected an array, got a text".
// After one the reader is not used any more. Objects and arrays may be nested kMostDepth deep. Source: RFC 8259.
class JsonReader {
 public:
  static constexpr int kMostDepth = 64;
  enum class Kind { kObject, kArray, kString, kNumber, kBool, kNull, kNothing };

  explicit JsonReader(absl::string_view text) : text_(text) {}  // borrowed

  // What comes next; kNothing at the end and where no value can start.
  Kind Peek();

  // `read_member` takes the value of `key`; `read_element` takes one element.
  absl::Status ReadObject(absl::FunctionRef<absl::Status(const std::string& key)> read_member);
  absl::Status ReadArray(absl::FunctionRef<absl::Status()> read_element);
  absl::Status ReadString(std::string& value);
  absl::Status ReadInt(int64_t& value);  // a whole number that fits
  absl::Status ReadDouble(double& value);
  // Takes any value, whatever is in it.
  absl::Status Skip();
  // Nothing but white space may follow.
  absl::Status ReadEnd();

  // "line 3: expected `expected`, got `got`".
  absl::Status Expected(absl::string_view expected, absl::string_view got) const;

 private:
  absl::Status ExpectedNext(absl::string_view expected);
  void SkipSpace();
  bool Consume(char c);
  absl::Status ReadElements(char close, absl::string_view what, absl::FunctionRef<absl::Status()> read_element);
  absl::Status ReadEscape(std::string& value);
  absl::Status ReadHex(uint32_t& unit);
  absl::Status ReadNumber(absl::string_view& number);
  absl::Status ReadWord(absl::string_view word);

  const absl::string_view text_;
  size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_JSON_READER_H_
