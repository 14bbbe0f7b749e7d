#include "clients/cli/option_table.h"

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace baryon {
namespace {

// "fast|strict [fast]" of AddChoice, "{text,json}" of CLI::IsMember.
std::vector<std::string> Choices(const CLI::Option& option) {
  const std::string text = option.get_option_text();
  if (!text.empty()) return absl::StrSplit(text.substr(0, text.find(" [")), '|');
  const std::string type = option.get_type_name();
  const size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
}

std::string Otherwise(const CLI::Option& option) {
  const std::string text = option.get_option_text();
  const size_t open = text.find('['), close = text.rfind(']');
  if (open == std::string::npos || close == std::string::npos) return option.get_default_str();
  return text.substr(open + 1, close - open - 1);
}

OptionRow Read(const CLI::Option& option) {
  OptionRow row;
  row.is_argument = option.get_positional();
  row.name = row.is_argument ? option.get_name(/*positional=*/true) : absl::StrCat("--", option.get_lnames().front());
  row.help = option.get_description();
  row.required = option.get_required();
  row.variable = option.get_envname();
  row.repeatable = option.get_expected_max() == CLI::detail::expected_max_vector_size;
  if (option.get_type_size() == 0) return row;  // a flag
  row.choices = Choices(option);
  row.otherwise = Otherwise(option);
  const std::string type = option.get_type_name();
  row.value = row.choices.empty() ? type.substr(0, type.find(':')) : "CHOICE";
  return row;
}

// The indented lines of what AddExamples has put below the options.
std::vector<std::string> ExamplesOf(const CLI::App& command) {
  std::vector<std::string> examples;
  for (absl::string_view line : absl::StrSplit(command.get_footer(), '\n')) {
    if (absl::ConsumePrefix(&line, "  ")) examples.emplace_back(line);
  }
  return examples;
}

}  // namespace

std::vector<CommandRow> ReadOptionTable(const CLI::App& app) {
  std::vector<CommandRow> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    CommandRow row = {command->get_name(), command->get_description(), {}, ExamplesOf(*command)};
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_positional() || !option->get_lnames().empty()) row.options.push_back(Read(*option));
    }
    commands.push_back(std::move(row));
  }
  return commands;
}

}  // namespace baryon
