#include "clients/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

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
  transfer_begin_ = absl::InfiniteFuture();
  Show(step_);
}

void Progress::Update(double done) {
  if (!is_terminal_ || absl::Now() - last_shown_ < kBetweenLines) return;
  Show(absl::StrFormat("%s: %.0f %%", step_, 100 * done));
}

void Progress::UpdateBytes(int64_t done, int64_t total) {
  const absl::Time now = absl::Now();
  if (!is_terminal_ || now - last_shown_ < kBetweenLines) return;
  if (transfer_begin_ == absl::InfiniteFuture()) {
    transfer_begin_ = now;
    had_ = done;
  }
  Show(absl::StrFormat("%s %s", step_, DescribeTransfer(done, total, done - had_, now - transfer_begin_)));
}

std::string DescribeTransfer(int64_t done, int64_t total, int64_t came, absl::Duration time) {
  constexpr double kMega = 1e6;
  constexpr int kBar = 20;
  const double seconds = absl::ToDoubleSeconds(time);
  const double rate = seconds > 0 ? static_cast<double>(came) / seconds : 0;
  std::string text = absl::StrFormat("%.1f MB", static_cast<double>(done) / kMega);
  if (total > 0) {
    const int filled = static_cast<int>(kBar * std::clamp(static_cast<double>(done) / total, 0.0, 1.0));
    text = absl::StrFormat("[%s%s] %.1f of %.1f MB", std::string(filled, '='), std::string(kBar - filled, ' '),
                           static_cast<double>(done) / kMega, static_cast<double>(total) / kMega);
  }
  if (rate <= 0) return text;
  absl::StrAppendFormat(&text, ", %.1f MB/s", rate / kMega);
  if (total <= done) return text;
  const auto left = static_cast<int64_t>(std::ceil(static_cast<double>(total - done) / rate));
  constexpr int64_t kMinute = 60;
  return absl::StrFormat("%s, %d:%02d left", text, left / kMinute, left % kMinute);
}

void Progress::Show(absl::string_view line) {
  const std::string text = is_terminal_ ? absl::StrFormat("%s%s", kClearLine, line) : absl::StrFormat("%s\n", line);
  std::fputs(text.c_str(), stream_);
  std::fflush(stream_);
  last_shown_ = absl::Now();
}

}  // namespace baryon
