// The model cards of a finished run.
#pragma once

#include "jobs/finetune_record.h"

namespace relatum::jobs {

/// Writes RUN/README.md, and that of the model beside it where all weights were trained, from
/// RUN/run.json and the files that it tells of. What goes wrong is a warning: the run is done.
void write_run_cards(const FinetuneParts& parts, const Context& context);

/// The name of a run or a model, by its folder.
std::string card_title(const std::filesystem::path& folder);

}  // namespace relatum::jobs
