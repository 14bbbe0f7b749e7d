#include "engine/store/address.h"

#include <curl/curl.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon::store {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

// Null when `address` is none.
Url Parse(const std::string& address) {
  Url url(curl_url());
  if (url == nullptr ||
      curl_url_set(url.get(), CURLUPART_URL, address.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return nullptr;
  }
  return url;
}

std::string Part(const Url& url, CURLUPart part, unsigned int flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return "";
  std::string result(text);
  curl_free(text);
  return result;
}

void Drop(const Url& url, std::initializer_list<CURLUPart> parts) {
  for (CURLUPart part : parts) curl_url_set(url.get(), part, nullptr, 0);
}

// Writes `path` into `url`, escaped but for its '/'. False: out of memory, or nothing one can write.
bool SetPath(const Url& url, const std::string& path) {
  return curl_url_set(url.get(), CURLUPART_PATH, path.c_str(), CURLU_URLENCODE) == CURLUE_OK;
}

absl::StatusOr<std::string> FileAddress(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  const Url url = Parse("file:///");
  if (error || url == nullptr || !SetPath(url, absolute.lexically_normal().string())) {
    return absl::InvalidArgumentError(absl::StrCat("expected an address or a path, got \"", path, "\""));
  }
  return Part(url, CURLUPART_URL);
}

}  // namespace

absl::StatusOr<std::string> ParseAddress(absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("expected an address, got none");
  if (!absl::StrContains(text, "://")) return FileAddress(std::string(text));
  const Url url = Parse(std::string(text));
  const std::string scheme = url == nullptr ? "" : Part(url, CURLUPART_SCHEME);
  if (scheme == "http" || scheme == "https" || scheme == "file") return Part(url, CURLUPART_URL);
  return absl::InvalidArgumentError(
      absl::StrCat("expected an address of http, https or file, got \"", WithoutSecrets(std::string(text)), "\""));
}

std::string AsFolder(absl::string_view address) {
  const Url url = Parse(std::string(address));
  const std::string path = url == nullptr ? "" : Part(url, CURLUPART_PATH);
  if (url == nullptr || absl::EndsWith(path, "/")) return std::string(address);
  curl_url_set(url.get(), CURLUPART_PATH, absl::StrCat(path, "/").c_str(), 0);
  return Part(url, CURLUPART_URL);
}

absl::StatusOr<std::string> Below(const std::string& base, const std::string& path) {
  const Url url = Parse(AsFolder(base));
  if (url != nullptr) {
    Drop(url, {CURLUPART_QUERY, CURLUPART_FRAGMENT});
    const std::string folder = Part(url, CURLUPART_PATH, CURLU_URLDECODE);
    if (SetPath(url, absl::StrCat(folder, path))) return Part(url, CURLUPART_URL);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("expected the address of a folder, got \"", WithoutSecrets(base), "\""));
}

std::string FileNameOf(const std::string& address) {
  const Url url = Parse(address);
  if (url == nullptr) return "";
  const std::string path = Part(url, CURLUPART_PATH, CURLU_URLDECODE);
  return path.substr(path.rfind('/') + 1);
}

bool IsFileAddress(absl::string_view address) { return absl::StartsWithIgnoreCase(address, "file:"); }

std::string WithoutSecrets(const std::string& address) {
  const Url url = Parse(address);
  if (url == nullptr) return "(no address)";
  Drop(url, {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY, CURLUPART_FRAGMENT});
  return Part(url, CURLUPART_URL);
}

}  // namespace baryon::store
