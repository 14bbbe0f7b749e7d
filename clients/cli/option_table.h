// The commands and their options as values, read from what CLI11 was told: --help, completion and the manual page have
// one source.
#ifndef BARYON_CLIENTS_CLI_OPTION_TABLE_H_
#define BARYON_CLIENTS_CLI_OPTION_TABLE_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace baryon {

struct OptionRow {
  std::string name = {};                  // "--threads", or the name of an argument: "MODEL"
  std::string value = {};                 // what stands for the value: "FILE", "INT"; empty: a flag
  std::vector<std::string> choices = {};  // values that are taken; empty: any
  std::string otherwise = {};             // the value without the option; empty: none
  std::string variable = {};              // of the environment, that has the value without the option
  std::string help = {};
  bool is_argument = false, required = false, repeatable = false;
};

struct CommandRow {
  std::string name = {};  // "serve"
  std::string help = {};
  std::vector<OptionRow> options;
  std::vector<std::string> examples = {};  // lines to type
};

// Every command of `app`, in the order of --help.
std::vector<CommandRow> ReadOptionTable(const CLI::App& app);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_OPTION_TABLE_H_
