#include "clients/cli/progress.h"

#include <unistd.h>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace baryon {
namespace {

constexpr absl::Duration kBetweenLines = absl::Milliseconds(100);
constexpr char kClearLine[] = "\r\033[K";

}  // namespace

Progress::Progress() : Progress(stderr, isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (is_terminal_) Show("");
}

void Progress::Step(absl::string_view text) {
  step_ = absl::StrFormat("baryon: %s", text);
  Show(step_);
}

void Progress::Update(double done) {
  if (!is_terminal_ || absl::Now() - last_shown_ < kBetweenLines) return;
  Show(absl::StrFormat("%s: %.0f %%", step_, 100 * done));
}

void Progress::Show(absl::string_view line) {
  const std::string text = is_terminal_ ? absl::StrFormat("%s%s", kClearLine, line) : absl::StrFormat("%s\n", line);
  std::fputs(text.c_str(), stream_);
  std::fflush(stream_);
  last_shown_ = absl::Now();
}

}  // namespace baryon
