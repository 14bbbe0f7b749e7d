// The program but for main: a command line in, an exit code out.
#ifndef BARYON_CLIENTS_CLI_PROGRAM_H_
#define BARYON_CLIENTS_CLI_PROGRAM_H_

namespace baryon {

// Runs the command that `argv` names. Results go to stdout, messages to stderr. Returns 0: done; 1: it failed, with one
// line "baryon: error: ..."; 2: wrong usage, with such a line too. Once at a time.
int RunProgram(int argc, const char* const* argv);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_PROGRAM_H_
