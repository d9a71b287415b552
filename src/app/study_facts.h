// What a fine-tuning chooses itself where an option leaves it to it.
#pragma once

#include "jobs/finetune_options.h"
#include "jobs/host.h"
#include "jobs/study.h"

namespace relatum::app {

/// Puts the method and the learning rate that the run comes to in the place of the options'
/// defaults, and takes away what decides nothing then: all weights have no rank. Throws Error where
/// the model cannot be read.
void settle_facts(const jobs::FinetuneOptions& options, const jobs::Host& host,
                  jobs::StageFacts& facts);

}  // namespace relatum::app
