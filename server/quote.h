// What a client sent, made fit for messages and logs.
#ifndef BARYON_SERVER_QUOTE_H_
#define BARYON_SERVER_QUOTE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baryon {

// `text` in double quotes, with control and non-ASCII bytes escaped, and cut after 128 bytes ("...").
std::string Quote(absl::string_view text);

}  // namespace baryon

#endif  // BARYON_SERVER_QUOTE_H_
