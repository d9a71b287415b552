// The model cards of a run, made from what it has written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/context.h"
#include "jobs/base_identity.h"

namespace relatum::jobs {

/// The name of a run or a model, by its folder.
std::string card_title(const std::filesystem::path& folder);

/// Writes RUN/README.md, and that of the model beside it where all weights were trained, from
/// RUN/run.json and the files that it tells of. What goes wrong is a warning: the run is done.
void write_run_cards(const std::filesystem::path& run, const BaseIdentity& base,
                     const Context& context);
/// The same where the run has a card, as after its calibration. `base`: nothing where the base that
/// it was trained on is not at hand; the card then stays, which is told.
void renew_run_cards(const std::filesystem::path& run, const std::optional<BaseIdentity>& base,
                     const Context& context);

}  // namespace relatum::jobs
