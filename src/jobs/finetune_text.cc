// Sentences from the plan and the result.
#include "jobs/finetune_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "arch/family.h"
#include "base/counted.h"
#include "jobs/finetune_balance.h"
#include "jobs/finetune_classifier.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_joint.h"
#include "jobs/finetune_method.h"
#include "jobs/process_facts.h"
#include "jobs/training_log.h"
#include "jobs/without_effect.h"
#include "kernels/cpu.h"

namespace relatum::jobs {
namespace {

constexpr double kGigabyte = 1e9;

// As docs/your-data.md says: fewer than ten sentences of a label teach little.
std::string rare_labels(const FinetuneParts& parts) {
  constexpr int64_t kFew = 10;
  const auto counts = epoch_counts(parts.data, parts.rows);
  const auto rarest = std::ranges::min_element(counts, {},
                                               [](const auto& entry) { return entry.second; });
  const int64_t rare = std::ranges::count_if(counts,
                                             [](const auto& entry) { return entry.second < kFew; });
  if (!rare) return "";
  const bool entities = finds_entities(parts.options);
  return fmt::format(
      "{} of {} {} have fewer than {} training {}{}, e.g. {} of '{}'. More sentences of "
      "these will help most.",
      rare, counts.size(), entities ? "types" : "labels", kFew, entities ? "entities" : "examples",
      parts.rows.thinned.rows.empty() ? "" : " in an epoch", rarest->second, rarest->first);
}

std::string training_rows(const FinetuneParts& parts) {
  const auto all = int64_t(parts.rows.train.size());
  const auto pairs = int64_t(parts.data.train.examples.size());
  if (!parts.data.entities) return counted(all, "training example");
  const auto texts = std::ranges::count_if(parts.rows.train, &train::TrainRow::has_spans);
  const std::string sentences = counted(int64_t(texts), "training sentence");
  return pairs ? fmt::format("{} with {}", sentences, counted(pairs, "pair")) : sentences;
}

std::string dev_rows(const FinetuneParts& parts) {
  const auto pairs = int64_t(parts.rows.dev.size());
  if (!parts.data.entities) return counted(pairs, "dev example");
  const std::string documents = counted(parts.rows.dev_documents, "dev document");
  return pairs ? fmt::format("{} with {}", documents, counted(pairs, "pair")) : documents;
}

std::string classes(const FinetuneParts& parts) {
  const int64_t labels = parts.data.train.labels.size();
  if (!parts.data.entities) return counted(labels, "label");
  const std::string types = counted(parts.data.entities->types.size(), "type");
  return learns_both(parts.options) ? fmt::format("{} and {}", types, counted(labels, "label"))
                                    : types;
}

std::string spans_looked_at(const FinetuneParts& parts) {
  const EntityData& data = *parts.data.entities;
  return fmt::format(
      "each span of up to {} is looked at (the longest training entity has {}); found ones {} "
      "{:.0f} % of the training entities do.",
      counted(data.widest(), "word"), data.longest,
      data.overlap ? "may overlap, as" : "do not overlap: only", 100 * data.overlapping);
}

const char* what_is_trained(const FinetuneOptions& options) {
  return trains_all(options) ? "model" : "adapter";
}

// The kinds of trained numbers, where there are others than pairs.
std::string what_they_are(const FinetuneOptions& options, const train::Trainable& trained) {
  if (trains_all(options)) return "all weights";
  std::string text = fmt::format("rank {}", options.adapter.rank);
  const auto groups = trained.groups();
  for (const train::ValueGroup& group : groups) {
    if (groups.size() <= 2) break;
    text += fmt::format(", {} in {}", train::count_of(group), group.name);
  }
  return text;
}

std::string where_pairs_begin(const FinetuneOptions& options, const engine::Session& session) {
  if (options.init == "loftq") {
    return "--init loftq: the base is nf4 as without it, and the pairs begin at the principal part "
           "of what rounding took from it; the two are nearer to the file's weights, not equal.";
  }
  if (options.init != "pissa") return "";
  if (method_name(options, session) == "qlora") {
    return "--init pissa: the pairs begin at the principal part of the weights as they are "
           "quantised, and the rest is not rounded again, so what quantising cost stays as it is "
           "(published QPiSSA rounds the rest of the unquantised weights instead). Written will be "
           "pairs of twice the rank, on the base as it is.";
  }
  return "--init pissa: the pairs begin at the principal part of the weights, which the base then "
         "lacks. Written will be pairs of twice the rank, on the base as it is.";
}

// Where nf4 takes the place of a file's own blocks.
std::string rounds_again(const engine::Session& session) {
  if (session.base() != "nf4" || arch::resolve_base(session.files(), "auto") != "keep") return "";
  return "the file's weights are quantised already and are rounded a second time, to nf4: --base "
         "keep would train on them as they are, and the model before it was quantised loses less.";
}

// Told before the training, as the adapter that comes of it would be refused.
std::string no_place_in_gguf(const FinetuneOptions& options) {
  std::vector<std::string> kinds;
  if (options.adapter.magnitudes) kinds.emplace_back("magnitudes (--dora)");
  if (!options.save_modules.empty()) kinds.emplace_back("modules of its own (--save-modules)");
  if (trains_all(options) || kinds.empty()) return "";
  return fmt::format(
      "`export` refuses an adapter with {}, for which llama.cpp has no place; `merge` writes it "
      "and its base as one model.",
      and_list(kinds));
}

std::string needs(const FinetunePlan& plan, bool evaluates) {
  return fmt::format(
      "needs about {:.1f} GB of memory, {:.0f} MB of disk and, with the machine as busy as it is "
      "now, {} for {} of {} tokens{}",
      double(plan.needs.memory_bytes) / kGigabyte, double(plan.needs.disk_bytes) / 1e6,
      duration_text(training_seconds(plan)), counted(plan.training.epochs, "epoch"),
      plan.needs.tokens / std::max<int64_t>(1, plan.training.epochs),
      evaluates ? ", evaluations apart" : "");
}

// As it was named: in the stores of other programs a file is called by its hash.
std::string model_name(const std::string& given) {
  std::error_code ignored;
  const std::filesystem::path path(given);
  if (!std::filesystem::exists(path, ignored)) return given;
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace

std::vector<std::string> finetune_plan_lines(const FinetuneParts& parts,
                                             const train::Trainer& trainer) {
  const arch::ModelInfo& info = parts.session.model().info();
  const train::TrainOptions& training = parts.plan.training;
  std::vector<std::string> lines{
      fmt::format("{}: {:.1f} M parameters ({}{} layers, width {}), base {}, products in {} on {}",
                  model_name(parts.options.model.model), double(info.parameters) / 1e6,
                  info.encoder_layers ? fmt::format("{} + ", info.encoder_layers) : "", info.layers,
                  info.width, parts.session.base(), name_of(parts.session.compute()),
                  kernels::cpu_summary()),
      fmt::format("{} and {}, {}, style {}, {} trained numbers ({})", training_rows(parts),
                  dev_rows(parts), classes(parts), parts.renderer.style().name,
                  parts.trained.values().size(), what_they_are(parts.options, parts.trained))};
  if (parts.data.entities) lines.push_back(spans_looked_at(parts));
  if (const std::string start = where_pairs_begin(parts.options, parts.session); !start.empty()) {
    lines.push_back(start);
  }
  for (const std::string& line : {rounds_again(parts.session), no_place_in_gguf(parts.options)}) {
    if (!line.empty()) lines.push_back(line);
  }
  if (parts.options.fold) {
    lines.push_back(fmt::format("{} of this fold will be answered by it.",
                                counted(int64_t(parts.rows.test.size()), "example")));
  }
  if (parts.rows.dev_count() == 0) {
    lines.push_back(
        fmt::format("the {} of the last step will be kept (--dev or --holdout keeps the "
                    "best on dev instead).",
                    what_is_trained(parts.options)));
  }
  if (const std::string rare = rare_labels(parts); !rare.empty()) lines.push_back(rare);
  lines.push_back(fmt::format(
      "{} per epoch, {} in {}: up to {} tokens each{}", counted(parts.plan.epoch_steps, "step"),
      trainer.steps(), counted(training.epochs, "epoch"), training.batch.batch_tokens,
      parts.options.batch_tokens ? "" : " (chosen from the data; --batch-tokens sets it)"));
  if (parts.data.entities && !parts.options.resume && !parts.options.words.contains("epochs")) {
    lines.push_back(
        fmt::format("--epochs was not given, so it is {}; finding entities usually takes some {}.",
                    training.epochs, parts.session.model().info().causal ? "6 to 8" : "20"));
  }
  lines.push_back(needs(parts.plan, !parts.rows.dev.empty()));
  if (parts.options.resume) {
    lines.push_back(
        fmt::format("continuing after step {} of {}.", trainer.counters().step, trainer.steps()));
  }
  return lines;
}

std::vector<std::string> finetune_result_lines(const FinetuneParts& parts,
                                               const train::TrainResult& result) {
  const double seconds = std::max(1e-9, result.seconds);
  const FinetunePlan& plan = parts.plan;
  const double share = plan.needs.flops * double(result.tokens) /
                       double(std::max<int64_t>(1, plan.needs.tokens)) / seconds / plan.gemm_rate;
  std::vector<std::string> lines{fmt::format(
      "trained {} in {}: {:.0f} tokens/s, {:.1f} examples/s, {:.0f} % of this machine's product "
      "rate, at most {:.1f} GB of memory",
      counted(result.steps, "step"), duration_text(seconds), double(result.tokens) / seconds,
      double(result.examples) / seconds, 100 * share, double(peak_rss()) / kGigabyte)};
  if (const auto loss = loss_course(std::filesystem::path(parts.options.out) / "log.jsonl")) {
    lines.push_back(loss->steps == 1 ? fmt::format("loss {:.3g} in its only step", loss->first)
                                     : fmt::format("loss {:.3g} at first, {:.3g} at the end",
                                                   loss->first, loss->last));
  }
  if (result.early) lines.push_back("stopped early: dev F1 no longer improved (--patience).");
  if (result.best_metric) {
    lines.push_back(fmt::format("best dev F1 {:.2f} at step {} of {}: {} was kept.",
                                100 * *result.best_metric, result.best_step, result.steps,
                                trains_all(parts.options) ? "that model" : "that adapter"));
  }
  lines.push_back(
      fmt::format("{} written to {}", what_is_trained(parts.options), parts.options.out));
  return lines;
}

std::string method_by_option(const FinetuneOptions& options, const engine::Session& session) {
  const bool decided = classifies(options) && !options.method_given &&
                       !options.adapter_flags.empty() && !session.model().info().causal;
  if (!decided) return "";
  const bool one = options.adapter_flags.size() == 1;
  return fmt::format(
      "{} {} for an adapter, so an adapter is trained and the encoder's weights stay as they are. "
      "Leave {} out to train all weights, or add --method lora where an adapter is meant.",
      and_list(options.adapter_flags), one ? "is" : "are", one ? "it" : "them");
}

std::string finetune_doubt(const FinetuneParts& parts) {
  constexpr int64_t kTelling = 20;  // in fewer steps chance decides
  const auto loss = loss_course(std::filesystem::path(parts.options.out) / "log.jsonl");
  if (!loss) return "";
  if (!loss->moved) {
    return "the gradient was zero in every step, so nothing was learned: what was trained changes "
           "no answer's probability.";
  }
  if (loss->steps < kTelling || loss->last < loss->first) return "";
  return fmt::format(
      "the loss did not fall ({:.3g} at first, {:.3g} at the end). Try another --lr or more "
      "--epochs, and look whether labels and prompts are right (`relatum prepare`).",
      loss->first, loss->last);
}

}  // namespace relatum::jobs
