// A command line as the options of its job, for who looks at a job before it runs.
#pragma once

#include <string>
#include <vector>

#include "jobs/build_index.h"
#include "jobs/extract_options.h"
#include "jobs/finetune_options.h"

namespace CLI {
class App;
}

namespace relatum::app {

/// `arguments`: the command's name, then what would be typed behind it. Of an option that stands
/// twice the last counts. They parse: parse_command() said so.
/// Of an index all but where its embedder lies.
jobs::IndexOptions index_options(const std::vector<std::string>& arguments);
jobs::FinetuneOptions finetune_options(const std::vector<std::string>& arguments);
jobs::ExtractOptions extract_options(const std::vector<std::string>& arguments);

/// Has the options that were defined on `app` take the arguments behind the command's name.
void parse_arguments(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace relatum::app
