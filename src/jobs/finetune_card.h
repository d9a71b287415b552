// The model cards of a finished run.
#pragma once

#include "jobs/base_identity.h"
#include "jobs/finetune_record.h"

namespace relatum::jobs {

/// Writes RUN/README.md, and that of the model beside it where all weights were trained, from
/// RUN/run.json and the files that it tells of. What goes wrong is a warning: the run is done.
void write_run_cards(const FinetuneParts& parts, const Context& context);
/// Makes the card of a run anew where it is ours and has none of the model's own beside it, as
/// after its calibration. One that was not made anew is told.
void renew_run_card(const std::filesystem::path& run, bool own_model, const BaseIdentity& base,
                    const Context& context);

/// The name of a run or a model, by its folder.
std::string card_title(const std::filesystem::path& folder);

}  // namespace relatum::jobs
