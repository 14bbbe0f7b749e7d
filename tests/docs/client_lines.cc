// The lines for clients in C++ that the README shows, in a place where they compile.
#include <vector>

#include "clients/cpp/client.h"
#include "clients/cpp/tensors.h"

namespace baryon {

absl::Status AskAsTheReadmeDoes(const std::vector<float>& pixels);

absl::Status AskAsTheReadmeDoes(const std::vector<float>& pixels) {
#include "tests/docs/client_lines.inc"
  return response.status();
}

}  // namespace baryon
