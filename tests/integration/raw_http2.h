// HTTP/2 frames written by hand, as no client library would send them.
#ifndef BARYON_TESTS_INTEGRATION_RAW_HTTP2_H_
#define BARYON_TESTS_INTEGRATION_RAW_HTTP2_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/testing/http_client.h"

namespace baryon {

enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kRstStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;

// One frame: length, type, flags, stream, payload.
std::string Frame(FrameType type, uint8_t flags, uint32_t stream, absl::string_view payload);

// A block of header fields, none of them compressed.
std::string HeaderBlock(const std::vector<std::pair<std::string, std::string>>& fields);

// The fields of a gRPC call, with more of the test's own.
std::string CallHeaders(const std::string& method, const std::vector<std::pair<std::string, std::string>>& more = {});

// The five bytes before a gRPC message, and the message.
std::string GrpcMessage(bool compressed, uint32_t size, absl::string_view bytes);

// A connection that has sent the preface and its settings. `initial_window` is what it lets the server send a stream.
class RawHttp2 {
 public:
  explicit RawHttp2(int port, uint32_t initial_window = 65535);

  // False when the server has closed.
  bool Send(absl::string_view frames) { return connection_.Send(frames); }
  // The next frame of this kind that the server sends; its payload. False when it closes before.
  bool ReadFrame(FrameType type, std::string* payload);
  // Everything until the server closes.
  std::string ReadAll() { return connection_.ReadAll(); }

 private:
  TestConnection connection_;
};

}  // namespace baryon

#endif  // BARYON_TESTS_INTEGRATION_RAW_HTTP2_H_
