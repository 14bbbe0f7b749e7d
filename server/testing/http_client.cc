#include "server/testing/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace baryon {
namespace {

constexpr absl::string_view kEndOfHeaders = "\r\n\r\n";

// What the headers say is the size of the body; 0 when they do not.
size_t ContentLength(absl::string_view headers) {
  const std::string lower = absl::AsciiStrToLower(headers);
  const size_t start = lower.find("content-length: ");
  size_t length = 0;
  if (start == std::string::npos) return 0;
  const size_t value = start + sizeof("content-length: ") - 1;
  return absl::SimpleAtoi(lower.substr(value, lower.find('\r', value) - value), &length) ? length : 0;
}

}  // namespace

TestConnection::TestConnection(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return;
  close(socket_);
  socket_ = -1;
}

TestConnection::~TestConnection() {
  if (socket_ >= 0) close(socket_);
}

bool TestConnection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

bool TestConnection::ReadMore() {
  char block[65536];
  const ssize_t count = recv(socket_, block, sizeof(block), 0);
  if (count > 0) read_.append(block, count);
  return count > 0;
}

std::string TestConnection::ReadAnswer() {
  size_t end = std::string::npos;
  while ((end = read_.find(kEndOfHeaders.data())) == std::string::npos) {
    if (!ReadMore()) return ReadAll();
  }
  end += kEndOfHeaders.size();
  end += ContentLength(absl::string_view(read_).substr(0, end));
  return ReadBytes(end);
}

std::string TestConnection::ReadBytes(size_t count) {
  while (read_.size() < count) {
    if (!ReadMore()) break;
  }
  const std::string bytes = read_.substr(0, count);
  read_.erase(0, count);
  return bytes;
}

std::string TestConnection::ReadAll() {
  while (ReadMore()) {
  }
  std::string all;
  all.swap(read_);
  return all;
}

void TestConnection::EndSending() { shutdown(socket_, SHUT_WR); }

void TestConnection::Reset() {
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(socket_);
  socket_ = -1;
}

std::string ExchangeBytes(int port, absl::string_view bytes) {
  TestConnection connection(port);
  if (!connection.connected()) return "";
  connection.Send(bytes);  // if the server had enough before the end, its answer may wait to be read
  return connection.ReadAll();
}

std::string HttpGet(int port, absl::string_view path) {
  return ExchangeBytes(port, absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
}

std::string HttpPost(int port, absl::string_view path, absl::string_view body, absl::string_view headers) {
  return ExchangeBytes(port, absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n", headers,
                                          "Content-Length: ", body.size(), "\r\n\r\n", body));
}

std::string BodyOf(absl::string_view answer) {
  const size_t end = answer.find(kEndOfHeaders);
  return end == absl::string_view::npos ? "" : std::string(answer.substr(end + kEndOfHeaders.size()));
}

}  // namespace baryon
