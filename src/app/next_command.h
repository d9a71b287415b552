// What a user may do once an adapter is there, as a line for a shell.
#pragma once

#include <string>

#include "base/context.h"
#include "jobs/finetune_options.h"
#include "jobs/run_use.h"

namespace relatum::app {

/// `relatum extract …` with the run's model, adapter and index, ready to paste.
std::string extract_command(const jobs::FinetuneOptions& options);
/// The same for a merged model, which has to be told what the run remembers.
std::string extract_command(const std::string& model, const jobs::RunUse& use);
/// The same for an adapter in a GGUF file. `base`: the form of the base that it was trained on;
/// empty: not known.
std::string extract_command(const std::string& adapter, const std::string& model,
                            const std::string& base, const jobs::RunUse& use);
/// Warns where the command asks for other words than the run was taught.
void warn_of_other_words(const jobs::RunUse& use, const Context& context);
/// `relatum evaluate …` of the answers that all folds gave.
std::string evaluate_command(const jobs::FinetuneOptions& options);

}  // namespace relatum::app
