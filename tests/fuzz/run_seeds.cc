// The main of a fuzz target where there is no libFuzzer.
//   run_seeds NAME        runs the target over its seeds: the test
//   run_seeds NAME DIR    writes the seeds into DIR, for libFuzzer to start from
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "tests/fuzz/seeds.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace baryon {
namespace {

absl::Status Main(const std::string& name, const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<std::string> seeds, SeedsOf(name));
  if (seeds.empty()) return absl::NotFoundError(absl::StrCat("expected seeds for \"", name, "\", got none"));
  for (size_t i = 0; i < seeds.size(); ++i) {
    if (!folder.empty()) {
      BARYON_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(folder, "/seed-", i), seeds[i]));
    } else if (LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(seeds[i].data()), seeds[i].size()) != 0) {
      return absl::InternalError(absl::StrCat("seed ", i, " was not taken"));
    }
  }
  std::printf("%s: %zu seeds\n", name.c_str(), seeds.size());
  return absl::OkStatus();
}

}  // namespace
}  // namespace baryon

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const absl::Status status = baryon::Main(argv[1], argc > 2 ? argv[2] : "");
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
