#include "engine/store/member_rules.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "engine/base/status_macros.h"

namespace baryon::store {
namespace {

constexpr size_t kLongestPart = 255, kLongestPath = 4096;

bool HasDrive(absl::string_view name) {
  return name.size() >= 2 && absl::ascii_isalpha(static_cast<unsigned char>(name[0])) && name[1] == ':';
}

bool IsPlain(char c) { return c != '\\' && !absl::ascii_iscntrl(static_cast<unsigned char>(c)); }

}  // namespace

absl::StatusOr<std::string> MemberPath(absl::string_view name) {
  const auto refuse = [](absl::string_view got) {
    return absl::InvalidArgumentError(absl::StrCat("expected a relative path, got ", got));
  };
  if (name.empty()) return refuse("an empty name");
  if (name.size() > kLongestPath) return refuse(absl::StrCat("one of ", name.size(), " bytes"));
  if (absl::StartsWith(name, "/")) return refuse("an absolute one");
  if (HasDrive(name)) return refuse("one with a drive letter");
  if (!std::all_of(name.begin(), name.end(), IsPlain)) return refuse("one with backslashes or control characters");
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return refuse("one that climbs with \"..\"");
    if (part.size() > kLongestPart) return refuse(absl::StrCat("one with a part of ", part.size(), " bytes"));
    parts.push_back(part);
  }
  return absl::StrJoin(parts, "/");
}

absl::StatusOr<ArchiveMember> MemberRules::Add(absl::string_view name, bool is_folder, int64_t size) {
  if (++members_ > limits_.max_members) {
    return absl::ResourceExhaustedError(absl::StrCat("expected at most ", limits_.max_members, " members, got more"));
  }
  BARYON_ASSIGN_OR_RETURN(std::string path, MemberPath(name));
  BARYON_RETURN_IF_ERROR(AddPath(path, is_folder));
  BARYON_RETURN_IF_ERROR(AddSize(is_folder ? 0 : size));
  return ArchiveMember{std::move(path), is_folder ? 0 : size, is_folder};
}

// A path may come twice as a folder: by its own, and by what lies in it.
absl::Status MemberRules::AddPath(const std::string& path, bool is_folder) {
  if (path.empty()) return is_folder ? absl::OkStatus() : absl::InvalidArgumentError("expected a file to have a name");
  const size_t slash = path.rfind('/');
  if (slash != std::string::npos) BARYON_RETURN_IF_ERROR(AddPath(path.substr(0, slash), true));
  const auto [place, is_new] = seen_.insert({absl::AsciiStrToLower(path), {path, is_folder}});
  const Seen& before = place->second;
  if (is_new || (is_folder && before.is_folder && before.path == path)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("expected a name of its own, got that of \"", before.path, "\""));
}

absl::Status MemberRules::AddSize(int64_t size) {
  if (size < 0 || size > limits_.max_member_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("expected at most ", limits_.max_member_bytes, " bytes, got ", size));
  }
  total_bytes_ += size;
  if (total_bytes_ > limits_.max_total_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("expected at most ", limits_.max_total_bytes, " bytes in all, got more"));
  }
  if (total_bytes_ > limits_.small_bytes && total_bytes_ / limits_.max_ratio > packed_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat("expected at most ", limits_.max_ratio, " bytes for each of the ",
                                                     packed_bytes_, " of the archive, got ", total_bytes_));
  }
  return absl::OkStatus();
}

}  // namespace baryon::store
