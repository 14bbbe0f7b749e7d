#include "engine/base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>

namespace baryon {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

int64_t MachineBytes() {
  const int64_t pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page_bytes > 0 ? pages * page_bytes : kNoLimit;
}

// Version 2 of cgroups has "max" where there is no limit, version 1 a number beyond every machine's.
int64_t CgroupBytes() {
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    int64_t bytes = 0;
    if (std::ifstream file(path); file >> bytes && bytes > 0) return bytes;
  }
  return kNoLimit;
}

int64_t ProcessBytes() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur > static_cast<rlim_t>(kNoLimit)) return kNoLimit;
  return static_cast<int64_t>(limit.rlim_cur);
}

}  // namespace

int64_t UsableMemoryBytes() {
  static const int64_t bytes = std::min({MachineBytes(), CgroupBytes(), ProcessBytes()});
  return bytes;
}

}  // namespace baryon
