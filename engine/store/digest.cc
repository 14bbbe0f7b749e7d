#include "engine/store/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/check.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon::store {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

// Bytes in, digits out. One thread.
class Digest {
 public:
  explicit Digest(DigestKind kind) : context_(EVP_MD_CTX_new()) {
    BARYON_CHECK(context_ != nullptr);
    BARYON_CHECK(EVP_DigestInit_ex(context_.get(), kind == DigestKind::kSha1 ? EVP_sha1() : EVP_sha256(), nullptr) ==
                 1);
  }

  void Add(absl::string_view bytes) { BARYON_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }

  std::string Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
    unsigned int size = 0;
    BARYON_CHECK(EVP_DigestFinal_ex(context_.get(), bytes.data(), &size) == 1);
    return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), size));
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD_CTX, Free> context_;
};

absl::string_view KindName(DigestKind kind) { return kind == DigestKind::kSha1 ? "SHA-1" : "SHA-256"; }

}  // namespace

std::string DigestOfBytes(DigestKind kind, absl::string_view bytes) {
  Digest digest(kind);
  digest.Add(bytes);
  return digest.Finish();
}

absl::StatusOr<std::string> DigestOfFile(DigestKind kind, const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const FileReader> file, FileReader::Open(path));
  Digest digest(kind);
  std::vector<char> piece(std::min(kPieceBytes, file->size()));
  for (int64_t at = 0; at < file->size(); at += kPieceBytes) {
    const int64_t count = std::min(kPieceBytes, file->size() - at);
    BARYON_RETURN_IF_ERROR(file->Read(at, count, piece.data()));
    digest.Add(absl::string_view(piece.data(), count));
  }
  return digest.Finish();
}

absl::Status CheckDigest(DigestKind kind, const std::string& path, absl::string_view expected) {
  BARYON_ASSIGN_OR_RETURN(const std::string got, DigestOfFile(kind, path));
  if (absl::EqualsIgnoreCase(got, expected)) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("\"", path, "\": expected ", KindName(kind), " ", absl::AsciiStrToLower(expected), ", got ", got));
}

bool IsDigest(DigestKind kind, absl::string_view text) {
  const size_t digits = kind == DigestKind::kSha1 ? 40 : 64;
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace baryon::store
