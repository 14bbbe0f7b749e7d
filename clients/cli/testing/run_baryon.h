// The program inside a test.
#ifndef BARYON_CLIENTS_CLI_TESTING_RUN_BARYON_H_
#define BARYON_CLIENTS_CLI_TESTING_RUN_BARYON_H_

#include <string>
#include <utility>
#include <vector>

#include "clients/cli/program.h"
#include "gtest/gtest.h"

namespace baryon {

struct Outcome {
  int exit_code;
  std::string out, error;
};

// What a user sees who types `baryon` and these arguments.
inline Outcome RunBaryon(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"baryon"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = RunProgram(static_cast<int>(argv.size()), argv.data());
  std::string out = testing::internal::GetCapturedStdout();
  return {exit_code, std::move(out), testing::internal::GetCapturedStderr()};
}

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_TESTING_RUN_BARYON_H_
