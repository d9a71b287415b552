// What a user may do once an adapter is there, as a line for a shell.
#pragma once

#include <string>

#include "base/context.h"
#include "jobs/ask_command.h"
#include "jobs/finetune_options.h"
#include "jobs/run_use.h"

namespace relatum::app {

/// `relatum extract …` with the run's model, adapter and index, ready to paste.
std::string extract_command(const jobs::FinetuneOptions& options);
/// `relatum graph …` with a run that finds entities and names relations; empty for another.
std::string graph_command(const jobs::FinetuneOptions& options);
/// Warns where the command asks for other words than the run was taught.
void warn_of_other_words(const jobs::RunUse& use, const Context& context);
/// `relatum evaluate …` of the answers that all folds gave.
std::string evaluate_command(const jobs::FinetuneOptions& options);

}  // namespace relatum::app
