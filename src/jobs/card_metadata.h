// The metadata that a model card begins with.
#pragma once

#include <string>

#include "jobs/model_card.h"

namespace relatum::jobs {

/// YAML between lines of dashes, with the keys that Hugging Face's Hub reads.
std::string card_metadata(const ModelCard& card, const CardFacts& facts);

}  // namespace relatum::jobs
