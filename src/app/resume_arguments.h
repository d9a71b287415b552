// `finetune --resume` with less than the whole command: the rest comes from the run.
#pragma once

#include <string>
#include <vector>

#include "jobs/finetune_options.h"
#include "jobs/host.h"

namespace CLI {
class App;
}

namespace relatum::app {

/// The options that were given, but those that only say how a command treats its output.
jobs::Words given_words(const CLI::App& app);

struct ResumedCommand {
  std::vector<std::string> arguments;  ///< the command's name, then what would be typed behind it
  jobs::Words words;                   ///< for the run's next record
  bool force = false;                  ///< of --init-adapter; as an argument it would replace
  std::string directory;               ///< from which the words' relative paths go
};

/// The command that goes on with the run in `now.out`: what the run was started with, and what
/// `now` gives beside it. Throws Error that names every option which `now` gives otherwise, each
/// with both values; where only paths differ, nothing is said: what lies there is compared later,
/// by content. Throws Error that names the options whose files are not where they were.
ResumedCommand resumed_command(const jobs::FinetuneOptions& now, const jobs::Host& host);

}  // namespace relatum::app
