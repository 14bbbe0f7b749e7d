// What fuzz targets start from: files of the golden cases.
#ifndef BARYON_TESTS_FUZZ_SEEDS_H_
#define BARYON_TESTS_FUZZ_SEEDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace baryon {

// The seeds of the target called `name`, none of them long. Errors: NOT_FOUND, there is no such target.
absl::StatusOr<std::vector<std::string>> SeedsOf(const std::string& name);

}  // namespace baryon

#endif  // BARYON_TESTS_FUZZ_SEEDS_H_
