// How far a long command is, on stderr.
#ifndef BARYON_CLIENTS_CLI_PROGRESS_H_
#define BARYON_CLIENTS_CLI_PROGRESS_H_

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

 private:
  void Show(absl::string_view line);

  std::FILE* const stream_;
  const bool is_terminal_;
  std::string step_;
  absl::Time last_shown_ = absl::InfinitePast();
};

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_PROGRESS_H_
