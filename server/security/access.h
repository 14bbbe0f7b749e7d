// Who may do what: bearer tokens.
#ifndef BARYON_SERVER_SECURITY_ACCESS_H_
#define BARYON_SERVER_SECURITY_ACCESS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace baryon {

// What a call needs. Health and metrics need nothing.
enum class Right {
  kUse,      // ask models, and about them
  kControl,  // load, unload, change what serves
};

// Compares the tokens of requests with those of two files, which are read again when they change. Without a file for
// inference everybody may use the server; without one for control, those who may use it may control it. The token for
// control opens everything. Thread-safe.
class Access {
 public:
  // Paths; empty: none. A file holds one token of 8 to 4096 printable characters on its first line. Errors: those of
  // reading; INVALID_ARGUMENT, a file holds no token.
  static absl::StatusOr<std::unique_ptr<Access>> Open(std::string use_file, std::string control_file);

  // `authorization` is the header of that name, "Bearer TOKEN"; empty when there is none. Takes the same time however
  // much of a token is right. Errors: UNAUTHENTICATED, no token or a wrong one; PERMISSION_DENIED, one that is right
  // for less than `right`. They never say what came.
  absl::Status Check(Right right, absl::string_view authorization) const;

  // Reads the files again. One that cannot be read or holds no token leaves its token as it was, and is logged once.
  absl::Status Reload();

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Token {
    std::string file;
    std::optional<Digest> digest;  // of the token: all have one length, and memory holds no secrets
    std::string last_error;
  };

  Access(std::string use_file, std::string control_file);

  static absl::StatusOr<Digest> ReadToken(const std::string& file);
  static absl::Status Reload(Token& token);
  static Digest DigestOf(absl::string_view text);
  static bool Equal(const Digest& a, const Digest& b);

  const bool open_;  // to everybody: there are no files
  mutable absl::Mutex mutex_;
  Token use_ ABSL_GUARDED_BY(mutex_), control_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baryon

#endif  // BARYON_SERVER_SECURITY_ACCESS_H_
