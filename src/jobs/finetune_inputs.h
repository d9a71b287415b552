// Whether a run that is gone on with still gets the model, data and adapter that it began with.
#pragma once

#include "engine/session.h"
#include "jobs/finetune_data.h"
#include "jobs/finetune_options.h"

namespace relatum::jobs {

/// Of a run that is gone on with: holds base, labels and the adapter that it starts from against
/// what its record and its labels.json say, before anything else can fail for their sake. Throws
/// Error that names the options whose content is another, with both values. What is told apart
/// later (rows, settings) passes.
void check_same_inputs(const FinetuneOptions& options, const engine::Session& session,
                       const FinetuneData& data);

}  // namespace relatum::jobs
