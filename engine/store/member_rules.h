// What an archive may hold: names that stay where they are put, and sizes that were agreed on.
#ifndef BARYON_ENGINE_STORE_MEMBER_RULES_H_
#define BARYON_ENGINE_STORE_MEMBER_RULES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baryon::store {

struct ArchiveLimits {
  int64_t max_members = 10000;
  int64_t max_member_bytes = int64_t{8} << 30;
  int64_t max_total_bytes = int64_t{16} << 30;
  // Unpacked bytes for a packed one, where there are more than `small_bytes` of them.
  int64_t max_ratio = 200;
  int64_t small_bytes = 1 << 20;
};

struct ArchiveMember {
  std::string path;  // relative, '/' between its parts, no "." and ".."; empty: the folder itself
  int64_t size = 0;
  bool is_folder = false;
};

// `name` as the path of a member. Errors: INVALID_ARGUMENT, a name that is absolute, climbs with "..", has a drive
// letter, backslashes or control characters, parts of more than 255 bytes or more than 4096 bytes in all.
absl::StatusOr<std::string> MemberPath(absl::string_view name);

// Looks at the members of one archive, in their order, before any of them is unpacked. One thread.
class MemberRules {
 public:
  // `packed_bytes`: of the archive.
  MemberRules(const ArchiveLimits& limits, int64_t packed_bytes) : limits_(limits), packed_bytes_(packed_bytes) {}

  // Errors, without the member's name: INVALID_ARGUMENT, its name, or the name of another member in this or another
  // case; RESOURCE_EXHAUSTED, too many members, or too large for what they were packed in.
  absl::StatusOr<ArchiveMember> Add(absl::string_view name, bool is_folder, int64_t size);

 private:
  // Where a name that differs in case alone has been seen.
  struct Seen {
    std::string path;
    bool is_folder;
  };
  absl::Status AddPath(const std::string& path, bool is_folder);
  absl::Status AddSize(int64_t size);

  const ArchiveLimits limits_;
  const int64_t packed_bytes_;
  int64_t members_ = 0, total_bytes_ = 0;
  std::map<std::string, Seen> seen_;
};

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_MEMBER_RULES_H_
