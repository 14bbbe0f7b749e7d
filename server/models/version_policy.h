// Which versions of a model serve.
#ifndef BARYON_SERVER_MODELS_VERSION_POLICY_H_
#define BARYON_SERVER_MODELS_VERSION_POLICY_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace baryon {

// A value.
struct VersionPolicy {
  enum class Kind { kLatest, kAll, kSpecific };
  Kind kind = Kind::kLatest;
  int64_t latest = 1;          // kLatest: so many of the highest
  std::set<int64_t> specific;  // kSpecific: these

  // The versions among `available`, which are ascending, that may serve, most wanted first; and how many of them
  // should. With kLatest a version that cannot be loaded gives its place to the next.
  std::vector<int64_t> Candidates(absl::Span<const int64_t> available) const;
  int64_t wanted(absl::Span<const int64_t> available) const;

  bool operator==(const VersionPolicy& other) const {
    return kind == other.kind && latest == other.latest && specific == other.specific;
  }
};

// "latest 2", "all", "specific 3, 5": for reports.
std::string DescribePolicy(const VersionPolicy& policy);

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_VERSION_POLICY_H_
