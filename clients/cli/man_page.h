// The manual page.
#ifndef BARYON_CLIENTS_CLI_MAN_PAGE_H_
#define BARYON_CLIENTS_CLI_MAN_PAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "clients/cli/option_table.h"

namespace baryon {

// baryon(1) in the macros of man(7).
std::string ManPage(const std::vector<CommandRow>& commands, absl::string_view version);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_MAN_PAGE_H_
