// Settled as `extract` does it, opened without preparing products.
#include "jobs/open_adapter.h"

#include <fmt/format.h>

#include "base/error.h"
#include "jobs/trained_with.h"
#include "train/full_folder.h"
#include "train/peft.h"

namespace relatum::jobs {

void check_has_adapter(const ExtractOptions& options, const ExtractSetup& setup) {
  if (setup.run && is_classifier(*setup.run)) {
    fail("jobs.adapter", fmt::format("{} holds a classifier, which the formats of language models "
                                     "have no place for. `relatum extract --adapter {}` answers "
                                     "with it.",
                                     options.adapter, options.adapter));
  }
  if (setup.run && setup.run->entities) {
    fail("jobs.adapter", fmt::format("{} holds a run that finds entities, and the formats of "
                                     "language models have no place for its classifier of spans. "
                                     "`relatum extract --adapter {}` finds them.",
                                     options.adapter, options.adapter));
  }
  if (!setup.run || !has_own_model(*setup.run)) return;
  fail("jobs.adapter", fmt::format("{} holds a run of --method full, which has a model of its own "
                                   "and no adapter: {}. `relatum quantize` writes that as GGUF.",
                                   options.adapter, train::full_folder(options.adapter).string()));
}

ExtractSetup settle_adapter(const ExtractOptions& options, const Host& host) {
  ExtractSetup setup;
  setup.run = read_trained(options, host);
  check_has_adapter(options, setup);
  settle_model(options, host.context, setup);
  if (!options.no_calibration) setup.calibration = read_calibration(options.adapter, setup.run);
  return setup;
}

OpenedAdapter open_adapter(const ExtractOptions& options, const ExtractSetup& setup,
                           const std::filesystem::path& path, const Host& host) {
  OpenedAdapter opened;
  opened.session = open_language_model(path, {"f32", "keep", false});
  if (setup.run) {
    RunInfo run = *setup.run;
    run.base = opened.session->base();
    check_base(options, run, *opened.session, run.chat, host);
  }
  opened.adapter = train::load_peft(options.adapter, opened.session->model(), DType::kF32);
  return opened;
}

}  // namespace relatum::jobs
