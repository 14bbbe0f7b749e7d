// Completion of command lines by the shell.
#ifndef BARYON_CLIENTS_CLI_COMPLETION_H_
#define BARYON_CLIENTS_CLI_COMPLETION_H_

#include <string>
#include <vector>

#include "clients/cli/option_table.h"

namespace baryon {

// Scripts for bash and zsh: commands, options, values to choose from, files and folders where those are meant, and the
// names of the zoo where a model is.
std::string BashCompletion(const std::vector<CommandRow>& commands);
std::string ZshCompletion(const std::vector<CommandRow>& commands);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_COMPLETION_H_
