#include "tests/integration/raw_http2.h"

#include "absl/strings/str_cat.h"

namespace baryon {
namespace {

std::string BigEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

}  // namespace

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  return absl::StrCat(BigEndian(payload.size(), 3), BigEndian(static_cast<uint8_t>(type), 1), BigEndian(flags, 1),
                      BigEndian(stream, 4), payload);
}

std::string HeaderBlock(const std::vector<std::pair<std::string, std::string>>& fields) {
  // Literal fields that are not to be indexed; lengths below 127 take one byte, others more.
  const auto text = [](const std::string& value) {
    std::string encoded;
    if (value.size() < 127) {
      encoded += static_cast<char>(value.size());
    } else {
      encoded += '\x7f';
      size_t rest = value.size() - 127;
      for (; rest >= 128; rest >>= 7) encoded += static_cast<char>(rest % 128 + 128);
      encoded += static_cast<char>(rest);
    }
    return encoded + value;
  };
  std::string block;
  for (const auto& [name, value] : fields) absl::StrAppend(&block, std::string(1, '\0'), text(name), text(value));
  return block;
}

std::string CallHeaders(const std::string& method, const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::pair<std::string, std::string>> fields = {{":method", "POST"}, {":scheme", "http"},
                                                             {":path", method},   {":authority", "x"},
                                                             {"te", "trailers"},  {"content-type", "application/grpc"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return HeaderBlock(fields);
}

std::string GrpcMessage(bool compressed, uint32_t size, absl::string_view bytes) {
  return absl::StrCat(std::string(1, compressed ? '\1' : '\0'), BigEndian(size, 4), bytes);
}

RawHttp2::RawHttp2(int port, uint32_t initial_window) : connection_(port) {
  constexpr int kInitialWindowSize = 4;
  Send(absl::StrCat(
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      Frame(FrameType::kSettings, 0, 0, absl::StrCat(BigEndian(kInitialWindowSize, 2), BigEndian(initial_window, 4)))));
}

bool RawHttp2::ReadFrame(FrameType type, std::string* payload) {
  while (true) {
    const std::string header = connection_.ReadBytes(9);
    if (header.size() < 9) return false;
    size_t size = 0;
    for (int i = 0; i < 3; ++i) size = size << 8 | static_cast<uint8_t>(header[i]);
    *payload = connection_.ReadBytes(size);
    if (payload->size() < size) return false;
    if (static_cast<uint8_t>(header[3]) == static_cast<uint8_t>(type)) return true;
  }
}

}  // namespace baryon
