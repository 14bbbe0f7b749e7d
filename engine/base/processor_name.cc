#include "engine/base/processor_name.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace baryon {

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, "model name")) continue;
    std::string name = line.substr(line.find(':') + 1);
    absl::StripAsciiWhitespace(&name);
    return name;
  }
  return "unknown";
}

}  // namespace baryon
