// Programs that a test starts.
#ifndef BARYON_TESTS_INTEGRATION_CHILD_PROCESS_H_
#define BARYON_TESTS_INTEGRATION_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace baryon {

// A program with its stdout caught; its stderr is the test's. Killed when it is still there at the end. One thread.
class ChildProcess {
 public:
  // `arguments` starts with the path of the program; `environment` ("NAME=value") comes before the test's own; stderr
  // goes to the file `stderr_path` when one is named. Ends the test run when there is no such program.
  explicit ChildProcess(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {},
                        const std::string& stderr_path = "");
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next line it prints, with the line end; empty at the end of the output.
  std::string ReadLine();
  void Signal(int signal);
  pid_t pid() const { return pid_; }

  // All it still prints; then its exit code, or -1 when a signal ended it.
  std::string ReadAll();
  int Wait();

 private:
  pid_t pid_ = -1;
  std::FILE* stdout_ = nullptr;
};

}  // namespace baryon

#endif  // BARYON_TESTS_INTEGRATION_CHILD_PROCESS_H_
