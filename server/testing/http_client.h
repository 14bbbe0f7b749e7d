// The client side of HTTP/1.1 for tests: sends bytes, returns bytes.
#ifndef BARYON_SERVER_TESTING_HTTP_CLIENT_H_
#define BARYON_SERVER_TESTING_HTTP_CLIENT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baryon {

// Connects to 127.0.0.1:`port`, sends `bytes`, and returns what comes back until the server closes the connection.
// Empty when nobody listens there.
std::string ExchangeBytes(int port, absl::string_view bytes);

// The whole answer, status line and headers first, to "GET `path`" on a connection of its own.
std::string HttpGet(int port, absl::string_view path);

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_HTTP_CLIENT_H_
