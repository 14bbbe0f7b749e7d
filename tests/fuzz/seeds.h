// What fuzz targets start from: files of the golden cases, and requests.
#ifndef BARYON_TESTS_FUZZ_SEEDS_H_
#define BARYON_TESTS_FUZZ_SEEDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace baryon {

// The seeds of the target called `name`, none of them long. Errors: NOT_FOUND, there is no such target.
absl::StatusOr<std::vector<std::string>> SeedsOf(const std::string& name);

// Those of the target `request`, which are written by hand.
std::vector<std::string> RequestSeeds();

}  // namespace baryon

#endif  // BARYON_TESTS_FUZZ_SEEDS_H_
