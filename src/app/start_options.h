// Options of finetune: what it starts from, and which rows count how much.
#pragma once

#include "jobs/finetune_options.h"

namespace CLI {
class App;
}

namespace relatum::app {

void define_start(CLI::App& app, jobs::FinetuneOptions& options);
void define_balance(CLI::App& app, jobs::FinetuneOptions& options);

}  // namespace relatum::app
