#include "server/models/choose_versions.h"

#include <algorithm>

namespace baryon {

VersionChoice ChooseVersions(absl::Span<const VersionFacts> versions, const VersionPolicy& policy) {
  std::vector<int64_t> numbers;
  for (const VersionFacts& version : versions) numbers.push_back(version.number);
  const int64_t wanted = policy.wanted(numbers);
  VersionChoice choice;
  for (int64_t number : policy.Candidates(numbers)) {
    if (static_cast<int64_t>(choice.keep.size()) == wanted) break;
    const VersionFacts& version = *std::find_if(versions.begin(), versions.end(),
                                                [&](const VersionFacts& facts) { return facts.number == number; });
    if (version.current) {
      choice.keep.push_back(number);
    } else if (version.loading || version.may_load) {
      if (!version.loading) choice.load.push_back(number);
      choice.keep.push_back(number);
      choice.settled = false;
    } else if (version.serves) {
      choice.keep.push_back(number);  // its files changed to something that is not whole or not sound
    }
  }
  return choice;
}

}  // namespace baryon
