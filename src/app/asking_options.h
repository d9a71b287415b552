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
/// Leave to use an adapter with what it was not trained with.
void define_force(CLI::App& app, jobs::ExtractOptions& options);
/// The label that means no relation, which a run names where --negative does not.
void define_asked_negative(CLI::App& app, jobs::ExtractOptions& options, const char* group);
/// Labels that are dropped before their probability is computed in full.
void define_negligible(CLI::App& app, jobs::ExtractOptions& options, const char* group);
/// How sure of an entity a run that finds them has to be, and of which types they may be.
void define_found_entities(CLI::App& app, jobs::ExtractOptions& options, const char* group);
void define_batch_tokens(CLI::App& app, jobs::ExtractOptions& options, const char* group);

}  // namespace relatum::app
