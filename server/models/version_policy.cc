#include "server/models/version_policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baryon {

std::vector<int64_t> VersionPolicy::Candidates(absl::Span<const int64_t> available) const {
  std::vector<int64_t> candidates(available.rbegin(), available.rend());
  if (kind == Kind::kSpecific) {
    const auto others = [this](int64_t version) { return specific.count(version) == 0; };
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), others), candidates.end());
  }
  return candidates;
}

int64_t VersionPolicy::wanted(absl::Span<const int64_t> available) const {
  const int64_t candidates = static_cast<int64_t>(Candidates(available).size());
  return kind == Kind::kLatest ? std::min(latest, candidates) : candidates;
}

std::string DescribePolicy(const VersionPolicy& policy) {
  switch (policy.kind) {
    case VersionPolicy::Kind::kLatest:
      return absl::StrCat("latest ", policy.latest);
    case VersionPolicy::Kind::kAll:
      return "all";
    case VersionPolicy::Kind::kSpecific:
      return absl::StrCat("specific ", absl::StrJoin(policy.specific, ", "));
  }
  return "";
}

}  // namespace baryon
