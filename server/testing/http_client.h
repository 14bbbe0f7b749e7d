// The client side of HTTP/1.1 for tests: sends bytes, returns bytes, well formed or not.
#ifndef BARYON_SERVER_TESTING_HTTP_CLIENT_H_
#define BARYON_SERVER_TESTING_HTTP_CLIENT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baryon {

// A TCP connection to 127.0.0.1. One thread.
class TestConnection {
 public:
  explicit TestConnection(int port);
  ~TestConnection();
  TestConnection(const TestConnection&) = delete;
  TestConnection& operator=(const TestConnection&) = delete;

  bool connected() const { return socket_ >= 0; }
  // False when the other side has closed.
  bool Send(absl::string_view bytes);
  // One answer: headers, and as many bytes behind them as Content-Length says. What there was, when the connection ends
  // before.
  std::string ReadAnswer();
  // The next `count` bytes; fewer when the connection ends before.
  std::string ReadBytes(size_t count);
  // All until the other side closes.
  std::string ReadAll();
  // Says that no more will be sent.
  void EndSending();
  // Ends the connection with a reset.
  void Reset();

 private:
  bool ReadMore();

  int socket_ = -1;
  std::string read_;  // and not returned
};

// Connects to 127.0.0.1:`port`, sends `bytes`, and returns what comes back until the server closes the connection.
// Empty when nobody listens there.
std::string ExchangeBytes(int port, absl::string_view bytes);

// The whole answer, status line and headers first, to "GET `path`" on a connection of its own.
std::string HttpGet(int port, absl::string_view path);

// The same for POST. `headers` end in "\r\n" each.
std::string HttpPost(int port, absl::string_view path, absl::string_view body, absl::string_view headers = "");

// What follows the headers of an answer.
std::string BodyOf(absl::string_view answer);

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_HTTP_CLIENT_H_
