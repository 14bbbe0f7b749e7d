#include "server/models/cost_cache.h"

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/file.h"

namespace baryon {
namespace {

constexpr int64_t kMostBytes = 1 << 20;

// FNV-1a: the same in every process, other than absl::Hash.
uint64_t HashOf(absl::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

// A second hash, from the other end: two keys that share both are not to be expected.
std::string CheckOf(absl::string_view key) {
  return absl::StrCat(absl::Hex(HashOf(std::string(key.rbegin(), key.rend())), absl::kZeroPad16));
}

}  // namespace

std::string CostCache::PathOf(absl::string_view key) const {
  return (std::filesystem::path(folder_) / absl::StrCat(absl::Hex(HashOf(key), absl::kZeroPad16), ".json")).string();
}

std::optional<CostTable> CostCache::Load(absl::string_view key) const {
  if (folder_.empty()) return std::nullopt;
  const absl::StatusOr<std::string> text = ReadFile(PathOf(key), kMostBytes);
  if (!text.ok()) return std::nullopt;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(*text, absl::MaxSplits('\n', 1));
  if (parts.first != CheckOf(key)) return std::nullopt;
  absl::StatusOr<CostTable> table = CostTable::FromJson(parts.second);
  if (!table.ok()) return std::nullopt;
  return *std::move(table);
}

absl::Status CostCache::Store(absl::string_view key, const CostTable& table) const {
  if (folder_.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return ErrnoToStatus(error.value(), "cannot make", folder_);
  return WriteFileAtomically(PathOf(key), absl::StrCat(CheckOf(key), "\n", table.ToJson(), "\n"));
}

}  // namespace baryon
