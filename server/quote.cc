#include "server/quote.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace baryon {

std::string Quote(absl::string_view text) {
  constexpr size_t kMostBytes = 128;
  return absl::StrCat("\"", absl::CEscape(text.substr(0, kMostBytes)), text.size() > kMostBytes ? "...\"" : "\"");
}

}  // namespace baryon
