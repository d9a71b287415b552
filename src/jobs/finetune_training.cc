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

// On the dev data's pairs; nothing where it was stopped.
std::optional<task::Report> judge_pairs(const FinetuneParts& parts, engine::Worker& worker,
                                        const Context& context) {
  const task::AnswerOptions answers{.chat = parts.options.chat};
  const auto predictions = task::answer_prompts(worker, parts.renderer, parts.rows.dev, answers,
                                                context);
  if (context.stopping()) return std::nullopt;
  return task::evaluate(
      parts.data.dev, predictions,
      {.negative = negative_of(parts.options, parts.data.dev.labels), .samples = 0});
}

nlohmann::json figures_of(const EntityScores& scores) {
  return {{"dev_f1", scores.f1()},
          {"dev_precision", scores.precision()},
          {"dev_recall", scores.recall()},
          {"dev_metric", "entities_strict"}};
}

std::string text_of(const EntityScores& scores) {
  return fmt::format("dev F1 {:.2f} of entities, precision {:.2f}, recall {:.2f}",
                     100 * scores.f1(), 100 * scores.precision(), 100 * scores.recall());
}

nlohmann::json figures_of(const task::Report& report) {
  nlohmann::json scores = nlohmann::json::object();
  for (const task::NamedScores& each : report.metrics) {
    if (each.scores && each.wanted) scores[each.name] = each.scores->f1;
  }
  return {{"dev_f1", report.official.scores->f1},
          {"dev_scores", scores},
          {"dev_metric", report.official.name},
          {"dev_accuracy", report.accuracy}};
}

std::string text_of(const task::Report& report) {
  return fmt::format("dev F1 {:.2f} ({}), accuracy {:.2f}", 100 * report.official.scores->f1,
                     report.official.name, 100 * report.accuracy);
}

// Of what the run learns, F1 and its record; of both, the mean of the two.
struct Judged {
  double f1 = 0;
  nlohmann::json figures;
  std::string text;
};

template <typename Scores>
Judged judged(double f1, const Scores& scores) {
  return {f1, figures_of(scores), text_of(scores)};
}

std::optional<Judged> judge(const FinetuneParts& parts, engine::Worker& worker,
                            const Context& context) {
  std::optional<EntityScores> entities;
  if (parts.data.entities) {
    entities = judge_entities(parts, worker, context);
    if (!entities) return std::nullopt;
    if (parts.rows.dev.empty()) return judged(entities->f1(), *entities);
  }
  const auto pairs = judge_pairs(parts, worker, context);
  if (!pairs) return std::nullopt;
  const double f1 = pairs->official.scores->f1;
  if (!entities) return judged(f1, *pairs);
  Judged both{(entities->f1() + f1) / 2, figures_of(*pairs), ""};
  both.figures["dev_relations_f1"] = f1;
  both.figures["dev_relations_metric"] = pairs->official.name;
  both.figures["dev_entities_f1"] = entities->f1();
  both.figures["dev_f1"] = both.f1;
  both.figures["dev_metric"] = kJointMetric;
  both.text = fmt::format("dev F1 {:.2f}: {:.2f} of entities, {:.2f} of pairs ({})", 100 * both.f1,
                          100 * entities->f1(), 100 * f1, pairs->official.name);
  return both;
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
    hooks.evaluate = [&](int64_t step) {
      // What is stopped is not logged: it is done again on resuming.
      const auto judged = judge(parts, worker, context);
      if (!judged) return -1.0;
      nlohmann::json line = judged->figures;
      line["step"] = step;
      log.write(line);
      context.info(fmt::format("step {}: {}", step, judged->text));
      return judged->f1;
    };
  }
  const train::TrainResult result = trainer.run(hooks, context);
  context.end_progress();
  return result;
}

}  // namespace relatum::jobs
