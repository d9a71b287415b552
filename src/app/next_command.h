// What a user may do once an adapter is there, as a line for a shell.
#pragma once

#include <string>

#include "jobs/finetune_options.h"

namespace relatum::app {

/// `relatum extract …` with the run's model, adapter and index, ready to paste.
std::string extract_command(const jobs::FinetuneOptions& options);

}  // namespace relatum::app
