// SHA-1 and SHA-256, as hexadecimal text: how the zoo names what it publishes.
#ifndef BARYON_ENGINE_STORE_DIGEST_H_
#define BARYON_ENGINE_STORE_DIGEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baryon::store {

enum class DigestKind { kSha1, kSha256 };

// The digest of `bytes`: 40 or 64 digits in lower case.
std::string DigestOfBytes(DigestKind kind, absl::string_view bytes);

// The digest of the file `path`. Errors: those of reading it.
absl::StatusOr<std::string> DigestOfFile(DigestKind kind, const std::string& path);

// OK when the file's digest is `expected`, in either case. Errors: DATA_LOSS, naming the file, both digests and the
// file's size; those of reading it.
absl::Status CheckDigest(DigestKind kind, const std::string& path, absl::string_view expected);

// True for 40 or 64 hexadecimal digits, as `kind` has.
bool IsDigest(DigestKind kind, absl::string_view text);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_DIGEST_H_
