#include "clients/cli/man_page.h"

#include <cstdio>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/command.h"
#include "clients/cli/options.h"
#include "server/version.h"

namespace baryon {
namespace {

// `text` as roff prints it: no escapes, and no line that looks like a request.
std::string Roff(absl::string_view text) {
  std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}});
  if (absl::StartsWith(escaped, ".") || absl::StartsWith(escaped, "'")) escaped = "\\&" + escaped;
  return escaped;
}

std::string Value(const OptionRow& row) { return row.choices.empty() ? row.value : absl::StrJoin(row.choices, "|"); }

std::string Synopsis(const CommandRow& command) {
  std::string line = absl::StrCat(".B baryon ", Roff(command.name), "\n");
  for (const OptionRow& row : command.options) {
    if (!row.is_argument) continue;
    const std::string name = absl::StrCat(row.name, row.repeatable ? "..." : "");
    absl::StrAppend(&line, row.required ? Roff(name) : absl::StrCat("[", Roff(name), "]"), "\n");
  }
  return absl::StrCat(line, "[OPTIONS]\n");
}

std::string Describe(const OptionRow& row) {
  std::string text = absl::StrCat(".TP\n.B ", Roff(row.name), row.value.empty() ? "" : " ");
  if (!row.is_argument) absl::StrAppend(&text, Roff(Value(row)));
  absl::StrAppend(&text, "\n", Roff(row.help), row.help.empty() ? "\\&." : ".");
  if (row.repeatable && !absl::StrContains(row.help, "repeatable")) absl::StrAppend(&text, " Repeatable.");
  if (!row.otherwise.empty()) absl::StrAppend(&text, " Default: ", Roff(row.otherwise), ".");
  if (!row.variable.empty()) absl::StrAppend(&text, " Environment: ", Roff(row.variable), ".");
  return absl::StrCat(text, "\n");
}

constexpr char kMeanings[] = R"(.SH EXIT STATUS
0: done. 1: it failed, with one line that says what was expected and what came. 2: wrong usage.
.SH ENVIRONMENT
.TP
.B BARYON_CACHE
Folder of pulled models; ~/.cache/baryon without.
.TP
.B MXNET_GLUON_REPO
Base address of the zoo, as in MXNet.
.TP
.B SSL_CERT_FILE
Certificates (PEM) of the authorities that https zoos are believed by; the system's without.
.TP
.B BARYON_SERVER
HOST:PORT for the commands that ask a server.
.TP
.B NO_COLOR
No colours.
)";

}  // namespace

std::string ManPage(const std::vector<CommandRow>& commands, absl::string_view version) {
  std::string page = absl::StrCat(".TH BARYON 1 \"\" \"baryon ", Roff(version), "\"\n.SH NAME\nbaryon \\- ",
                                  "inference server and tools for Gluon and MXNet models\n.SH SYNOPSIS\n");
  for (const CommandRow& command : commands) absl::StrAppend(&page, Synopsis(command), ".br\n");
  absl::StrAppend(&page, ".SH COMMANDS\n");
  for (const CommandRow& command : commands) {
    absl::StrAppend(&page, ".SS ", Roff(command.name), "\n", Roff(command.help), ".\n");
    for (const OptionRow& row : command.options) absl::StrAppend(&page, Describe(row));
    for (const std::string& example : command.examples) absl::StrAppend(&page, ".PP\n.EX\n", Roff(example), "\n.EE\n");
  }
  return absl::StrCat(page, kMeanings);
}

void AddMan(CLI::App& app, Action& action) {
  CLI::App& command = *app.add_subcommand("man", "Prints the manual page");
  AddExamples(command, {"baryon man | man -l -"});
  command.callback([&app, &action] {
    action = [&app]() -> absl::Status {
      std::fputs(ManPage(ReadOptionTable(app), kServerVersion).c_str(), stdout);
      return absl::OkStatus();
    };
  });
}

}  // namespace baryon
