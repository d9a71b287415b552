// Hooks of the trainer.
#include "jobs/finetune_training.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "jobs/finetune_entities.h"
#include "jobs/finetune_folder.h"
#include "jobs/running_mean.h"
#include "jobs/training_log.h"
#include "task/answer_prompts.h"
#include "task/evaluate.h"

namespace relatum::jobs {
namespace {

// F1 on the dev data; -1 where it was stopped, which is not logged: it is done again on resuming.
double judge(const FinetuneParts& parts, engine::Worker& worker, int64_t step, TrainingLog& log,
             const Context& context) {
  const task::AnswerOptions answers{.chat = parts.options.chat};
  const auto predictions = task::answer_prompts(worker, parts.renderer, parts.rows.dev, answers,
                                                context);
  if (context.stopping()) return -1;
  const auto report = task::evaluate(parts.data.dev, predictions,
                                     {.negative = parts.options.negative, .samples = 0});
  nlohmann::json scores = nlohmann::json::object();
  for (const task::NamedScores& each : report.metrics) {
    if (each.scores && each.wanted) scores[each.name] = each.scores->f1;
  }
  log.write({{"step", step},
             {"dev_f1", report.official.scores->f1},
             {"dev_scores", scores},
             {"dev_metric", report.official.name},
             {"dev_accuracy", report.accuracy}});
  context.info(fmt::format("step {}: dev F1 {:.2f} ({}), accuracy {:.2f}", step,
                           100 * report.official.scores->f1, report.official.name,
                           100 * report.accuracy));
  return report.official.scores->f1;
}

}  // namespace

train::TrainResult run_training(const FinetuneParts& parts, engine::Worker& worker,
                                train::Trainer& trainer, const Context& context) {
  const std::filesystem::path run(parts.options.out);
  const train::TrainCounters& at = trainer.counters();
  TrainingLog log;
  log.open(run / "log.jsonl", parts.options.resume ? std::optional(at.step) : std::nullopt,
           at.evaluation_due);
  RunningMean loss;
  train::TrainHooks hooks;
  hooks.state = finetune_state(run);
  hooks.on_step = [&](const train::StepReport& r) {
    const double rate = double(r.tokens) / r.seconds;
    log.write({{"step", r.step},
               {"epoch", r.epoch},
               {"loss", r.loss},
               {"lr", r.learning_rate},
               {"grad_norm", r.grad_norm},
               {"tokens_per_s", rate},
               {"examples_per_s", double(r.examples) / r.seconds}});
    context.report({"training", double(r.step), double(r.steps), "steps",
                    fmt::format("loss {:.3f}, {:.0f} tokens/s", loss.add(r.loss), rate)});
  };
  if (parts.rows.dev_count() > 0) {
    const auto judged = parts.data.entities ? judge_entities : judge;
    hooks.evaluate = [&, judged](int64_t step) {
      return judged(parts, worker, step, log, context);
    };
  }
  const train::TrainResult result = trainer.run(hooks, context);
  context.end_progress();
  return result;
}

}  // namespace relatum::jobs
