// Bodies as Beast wants them. Part of http_connection.
#ifndef BARYON_SERVER_HTTP_HTTP_BODIES_INL_H_
#define BARYON_SERVER_HTTP_HTTP_BODIES_INL_H_

#include <boost/asio/buffer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <utility>
#include <vector>

#include "server/http/http_body.h"
#include "server/http/http_message.h"

namespace baryon {

// Collects a chunked body.
struct CollectedBody {
  struct value_type {
    HttpBody body;
    size_t limit = 0;
    bool no_memory = false;
  };

  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(boost::beast::http::header<kIsRequest, Fields>&, value_type& value) : value_(value) {}

    void init(const boost::optional<std::uint64_t>&, boost::beast::error_code& error) { error = {}; }

    template <class Buffers>
    size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      size_t bytes = 0;
      for (auto it = boost::asio::buffer_sequence_begin(buffers); it != boost::asio::buffer_sequence_end(buffers);
           ++it) {
        const boost::asio::const_buffer buffer = *it;
        if (!value_.body.Append({static_cast<const char*>(buffer.data()), buffer.size()}, value_.limit)) {
          value_.no_memory = value_.body.size() + buffer.size() <= value_.limit;
          error = boost::beast::http::error::body_limit;
          return bytes;
        }
        bytes += buffer.size();
      }
      return bytes;
    }

    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    value_type& value_;
  };
};

// Sends the pieces of an answer from where they are.
struct PiecesBody {
  using value_type = HttpResponse;

  class writer {
   public:
    using const_buffers_type = std::vector<boost::asio::const_buffer>;

    template <bool kIsRequest, class Fields>
    writer(const boost::beast::http::header<kIsRequest, Fields>&, const value_type& value) : value_(value) {}

    void init(boost::beast::error_code& error) { error = {}; }

    boost::optional<std::pair<const_buffers_type, bool>> get(boost::beast::error_code& error) {
      error = {};
      const_buffers_type buffers{boost::asio::buffer(value_.body)};
      for (const HttpPiece& piece : value_.pieces) buffers.emplace_back(piece.bytes.data(), piece.bytes.size());
      return {{std::move(buffers), false}};
    }

   private:
    const value_type& value_;
  };
};

inline size_t BodySize(const HttpResponse& response) {
  size_t bytes = response.body.size();
  for (const HttpPiece& piece : response.pieces) bytes += piece.bytes.size();
  return bytes;
}

}  // namespace baryon

#endif  // BARYON_SERVER_HTTP_HTTP_BODIES_INL_H_
