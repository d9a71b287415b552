// Settles what the options leave open.
#include "jobs/finetune_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "base/error.h"
#include "jobs/finetune_method.h"
#include "jobs/process_facts.h"
#include "jobs/run_record.h"
#include "jobs/without_effect.h"
#include "task/answer_prompts.h"

namespace relatum::jobs {
namespace {

constexpr double kGigabyte = 1e9;

// What the program holds before it trains counts, and so do dev evaluations.
train::EstimateOptions estimate_options(const FinetuneRows& rows,
                                        const train::TrainOptions& training) {
  const int64_t evaluated = rows.dev_count() == 0 ? 0 : task::AnswerOptions{}.batch_tokens;
  return {training.batch, training.epochs, training.checkpoint, training.seed,
          evaluated,      current_rss(),   peak_rss()};
}

void fit_memory(const FinetuneOptions& options, const engine::Session& session,
                const train::Trainable& trained, const FinetuneRows& rows, FinetunePlan& plan,
                const Context& context) {
  train::TrainOptions& training = plan.training;
  const auto fitting = train::fit_memory(session.model(), trained, session.compute(), rows.train,
                                         estimate_options(rows, training), int64_t(options.memory));
  if (!fitting) {
    fail("jobs.finetune",
         fmt::format("training does not fit in {:.2f} GB, however little is "
                     "kept. Use more --memory{}.",
                     double(options.memory) / kGigabyte,
                     options.model.low_memory || trains_all(options) ? "" : ", or --low-memory"));
  }
  if (fitting->checkpoint && !training.checkpoint) {
    context.info(
        fmt::format("to stay below {:.2f} GB, layers are computed again in the backward "
                    "pass, {} tokens at a time.",
                    double(options.memory) / kGigabyte, fitting->batch.micro_tokens));
  }
  training.batch = fitting->batch;
  training.checkpoint = fitting->checkpoint;
}

}  // namespace

void check_finetune_values(const FinetuneOptions& o, const Context& context) {
  check_method(o);
  const train::TrainOptions& t = o.training;
  const double rate = learning_rate(o);
  const std::pair<const char*, double> numbers[] = {{"--lr", rate},
                                                    {"--warmup", t.warmup},
                                                    {"--weight-decay", t.weight_decay},
                                                    {"--clip", t.clip},
                                                    {"--alpha", o.adapter.alpha},
                                                    {"--dropout", o.adapter.dropout},
                                                    {"--lora-plus", t.lora_plus},
                                                    {"--negatives", o.negatives.value_or(0)}};
  for (const auto& [flag, value] : numbers) {
    if (std::isfinite(value)) continue;
    fail("jobs.finetune", fmt::format("{} {}: expected a finite number.", flag, value));
  }
  if (!trains_all(o) && o.init_adapter.empty() && o.adapter.alpha <= 0) {
    fail("jobs.finetune",
         fmt::format("--alpha {}: the pairs' output is multiplied by alpha / rank, so it must be "
                     "above 0.",
                     o.adapter.alpha));
  }
  if (o.holdout > 0 && !o.dev.empty()) {
    fail("jobs.finetune", "--dev and --holdout exclude each other. Give one of them.");
  }
  // Well beyond what adapters of this kind are trained with anywhere; still allowed.
  if (rate >= 0.05) {
    context.warn(
        fmt::format("--lr {} is far above the usual 0.0001 to 0.005; training will "
                    "probably diverge.",
                    rate));
  }
  const double least = trains_all(o) ? 1e-8 : 1e-6;
  if (rate > 0 && rate < least) {
    context.warn(
        fmt::format("--lr {} is far below the usual {}; training will hardly change anything.",
                    rate, trains_all(o) ? "0.000001 to 0.001" : "0.0001 to 0.005"));
  }
  if (o.adapter.dropout >= 0.9) {
    context.warn(
        fmt::format("--dropout {} takes nearly all of the adapter's input away; 0 to 0.2 "
                    "is usual.",
                    o.adapter.dropout));
  }
  const double scale = o.adapter.alpha / double(std::max<int64_t>(1, o.adapter.rank));
  if (scale > 32 || (scale > 0 && scale < 1.0 / 32)) {
    context.warn(
        fmt::format("--alpha {} over --rank {} scales the adapter by {:g}; 0.5 to 4 is "
                    "usual.",
                    o.adapter.alpha, o.adapter.rank, scale));
  }
  if (t.epochs > 1000) {
    context.warn(fmt::format("--epochs {}: a few are usual.", t.epochs));
  }
  tell_without_effect(o, context);
}

engine::SessionOptions finetune_session(const FinetuneOptions& options) {
  engine::SessionOptions session = options.model.session();
  if (options.method == "lora" && session.base == "auto") session.base = "bf16";
  if (options.init == "loftq" && session.base == "auto") session.base = "nf4";
  if (trains_all(options)) {
    session.base = "f32";
    session.resident = false;  // they are moved to where they are trained
  }
  return session;
}

train::AdapterConfig finetune_adapter(const FinetuneOptions& options) {
  train::AdapterConfig config = options.adapter;
  config.targets = target_names(options.targets);
  if (!options.save_modules.empty()) config.saved = target_names(options.save_modules);
  if (options.init == "pissa") config.start = train::Start::kPissa;
  if (options.init == "loftq") config.start = train::Start::kLoftq;
  return config;
}

std::vector<std::string> target_names(const std::string& list) {
  if (list == "all-linear") return {};
  std::vector<std::string> names;
  std::istringstream rest(list);
  for (std::string name; std::getline(rest, name, ',');) names.push_back(name);
  return names;
}

double training_seconds(const FinetunePlan& plan) {
  // Of the product's rate; adapters' steps reach mostly 0.5 to 0.7 (bench/results/scaling.json).
  constexpr double kUsualShare = 0.6;
  const double moving = plan.memory_rate > 0 ? plan.needs.moved_bytes / plan.memory_rate : 0;
  return plan.needs.flops / (plan.gemm_rate * kUsualShare) + moving;
}

FinetunePlan plan_finetune(const FinetuneOptions& options, const engine::Session& session,
                           const train::Trainable& trained, const FinetuneRows& rows,
                           const Context& context) {
  FinetunePlan plan;
  train::TrainOptions& training = plan.training;
  training = options.training;
  training.learning_rate = learning_rate(options);
  training.batch.share = !options.no_share;
  training.batch = train::batches_of(session.model().info(), training.batch);
  training.batch.batch_tokens = options.batch_tokens;
  training.batch.thinned = rows.thinned;
  training.batch.widest = rows.widest;
  if (options.batch_tokens == 0) {
    training.batch.batch_tokens = train::automatic_batch_tokens(rows.train, training.batch.share,
                                                                rows.thinned, training.seed);
  }
  int64_t& micro = training.batch.micro_tokens;
  micro = training.batch.batch_tokens;
  const int64_t at_once = options.micro_tokens.value_or(
      train::default_micro_tokens(session.compute()));
  if (at_once > 0) micro = std::min(micro, at_once);
  training.schedule = train::parse_shape(options.schedule);
  if (options.resume && (options.memory || !options.micro_tokens)) {
    // What was chosen then is part of the run: what is free now would choose otherwise.
    const RunInfo then = read_run(options.out);
    if (then.micro_tokens > 0) micro = then.micro_tokens;
    training.checkpoint = training.checkpoint || (options.memory && then.checkpoint);
  } else if (options.memory) {
    fit_memory(options, session, trained, rows, plan, context);
  }
  plan.needs = train::estimate(session.model(), trained, session.compute(), rows.train,
                               estimate_options(rows, training));
  if (options.memory && options.resume && plan.needs.memory_bytes > int64_t(options.memory)) {
    context.warn(fmt::format("the run needs about {:.2f} GB as it was begun, more than --memory.",
                             double(plan.needs.memory_bytes) / kGigabyte));
  }
  plan.gemm_rate = train::measure_gemm_rate(session.compute());
  if (plan.needs.moved_bytes > 0) {
    plan.memory_rate = train::measure_memory_rate(int64_t(trained.values().size()));
  }
  plan.epoch_steps = int64_t(
      train::plan_epoch(rows.train, training.batch, training.seed, 0).size());
  return plan;
}

}  // namespace relatum::jobs
