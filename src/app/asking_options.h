// Options of commands that ask a run's model.
#pragma once

#include "jobs/extract_options.h"

namespace CLI {
class App;
}

namespace relatum::app {

/// The model, which a run names where --model does not.
void define_asked_model(CLI::App& app, jobs::ExtractOptions& options);
/// How prompts are made: style, retrieved examples, chat template.
void define_prompts(CLI::App& app, jobs::ExtractOptions& options);

}  // namespace relatum::app
