#include "server/testing/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace baryon {

std::string ExchangeBytes(int port, absl::string_view bytes) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const absl::Cleanup close_it = [connection] { close(connection); };
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return "";
  while (!bytes.empty()) {
    const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;  // the server had enough; its answer may wait to be read
    bytes.remove_prefix(sent);
  }
  std::string answer;
  char block[4096];
  for (ssize_t count; (count = recv(connection, block, sizeof(block), 0)) > 0;) answer.append(block, count);
  return answer;
}

std::string HttpGet(int port, absl::string_view path) {
  return ExchangeBytes(port, absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
}

}  // namespace baryon
