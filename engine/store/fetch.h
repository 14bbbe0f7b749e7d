// Fetching files over http, https and from disk, by libcurl: bounded in time, size and redirects, and going on where it
// was interrupted.
#ifndef BARYON_ENGINE_STORE_FETCH_H_
#define BARYON_ENGINE_STORE_FETCH_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace baryon::store {

struct FetchOptions {
  absl::Duration connect_timeout = absl::Seconds(20);
  // In every stretch of `patience` at least patience * min_bytes_per_second bytes arrive, or the try is given up.
  absl::Duration patience = absl::Seconds(30);
  int64_t min_bytes_per_second = 1024;
  absl::Duration time_limit = absl::Hours(6);  // of all tries together
  int max_redirects = 5;                       // never from https to anything else, never to a file
  int64_t max_bytes = int64_t{8} << 30;
  int max_tries = 5;                                     // after a broken connection, silence, or 429 and 5xx
  absl::Duration first_pause = absl::Milliseconds(500);  // before the second try; then twice as long each time
  bool offline = false;                                  // file addresses alone
  // Certificates (PEM) of the authorities that https servers are believed by; empty: SSL_CERT_FILE, or the system's.
  std::string trusted_certificates;

  // Called a few times a second, with `total` 0 as long as nobody has said it. An error ends the transfer, and Fetch
  // returns it. May be empty.
  std::function<absl::Status(int64_t done, int64_t total)> progress;
};

// The file at `address`, an http, https or file address, into `path`. What an earlier call left in `path` is gone on
// with when the server has named the contents by an ETag (or a date) and still has the same; otherwise it starts anew.
// `path`.json keeps that name. After an error both files remain, for the next call, except when the contents can never
// do. One call at a time for one path. Errors, naming the address without its secrets:
//   NOT_FOUND            404, 410, no such file        PERMISSION_DENIED    401, 403
//   INVALID_ARGUMENT     no address we ask             FAILED_PRECONDITION  offline, too many redirects, TLS
//   DATA_LOSS            an HTML page, or the transfer ended too early every time
//   DEADLINE_EXCEEDED    silence, too slow, too long   RESOURCE_EXHAUSTED   too large; no space on the disk
//   UNAVAILABLE          no connection, 429, 5xx       and those of writing and of `progress`
absl::Status FetchFile(const std::string& address, const std::string& path, const FetchOptions& options);

// The bytes at `address`, at most `max_bytes`. Errors as FetchFile.
absl::StatusOr<std::string> FetchBytes(const std::string& address, int64_t max_bytes, const FetchOptions& options);

// Removes what FetchFile keeps in and beside `path`.
void ForgetFetched(const std::string& path);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_FETCH_H_
