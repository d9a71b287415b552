// The dev prompts that judged the epochs are scored once more.
#include "jobs/finetune_calibration.h"

#include <fmt/format.h>

#include "arch/family.h"
#include "base/counted.h"
#include "jobs/finetune_joint.h"
#include "jobs/finetune_method.h"
#include "jobs/fit_calibration.h"
#include "task/answer_scores.h"
#include "train/full_folder.h"

namespace relatum::jobs {
namespace {

std::string data_of(const FinetuneOptions& options) {
  if (!options.dev.empty()) return options.dev;
  return fmt::format("{} held out of {} (--seed {})", options.holdout, options.train,
                     options.training.seed);
}

}  // namespace

bool calibrate_run(const FinetuneParts& parts, engine::Worker& worker, const Context& context,
                   std::optional<RunCalibration>& calibration) {
  const auto count = int64_t(parts.rows.dev.size());
  if (count == 0) return true;
  if (count < kFewestForCalibration) {
    const bool both = asks_sentences(parts.options);
    const std::string other =
        both ? "Use more dev documents."
             : fmt::format(
                   "`relatum calibrate --adapter {} --data …` fits it on other labelled "
                   "sentences.",
                   parts.options.out);
    context.info(
        fmt::format("no temperature was fitted: {} of dev data {} too few, {} are needed. "
                    "{}",
                    counted(count, both ? "pair" : "sentence"), count == 1 ? "is" : "are",
                    kFewestForCalibration, other));
    return true;
  }
  const task::AnswerOptions answers{.chat = parts.options.chat};
  const auto scores = task::score_answers(worker, parts.renderer, parts.rows.dev, answers, context);
  context.end_progress();
  if (context.stopping()) return false;
  calibration.emplace();
  calibration->data = data_of(parts.options);
  calibration->examples = count;
  calibration->prompt_hash = task::style_hash(parts.renderer.style());
  calibration->index_hash = parts.rows.index_hash;
  calibration->modes = fit_calibration(scores, parts.data.dev, parts.renderer.labels(),
                                       negative_of(parts.options, parts.renderer.labels()));
  return true;
}

void keep_calibration(const FinetuneParts& parts, RunCalibration calibration,
                      const Context& context) {
  const std::filesystem::path run(parts.options.out);
  calibration.adapter_hash = trains_all(parts.options) ? arch::weights_hash(arch::ModelFiles::open(
                                                             train::full_folder(run)))
                                                       : adapter_hash(run, std::nullopt);
  write_calibration(run, calibration);
  context.info(calibration_line(calibration));
}

}  // namespace relatum::jobs
