// How what was made of a run is asked, as a line for a shell.
#pragma once

#include <string>

#include "jobs/run_use.h"

namespace relatum::jobs {

/// `relatum extract …` of a merged model, which has to be told what the run remembers.
std::string extract_command(const std::string& model, const RunUse& use);
/// The same for an adapter in a GGUF file. `base`: the form of the base that it was trained on;
/// empty: not known.
std::string extract_command(const std::string& adapter, const std::string& model,
                            const std::string& base, const RunUse& use);

}  // namespace relatum::jobs
