// Compressed bodies, and no more of them than is wanted.
#ifndef BARYON_SERVER_HTTP_INFLATE_H_
#define BARYON_SERVER_HTTP_INFLATE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/http/http_body.h"

namespace baryon {

// True for the values of Content-Encoding that Inflate knows: "gzip", "x-gzip" and "deflate".
bool CanInflate(absl::string_view encoding);

// Appends what `compressed` holds, one gzip member or zlib stream, to `body`, up to `limit` bytes. Memory grows with
// what comes out, never with what a header promises. Errors: INVALID_ARGUMENT, it is no such stream, ends early or goes
// on behind the end; RESOURCE_EXHAUSTED, it holds more than `limit` bytes, or there is no memory.
absl::Status Inflate(absl::string_view compressed, size_t limit, HttpBody& body);

}  // namespace baryon

#endif  // BARYON_SERVER_HTTP_INFLATE_H_
