// How far a long command is, on stderr.
#ifndef BARYON_CLIENTS_CLI_PROGRESS_H_
#define BARYON_CLIENTS_CLI_PROGRESS_H_

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace baryon {

// A line a step; on a terminal one line that is written over and gone in the end. One thread.
class Progress {
 public:
  Progress();  // of stderr
  Progress(std::FILE* stream, bool is_terminal) : stream_(stream), is_terminal_(is_terminal) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // A new step has begun: "loading digits".
  void Step(absl::string_view text);
  // How much of the step is done, from 0 to 1. Shown on terminals only, a few times a second.
  void Update(double done);
  // The same of a transfer: how much there is, how fast it comes, how long it still takes. `total` 0: unknown.
  void UpdateBytes(int64_t done, int64_t total);

 private:
  void Show(absl::string_view line);

  std::FILE* const stream_;
  const bool is_terminal_;
  std::string step_;
  absl::Time last_shown_ = absl::InfinitePast();
  // Of the transfer that this step is: what there was when it was first heard of.
  absl::Time transfer_begin_ = absl::InfiniteFuture();
  int64_t had_ = 0;
};

// "[=====>    ] 48.2 of 102.2 MB, 12.5 MB/s, 0:04 left": `done` bytes, `came` of them within `time`.
std::string DescribeTransfer(int64_t done, int64_t total, int64_t came, absl::Duration time);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_PROGRESS_H_
