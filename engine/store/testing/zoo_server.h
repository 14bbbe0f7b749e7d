// A web server for tests: answers as it is told, well or badly.
#ifndef BARYON_ENGINE_STORE_TESTING_ZOO_SERVER_H_
#define BARYON_ENGINE_STORE_TESTING_ZOO_SERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace baryon::store {

struct ZooRequest {
  std::string target;                          // "/gluon/models/x.zip"
  std::map<std::string, std::string> headers;  // names in lower case

  std::string Header(const std::string& name) const;
};

struct ZooAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  // After so many bytes of the body: the connection is closed, or nothing more comes, or they come one by one.
  int64_t close_at = -1, stall_at = -1, drip_at = -1;
};

using ZooHandler = std::function<ZooAnswer(const ZooRequest& request)>;

// What a good server does with a file: knows its ETag (none when empty), and sends the rest of it to those who ask for
// that and have the beginning of the same.
ZooAnswer ServeFile(const ZooRequest& request, const std::string& body, const std::string& etag);

// Listens on a free port of 127.0.0.1; each connection has a thread. `handler` is called on these, one at a time.
class ZooServer {
 public:
  explicit ZooServer(ZooHandler handler);
  ~ZooServer();  // cuts off whoever is connected
  ZooServer(const ZooServer&) = delete;
  ZooServer& operator=(const ZooServer&) = delete;

  std::string address() const;               // "http://127.0.0.1:1234/"
  std::vector<ZooRequest> requests() const;  // so far, in the order of their arrival

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_TESTING_ZOO_SERVER_H_
