#include "engine/io/model_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace baryon {

absl::Status CheckModelName(absl::string_view name) {
  constexpr size_t kLongest = 128;
  const auto is_good = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
  };
  const bool good = !name.empty() && name.size() <= kLongest &&
                    absl::ascii_isalpha(static_cast<unsigned char>(name[0])) &&
                    std::all_of(name.begin(), name.end(), is_good) && !absl::StrContains(name, "..");
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("expected a name of a letter and up to ", kLongest - 1,
                                                 " letters, digits, '_', '-' and '.', got \"", name.substr(0, kLongest),
                                                 "\""));
}

}  // namespace baryon
