#include "server/security/access.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/error_details.h"

namespace baryon {
namespace {

constexpr size_t kLeastBytes = 8, kMostBytes = 4096;

// The token of "Bearer TOKEN", or nothing.
absl::string_view TokenOf(absl::string_view authorization) {
  constexpr absl::string_view kScheme = "Bearer ";
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) return "";
  return absl::StripAsciiWhitespace(authorization.substr(kScheme.size()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Access>> Access::Open(std::string use_file, std::string control_file) {
  std::unique_ptr<Access> access(new Access(std::move(use_file), std::move(control_file)));
  BARYON_RETURN_IF_ERROR(access->Reload());
  return access;
}

Access::Access(std::string use_file, std::string control_file)
    : open_(use_file.empty() && control_file.empty()),
      use_{std::move(use_file), std::nullopt, ""},
      control_{std::move(control_file), std::nullopt, ""} {}

absl::Status Access::Check(Right right, absl::string_view authorization) const {
  if (open_) return absl::OkStatus();
  absl::MutexLock lock(&mutex_);
  const bool use_is_open = !use_.digest.has_value(), control_is_open = !control_.digest.has_value();
  if (use_is_open && (right == Right::kUse || control_is_open)) return absl::OkStatus();
  const absl::string_view token = TokenOf(authorization);
  const Digest digest = DigestOf(token.substr(0, kMostBytes + 1));
  const bool may_use = !use_is_open && Equal(digest, *use_.digest);
  const bool may_control = control_is_open ? may_use : Equal(digest, *control_.digest);
  if (may_control || (may_use && right == Right::kUse)) return absl::OkStatus();
  if (may_use) {
    return WithReason(absl::PermissionDeniedError("this needs the token for control, got the one for inference"),
                      "TOKEN_FOR_INFERENCE");
  }
  return token.empty() ? WithReason(absl::UnauthenticatedError("expected a bearer token, got none"), "TOKEN_MISSING")
                       : WithReason(absl::UnauthenticatedError("the bearer token is wrong"), "TOKEN_WRONG");
}

absl::Status Access::Reload() {
  absl::MutexLock lock(&mutex_);
  const absl::Status use = Reload(use_), control = Reload(control_);
  return use.ok() ? control : use;
}

absl::Status Access::Reload(Token& token) {
  if (token.file.empty()) return absl::OkStatus();
  const absl::StatusOr<Digest> digest = ReadToken(token.file);
  if (!digest.ok()) {
    if (token.digest.has_value() && token.last_error != digest.status().message()) {
      LogError("the token file cannot be used; the token before it stays", {{"error", digest.status().ToString()}});
    }
    token.last_error = std::string(digest.status().message());
    return digest.status();
  }
  token.last_error.clear();
  if (token.digest.has_value() && !Equal(*token.digest, *digest)) {
    LogInfo("the token has changed", {{"file", token.file}});
  }
  token.digest = *digest;
  return absl::OkStatus();
}

absl::StatusOr<Access::Digest> Access::ReadToken(const std::string& file) {
  BARYON_ASSIGN_OR_RETURN(const std::string contents, ReadFile(file, 2 * kMostBytes));
  const absl::string_view line = absl::string_view(contents).substr(0, contents.find('\n'));
  const absl::string_view token = absl::StripAsciiWhitespace(line);
  const bool printable = std::all_of(token.begin(), token.end(), [](char c) { return absl::ascii_isgraph(c); });
  if (token.size() < kLeastBytes || token.size() > kMostBytes || !printable) {
    return absl::InvalidArgumentError(absl::StrCat("\"", file, "\": expected a token of ", kLeastBytes, " to ",
                                                   kMostBytes, " printable characters on the first line"));
  }
  return DigestOf(token);
}

Access::Digest Access::DigestOf(absl::string_view text) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

bool Access::Equal(const Digest& a, const Digest& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace baryon
