// Steps, their order, and what happens between them.
#include "train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "base/signals.h"
#include "base/stopwatch.h"
#include "engine/not_finite.h"
#include "kernels/optimizer.h"
#include "nn/activation.h"
#include "nn/dropout.h"
#include "nn/pair_rows.h"
#include "tensor/finite.h"
#include "train/classifier.h"
#include "train/span_training.h"

namespace relatum::train {
namespace {

constexpr uint64_t kDropoutStream = 0xd409;

float own_dropout(const Trainable& trained) {
  if (const ClassifierForm* form = trained.classifier()) return float(form->own_dropout);
  return trained.spans() ? float(trained.spans()->form.own_dropout) : 0.0f;
}

// What the head takes in: of a language model the states themselves.
nn::Var read_by_head(nn::Graph& graph, const Trainable& trained, const TrainBatch& batch,
                     nn::Var states, uint64_t salt) {
  if (const ClassifierForm* form = trained.classifier()) {
    states = nn::pair_rows(graph, states);
    nn::drop(graph, states, {batch.keys, salt, float(form->dropout)});
    return nn::to_compute(graph, states);
  }
  if (batch.spans.empty()) return states;
  nn::drop(graph, states, {batch.keys, salt, float(trained.spans()->form.dropout)});
  return nn::to_compute(graph, states);
}

// Of all spans of the texts, and of their pairs.
nn::LossSum loss_of_texts(nn::Graph& graph, const SpanReader& reader, nn::Var states,
                          const TrainBatch& batch) {
  const nn::Var spans = nn::span_features(graph, reader.head, states, batch.spans);
  const nn::Var pairs = batch.pairs.empty()
                            ? spans
                            : nn::pair_features(graph, *reader.pairs, states, batch.pairs);
  nn::LossSum loss = nn::head_cross_entropy(graph, reader.head.output, spans, batch.targets,
                                            batch.weights);
  // Most spans are no entity and soon cost nothing. Their mean would have gradients far below
  // --clip but for the first steps', whose squares AdamW then remembers for hundreds of steps.
  const double each = batch.weights.empty() ? 1 : double(batch.weights[0]);
  loss.weight = each * double(batch.predicting.size());
  if (batch.pairs.empty()) return loss;
  const nn::LossSum of_pairs = nn::head_cross_entropy(graph, reader.pairs->output, pairs,
                                                      batch.pair_labels, batch.pair_weights);
  loss.sum += of_pairs.sum;
  loss.count += of_pairs.count;
  loss.weight += of_pairs.weight;
  return loss;
}

}  // namespace

Trainer::Trainer(engine::Worker& worker, Trainable& trained, std::span<const TrainRow> rows,
                 const TrainOptions& options)
    : worker_(worker), trained_(trained), rows_(rows), options_(options) {
  options_.batch = batches_of(worker.model().info(), options.batch);
  if (trained.spans()) options_.batch.widest = trained.spans()->form.widest;
  RELATUM_CHECK(worker.adapter() == trained.adapter());
  for (const TrainRow& row : rows) {
    RELATUM_CHECK(row.classified() == (trained.classifier() != nullptr));
    RELATUM_CHECK(row.pairs.empty() || (trained.spans() && trained.spans()->pairs));
    const bool mixed = trained.spans() && trained.spans()->form.joint;
    RELATUM_CHECK(mixed || row.has_spans() == (trained.spans() != nullptr));
    if (!row.classified() && !row.has_spans()) {
      RELATUM_CHECK(row.prompt_length > 0 && row.prompt_length < int64_t(row.tokens.size()));
    }
    if (int64_t(row.tokens.size()) <= worker.model().info().context) continue;
    fail("train.trainer", fmt::format("a row of {} tokens exceeds the model's context of {}. Use "
                                      "a shorter prompt style, or leave the row out.",
                                      row.tokens.size(), worker.model().info().context));
  }
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    std::vector<StepRows> planned = plan_epoch(rows, options_.batch, options.seed, epoch);
    if (planned.empty()) {
      fail("train.trainer",
           "an epoch has no row to train on. Check --train, and --negatives where it was given.");
    }
    for (StepRows& step : planned) plan_.push_back({epoch, false, std::move(step)});
    plan_.back().last_of_epoch = true;
  }
  schedule_ = {options.learning_rate, options.schedule, options.warmup, steps()};
  trained_.enable_training();
  rates_ = rates_of(trained, options.lora_plus);
  m_.assign(trained.values().size(), 0.0f);
  v_.assign(trained.values().size(), 0.0f);
}

// What a span of a step weighs, where there are pairs or other rows, too: so much that the mean
// over words counts as much as their mean.
float Trainer::span_weight(const StepRows& rows) const {
  double words = 0, others = 0;
  for (const int64_t index : rows) {
    const TrainRow& row = rows_[size_t(index)];
    words += double(row.words.size());
    for (const ClassedPair& pair : row.pairs) others += double(pair.weight);
    if (row.has_spans()) continue;
    const int64_t targets = row.classified() ? 1 : int64_t(row.tokens.size()) - row.prompt_length;
    others += double(row.weight) * double(targets);
  }
  return words > 0 && others > 0 ? float(others / words) : 1.0f;
}

nn::LossSum Trainer::accumulate(const StepRows& rows, int64_t step, int64_t& tokens) {
  nn::LossSum total;
  const float of_spans = span_weight(rows);
  for (const StepRows& micro : micro_batches(rows_, rows, options_.batch)) {
    TrainBatch batch = build_batch(rows_, micro, options_.batch);
    if (!batch.spans.empty() && of_spans != 1) batch.weights.assign(batch.targets.size(), of_spans);
    const nn::LossSum loss = accumulate(batch, step);
    total.sum += loss.sum;
    total.count += loss.count;
    total.weight += loss.weight;
    tokens += batch.batch.size() + batch.batch.source_size();
  }
  return total;
}

nn::LossSum Trainer::accumulate(const TrainBatch& batch, int64_t step) {
  nn::Graph graph = worker_.graph(true, trained_.weight_gradients());
  const uint64_t salt = Rng(options_.seed, kDropoutStream).bits(uint64_t(step));
  nn::Var states = worker_.model().forward(graph, batch.batch,
                                           {.rows = batch.predicting,
                                            .cache = {},
                                            .adapter = worker_.adapter(),
                                            .checkpoint = options_.checkpoint,
                                            .dropout = trained_.dropout() > 0,
                                            .dropout_salt = salt,
                                            .own_dropout = own_dropout(trained_)});
  states = read_by_head(graph, trained_, batch, states, mix64(~salt));
  const nn::LossSum loss = batch.spans.empty()
                               ? nn::head_cross_entropy(graph, *worker_.head(), states,
                                                        batch.targets, batch.weights)
                               : loss_of_texts(graph, *trained_.spans(), states, batch);
  graph.backward();
  return loss;
}

double Trainer::apply(double weight) {
  const double scale = 1.0 / weight;
  const double norm = std::sqrt(kernels::sum_squares(trained_.grads())) * scale;
  if (!std::isfinite(norm)) {
    fail("train.trainer", fmt::format("the gradient is no longer finite at step {}. Use a smaller "
                                      "--lr, or --compute f32.",
                                      at_.step + 1));
  }
  // PEFT's trainers clip by torch's rule: the factor is clip / (norm + 1e-6), at most 1.
  const double factor = options_.clip > 0 ? std::min(1.0, options_.clip / (norm + 1e-6)) : 1.0;
  const int64_t t = at_.step + 1;
  kernels::AdamWStep step{0,
                          float(options_.beta1),
                          float(options_.beta2),
                          float(options_.epsilon),
                          float(options_.weight_decay),
                          float(1 - std::pow(options_.beta1, double(t))),
                          float(1 - std::pow(options_.beta2, double(t))),
                          float(scale * factor)};
  for (const auto& [values, rate] : rates_) {
    const auto begin = size_t(values.begin), size = size_t(values.count);
    step.learning_rate = float(schedule_.rate(at_.step) * rate);
    kernels::adamw(step, trained_.values().subspan(begin, size),
                   std::span<const float>(trained_.grads()).subspan(begin, size),
                   std::span(m_).subspan(begin, size), std::span(v_).subspan(begin, size));
  }
  trained_.zero_grads();
  trained_.sync();
  ++at_.step;
  return norm;
}

// Looks for a row that alone shows where the loss stops being a number.
void Trainer::fail_loss(const StepRows& rows) {
  for (const size_t row : rows) {
    const auto found = engine::first_not_finite(worker_, rows_[row].tokens);
    if (!found) continue;
    fail("train.trainer", fmt::format("the loss of step {} is not finite: values that are NaN or "
                                      "infinite {}.",
                                      at_.step + 1, *found));
  }
  fail("train.trainer", fmt::format("the loss of step {} is not finite. Use a smaller --lr, or "
                                    "--compute f32.",
                                    at_.step + 1));
}

StepReport Trainer::train_step() {
  const SignalsHeld held;
  const Stopwatch watch;
  const PlannedStep& plan = plan_[size_t(at_.step)];
  StepReport report;
  report.steps = steps();
  report.epoch = plan.epoch;
  report.learning_rate = schedule_.rate(at_.step);
  const nn::LossSum loss = accumulate(plan.rows, at_.step, report.tokens);
  if (!std::isfinite(loss.sum)) fail_loss(plan.rows);
  report.grad_norm = apply(loss.weight);
  report.step = at_.step;
  report.examples = int64_t(plan.rows.size());
  report.loss = loss.sum / loss.weight;
  report.seconds = watch.seconds();
  return report;
}

void Trainer::evaluate(const TrainHooks& hooks, const Context& context, TrainResult& result) {
  const double metric = hooks.evaluate(at_.step);
  // What a stopped evaluation says may be of a part of the data: it is done again after a resume.
  if (context.stopping()) return;
  at_.evaluation_due = false;
  if (at_.best_metric && metric <= *at_.best_metric) {
    result.early = options_.patience > 0 && ++at_.without_gain >= options_.patience;
    return;
  }
  at_.best_metric = metric;
  at_.best_step = at_.step;
  at_.without_gain = 0;
  best_.assign(trained_.values().begin(), trained_.values().end());
}

void Trainer::advance(const TrainHooks& hooks) {
  const StepReport report = train_step();
  at_.tokens += report.tokens;
  at_.examples += report.examples;
  at_.microseconds += std::llround(report.seconds * 1e6);
  at_.last_loss = report.loss;
  at_.evaluation_due = hooks.evaluate && (reached(options_.eval_every) || at_.step == steps());
  if (hooks.on_step) hooks.on_step(report);
}

// True where the step just done is one of every `interval`; 0: the last of an epoch.
bool Trainer::reached(int64_t interval) const {
  return interval > 0 ? at_.step % interval == 0 : plan_[size_t(at_.step - 1)].last_of_epoch;
}

TrainResult Trainer::run(const TrainHooks& hooks, const Context& context) {
  TrainResult result;
  at_.evaluation_due = at_.evaluation_due && hooks.evaluate;
  since_saved_.restart();
  while (!result.early && (at_.step < steps() || at_.evaluation_due)) {
    if (context.stopping()) {
      save(hooks);
      return so_far();
    }
    if (at_.evaluation_due) {
      evaluate(hooks, context, result);
    } else {
      advance(hooks);
      // An evaluation may fail or be killed: the steps before it are not lost then.
      if (at_.evaluation_due && !may_wait()) save(hooks);
    }
    const bool save_due = reached(options_.save_every > 0 ? options_.save_every
                                                          : options_.eval_every);
    if (save_due && !at_.evaluation_due && !result.early && at_.step < steps() && !may_wait()) {
      save(hooks);
    }
  }
  if (at_.best_metric) {
    std::copy(best_.begin(), best_.end(), trained_.values().begin());
    trained_.sync();
  }
  if (!all_finite(trained_.values())) {
    fail("train.trainer",
         "the trained numbers are no longer finite after the last step, so they "
         "are not saved. Use a smaller --lr.");
  }
  const bool early = result.early;
  result = so_far();
  result.early = early;
  result.finished = true;
  return result;
}

TrainResult Trainer::so_far() const {
  TrainResult result;
  result.steps = at_.step;
  result.tokens = at_.tokens;
  result.examples = at_.examples;
  result.seconds = double(at_.microseconds) * 1e-6;
  result.best_metric = at_.best_metric;
  result.best_step = at_.best_step;
  result.last_loss = at_.last_loss;
  return result;
}

// Whatever decides the numbers of a run: options, rows, and what is trained.
Identity Trainer::identity() const {
  const TrainOptions& o = options_;
  Identity identity;
  identity.given = o.given;
  for (const TrainRow& row : rows_) {
    uint64_t hash = mix64(uint64_t(row.prompt_length));
    for (const int32_t token : row.tokens) hash = nn::extend_hash(hash, token);
    if (row.classified()) {
      for (const int64_t token : row.read) hash = nn::extend_hash(hash, int32_t(token));
      hash = nn::extend_hash(hash, row.label);
    }
    if (row.group >= 0) hash = nn::extend_hash(hash, int32_t(row.group));
    for (const int64_t token : row.words) hash = nn::extend_hash(hash, int32_t(token));
    for (const ClassedSpan& span : row.spans) {
      for (const int32_t part : {span.first, span.last, span.label}) {
        hash = nn::extend_hash(hash, part);
      }
    }
    identity.rows.push_back(hash);
  }
  const auto add = [&](const char* name, const auto& value) {
    identity.options.push_back({name, fmt::format("{}", value)});
  };
  add("--epochs", o.epochs);
  add("--lr", o.learning_rate);
  add("--schedule", name_of(o.schedule));
  add("--warmup", o.warmup);
  add("--weight-decay", o.weight_decay);
  add("--clip", o.clip);
  if (o.lora_plus != 1) add("--lora-plus", o.lora_plus);  // states without it were of rate one
  add("AdamW's constants", fmt::format("{} {} {}", o.beta1, o.beta2, o.epsilon));
  add("--batch-tokens", o.batch.batch_tokens);
  add("--micro-tokens", o.batch.micro_tokens);
  add("--no-share", o.batch.share ? "off" : "on");
  add("--checkpoint", o.checkpoint ? "on" : "off");
  add("--seed", o.seed);
  add("--eval-every", o.eval_every);
  add("--patience", o.patience);
  add("the base's form", worker_.session().base());
  add("the type of products", name_of(worker_.session().compute()));
  trained_.describe(identity.options);
  return identity;
}

// Where nobody asked for states, writing large ones would take longer than short epochs do.
bool Trainer::may_wait() const {
  const size_t numbers = trained_.values().size() + m_.size() + v_.size() + best_.size();
  return options_.save_every == 0 && int64_t(numbers * sizeof(float)) > kLargeState &&
         since_saved_.seconds() < kSecondsBetweenStates;
}

void Trainer::save(const TrainHooks& hooks) {
  if (hooks.state.empty()) return;
  save_state(hooks.state, {at_, trained_.values(), m_, v_, best_}, identity());
  since_saved_.restart();
}

void Trainer::resume(const std::filesystem::path& path, std::span<const std::string> row_names) {
  const std::string other = difference(identity(), load_identity(path), row_names);
  if (!other.empty()) {
    fail("train.trainer", fmt::format("{} is of a run that was started with something else: {}. "
                                      "Resume with what that run had, or start over with "
                                      "--overwrite.",
                                      path.string(), other));
  }
  TrainState state = load_state(path, trained_.values().size());
  if (state.step > steps() || (state.step == 0 && state.evaluation_due)) {
    fail("train.trainer", fmt::format("{} says that {} of {} steps are done, which is impossible. "
                                      "The file is damaged; start over with --overwrite.",
                                      path.string(), state.step, steps()));
  }
  std::copy(state.values.begin(), state.values.end(), trained_.values().begin());
  trained_.sync();
  m_ = std::move(state.m);
  v_ = std::move(state.v);
  best_ = std::move(state.best);
  at_ = state;
}

}  // namespace relatum::train
