#include "clients/cli/completion.h"

#include <cstdio>
#include <memory>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "clients/cli/command.h"
#include "clients/cli/options.h"
#include "engine/zoo/zoo.h"

namespace baryon {
namespace {

bool IsModelArgument(const OptionRow& row) {
  return row.is_argument && (row.name == "MODEL" || row.name == "NAME" || row.name == "ZOO_NAME");
}

std::string ZooNames() { return absl::StrJoin(zoo::NetworkNames(), " "); }

// --- Bash

// What completes the value of an option; empty: nothing can.
std::string BashValue(const OptionRow& row) {
  if (!row.choices.empty()) return absl::StrCat("compgen -W '", absl::StrJoin(row.choices, " "), "'");
  if (row.value == "DIR") return "compgen -d";
  return row.value == "FILE" || row.value == "PREFIX" || row.value == "ADDRESS" ? "compgen -f" : "";
}

std::string BashWords(const CommandRow& command) {
  std::vector<std::string> options;
  for (const OptionRow& row : command.options) {
    if (!row.is_argument) options.push_back(row.name);
  }
  return absl::StrJoin(options, " ");
}

bool TakesFiles(const CommandRow& command) {
  for (const OptionRow& row : command.options) {
    if (row.is_argument && (row.name == "MODEL" || row.name == "FILE")) return true;
  }
  return false;
}

std::string BashArguments(const CommandRow& command) {
  std::string words;
  for (const OptionRow& row : command.options) {
    if (IsModelArgument(row)) words = ZooNames();
    if (row.is_argument && !row.choices.empty()) words = absl::StrJoin(row.choices, " ");
  }
  return absl::StrCat("compgen ", TakesFiles(command) ? "-f " : "", "-W '", words, "'");
}

// --- Zsh

// For use within '...[TEXT]...'.
std::string ZshText(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshValue(const OptionRow& row) {
  if (!row.choices.empty()) return absl::StrCat("(", absl::StrJoin(row.choices, " "), ")");
  if (row.value == "DIR") return "_files -/";
  if (IsModelArgument(row)) return row.name == "MODEL" ? "_baryon_models" : absl::StrCat("(", ZooNames(), ")");
  const bool is_file = row.value == "FILE" || row.value == "PREFIX" || row.value == "ADDRESS" || row.name == "FILE";
  return is_file ? "_files" : "";
}

std::string ZshSpec(const OptionRow& row) {
  if (row.is_argument) return absl::StrCat("'", row.repeatable ? "*" : "", ":", row.name, ":", ZshValue(row), "'");
  const std::string value = row.value.empty() ? "" : absl::StrCat(":", ZshText(row.value), ":", ZshValue(row));
  return absl::StrCat("'", row.repeatable ? "*" : "", row.name, row.value.empty() ? "" : "=", "[", ZshText(row.help),
                      "]", value, "'");
}

// --- The command

absl::Status PrintCompletion(const CLI::App& app, const std::string& shell) {
  const std::vector<CommandRow> commands = ReadOptionTable(app);
  std::fputs((shell == "bash" ? BashCompletion(commands) : ZshCompletion(commands)).c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace

std::string BashCompletion(const std::vector<CommandRow>& commands) {
  std::string names, values, options, arguments;
  for (const CommandRow& command : commands) {
    absl::StrAppend(&names, command.name, " ");
    absl::StrAppend(&options, "      ", command.name, ") words='", BashWords(command), "' ;;\n");
    absl::StrAppend(&arguments, "    ", command.name, ") fill ", BashArguments(command), " ;;\n");
    for (const OptionRow& row : command.options) {
      if (row.is_argument || row.value.empty()) continue;
      const std::string value = BashValue(row);
      absl::StrAppend(&values, "    '", command.name, " ", row.name, "') ", value.empty() ? "" : "fill ", value,
                      value.empty() ? "return ;;\n" : "; return ;;\n");
    }
  }
  return absl::StrCat(R"(# Completion of baryon for bash: source <(baryon completion bash)
_baryon() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=
  if [[ $word == '=' ]]; then word=; elif [[ $before == '=' ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
  fill() { mapfile -t COMPREPLY < <("$@" -- "$word"); }
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then fill compgen -W ')",
                      names, R"(--help --version'; return; fi
  case "$command $before" in
)",
                      values, R"(  esac
  if [[ $word == -* ]]; then
    case $command in
)",
                      options, R"(    esac
    fill compgen -W "$words"
    return
  fi
  case $command in
)",
                      arguments, R"(  esac
}
complete -o filenames -F _baryon baryon
)");
}

std::string ZshCompletion(const std::vector<CommandRow>& commands) {
  std::string names, cases;
  for (const CommandRow& command : commands) {
    absl::StrAppend(&names, "    '", command.name, ":", ZshText(command.help), "'\n");
    absl::StrAppend(&cases, "    ", command.name, ") _arguments");
    for (const OptionRow& row : command.options) absl::StrAppend(&cases, " \\\n      ", ZshSpec(row));
    absl::StrAppend(&cases, " ;;\n");
  }
  return absl::StrCat(R"(#compdef baryon
# Completion of baryon for zsh: baryon completion zsh > a folder of $fpath, as _baryon
_baryon_models() { _files; compadd )",
                      ZooNames(), R"( }
_baryon() {
  local -a commands=(
)",
                      names, R"(  )
  if ((CURRENT == 2)); then
    _describe command commands
    _arguments '--help[Prints help]' '--version[Prints the version]'
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
)",
                      cases, R"(  esac
}
compdef _baryon baryon
)");
}

void AddCompletion(CLI::App& app, Action& action) {
  const auto shell = std::make_shared<std::string>();
  CLI::App& command = *app.add_subcommand("completion", "Prints a script that completes command lines of baryon");
  AddExamples(command, {"source <(baryon completion bash)"});
  command.add_option("SHELL", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  command.callback([shell, &app, &action] { action = [shell, &app] { return PrintCompletion(app, *shell); }; });
}

}  // namespace baryon
