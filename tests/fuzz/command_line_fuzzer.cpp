// The command line, a word between two NULs, as the kernel has it.
#include <string>

#include "fuzz/fuzz_target.h"
#include "proxysql_consul/cli/parse.h"
#include "proxysql_consul/commands/commands.h"

namespace proxysql_consul::testing {

FUZZ_TARGET(command_line) {
  const auto words = split(input, '\0');
  log_format_in(words);
  const auto arguments =
      attempt(ExitCode::usage, [&] { return parse_arguments(words, commands(), "2.0.0", "a library"); });
  if (arguments)
    require(arguments->print.has_value() != static_cast<bool>(arguments->action),
            "there is something to print, or to do");
}

}  // namespace proxysql_consul::testing
