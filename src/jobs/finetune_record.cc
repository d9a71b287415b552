// The record's keys, and what a state is known by.
#include "jobs/finetune_record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "arch/family.h"
#include "base/hash.h"
#include "base/parallel_for.h"
#include "io/json.h"
#include "jobs/finetune_balance.h"
#include "jobs/finetune_classifier.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_joint.h"
#include "jobs/finetune_method.h"
#include "jobs/finetune_start.h"
#include "jobs/process_facts.h"
#include "jobs/retrieval.h"
#include "jobs/run_record.h"
#include "kernels/cpu.h"
#include "task/label_list.h"
#include "task/spec.h"
#include "text/chat.h"
#include "train/full_folder.h"

namespace relatum::jobs {
namespace {

std::string absolute(const std::string& path) {
  return path.empty() ? "" : std::filesystem::absolute(path).string();
}

std::string beside(const std::string& path, const std::string& folder) {
  return path.empty() ? "" : std::filesystem::relative(path, folder).string();
}

nlohmann::json settings(const FinetuneParts& parts) {
  const FinetuneOptions& o = parts.options;
  const train::TrainOptions& t = parts.plan.training;
  const auto negative = negative_of(o, parts.data.train.labels);
  return {{"train", o.train},
          {"train_path", absolute(task::parse_spec(o.train).path)},
          {"dev", o.dev},
          {"holdout", o.holdout},
          {"holdout_by", holdout_by(o)},
          {"relabel", o.data.relabel},
          {"labels_file", o.data.labels},
          {"multi_label", o.multi_label},
          {"prompt", parts.renderer.style().name},
          {"label_list", o.label_list},
          {"prompt_hash", task::style_hash(parts.renderer.style())},
          {"negative", negative ? nlohmann::json(*negative) : nlohmann::json()},
          {"index", o.index},
          {"index_path", absolute(o.index)},
          {"index_beside", beside(o.index, o.out)},
          {"index_hash", parts.rows.index_hash},
          {"embedder", o.embedder},
          {"neighbours", o.neighbours},
          {"example_choice", o.examples},
          {"chat", o.chat},
          {"rank", o.adapter.rank},
          {"alpha", o.adapter.alpha},
          {"dropout", o.adapter.dropout},
          {"targets", o.targets},
          {"rslora", o.adapter.rank_stabilised},
          {"dora", o.adapter.magnitudes},
          {"lora_plus", t.lora_plus},
          {"init", o.init},
          {"save_modules", o.save_modules},
          {"ensure_weight_tying", o.adapter.tie_saved},
          {"epochs", t.epochs},
          {"lr", t.learning_rate},
          {"schedule", o.schedule},
          {"warmup", t.warmup},
          {"weight_decay", t.weight_decay},
          {"clip", t.clip},
          {"batch_tokens", t.batch.batch_tokens},
          {"batch_tokens_automatic", o.batch_tokens == 0},
          {"micro_tokens", t.batch.micro_tokens},
          {"share", t.batch.share},
          {"checkpoint", t.checkpoint},
          {"seed", t.seed},
          {"eval_every", t.eval_every},
          {"save_every", t.save_every},
          {"patience", t.patience}};
}

// What extract reads beside the record, so that it can tell whether it is still the run's own.
nlohmann::json file_hashes(const std::filesystem::path& run) {
  nlohmann::json hashes = nlohmann::json::object();
  for (const char* name : {"labels.json", "answers.json", "types.json", "adapter_model.safetensors",
                           "adapter_config.json", "classifier.safetensors", "entities.safetensors",
                           "pairs.safetensors"}) {
    if (std::filesystem::exists(run / name)) hashes[name] = sha256_file(run / name);
  }
  return hashes;
}

// The SHA-256 of the weights that a finished run of --method full wrote, as a session has it.
std::string trained_hash(const std::filesystem::path& run, std::string_view status) {
  if (status != "done") return "";
  return arch::weights_hash(arch::ModelFiles::open(train::full_folder(run)));
}

std::string hash_of(const std::string& text) {
  return sha256(std::as_bytes(std::span(text))).substr(0, 12);
}

std::string dev_hash(const FinetuneParts& parts) {
  std::string text;
  if (parts.data.entities) text = entity_dev_hash(*parts.data.entities);
  if (parts.rows.dev.empty()) return text;
  for (size_t i = 0; i < parts.rows.dev.size(); ++i) {
    text += parts.rows.dev[i].prompt + '\n' + *parts.data.dev.examples[i].label + '\n';
  }
  return text.empty() ? "" : hash_of(text);
}

// As versions had it that drew from all rows alike, and what is added since.
std::string holdout_text(const FinetuneOptions& o) {
  if (!o.holdout) return "";
  return fmt::format("{} (--seed {}{})", o.holdout, o.training.seed,
                     holdout_by(o) == kHoldoutRegardless ? "" : ", by label");
}

// What decides which rows count how much; nothing where all do alike.
nlohmann::json balance(const FinetuneParts& parts) {
  const FinetuneOptions& o = parts.options;
  nlohmann::json record = nlohmann::json::object();
  if (o.negatives) {
    record["negatives"] = *o.negatives;
    record["negatives_label"] = thinned_label(o, parts.data.train.labels);
    const train::Thinning& thinned = parts.rows.thinned;
    record["negatives_per_epoch"] = thinned.rows.empty() ? nlohmann::json()
                                                         : nlohmann::json(thinned.kept);
  }
  if (!o.label_weights.empty()) {
    record["label_weights"] = o.label_weights;
    record["label_weights_used"] = parts.rows.weights;
  }
  if (o.fold) {
    record["fold"] = o.fold->number + 1;
    record["folds"] = o.fold->count;
    record["test_examples"] = parts.rows.test.size();
  }
  return record;
}

}  // namespace

nlohmann::json finetune_record(const FinetuneParts& parts, const char* status,
                               const train::TrainResult& r, const Host& host) {
  const engine::Session& session = parts.session;
  const double seconds = std::max(1e-9, r.seconds);
  nlohmann::json record{
      {"status", status},
      {"version", RELATUM_VERSION},
      {"format_version", kRunVersion},
      {"time", utc_now()},
      {"command", host.command},
      {"method", method_name(parts.options, session)},
      {"model", parts.options.model.model},
      {"models", parts.options.model.models},
      {"model_path", absolute(session.model().info().path)},
      {"base", session.base()},
      {"base_hash", session.weights_hash()},
      {"base_network", session.settings()},
      {"files", file_hashes(parts.options.out)},
      {"tokenizer_hash", session.tokenizer_hash()},
      {"completion_blanks", kCompletionBlanks},
      {"chat_hash", parts.options.chat ? text::chat_hash(session.tokenizer()) : ""},
      {"compute", name_of(session.compute())},
      {"cpu", kernels::cpu_summary()},
      {"threads", thread_count()},
      {"examples", parts.rows.train.size()},
      {"label_examples", epoch_counts(parts.data, parts.rows)},
      {"dev_examples", parts.rows.dev_count()},
      {"left_out", parts.rows.left_out},
      {"dev_left_out", parts.rows.dev_left_out},
      {"steps", r.steps},
      {"epoch_steps", parts.plan.epoch_steps},
      {"tokens", r.tokens},
      {"seconds", r.seconds},
      {"tokens_per_s", double(r.tokens) / seconds},
      {"examples_per_s", double(r.examples) / seconds},
      {"peak_rss_bytes", peak_rss()},
      {"estimated_bytes", parts.plan.needs.memory_bytes},
      {"gemm_flops_per_s", parts.plan.gemm_rate},
      {"final_loss", r.last_loss}};
  record.update(settings(parts));
  record.update(balance(parts));
  if (learns_sentences(parts.options)) record["pairs"] = parts.options.pairs;
  record.update(classifier_record(parts.options, parts.renderer.style()));
  record.update(entity_record(parts));
  record.update(start_record(parts.options, session.weights_hash()));
  if (trains_all(parts.options)) {
    for (const char* key : {"rank", "alpha", "dropout", "targets", "rslora", "dora", "lora_plus",
                            "init", "save_modules", "ensure_weight_tying"}) {
      record.erase(key);
    }
    record["trained_hash"] = trained_hash(parts.options.out, status);
  }
  record["best_dev_f1"] = r.best_metric ? nlohmann::json(*r.best_metric) : nlohmann::json();
  record["best_step"] = r.best_step;
  return record;
}

void write_finetune_record(const FinetuneParts& parts, const char* status,
                           const train::TrainResult& result, const Host& host) {
  write_run(parts.options.out, finetune_record(parts, status, result, host));
}

std::vector<train::NamedValue> finetune_identity(const FinetuneParts& parts) {
  const FinetuneOptions& o = parts.options;
  const task::Labels& labels = parts.data.train.labels;
  std::vector<train::NamedValue> values{
      {"the base's SHA-256", parts.session.weights_hash()},
      {"--base", parts.session.base()},
      {"--compute", std::string(name_of(parts.session.compute()))},
      {"the prompt style's SHA-256", task::style_hash(parts.renderer.style())},
      {"--holdout", holdout_text(o)},
      {"--chat", o.chat ? "on" : "off"},
      {"the index's SHA-256", parts.rows.index_hash},
      {"--neighbours", o.index.empty() ? "" : std::to_string(o.neighbours)},
      {"the number of labels", std::to_string(labels.size())}};
  for (int64_t i = 0; i < labels.size(); ++i) {
    values.push_back({fmt::format("label {}", i + 1), labels.name(i)});
  }
  for (const auto& [key, value] : parts.session.settings()) {
    values.push_back({"the base's " + key, value, true});
  }
  values.push_back({"the tokenizer's SHA-256", parts.session.tokenizer_hash(), true});
  values.push_back({"the dev data's SHA-256", dev_hash(parts)});
  values.push_back({"--negative", o.negative.value_or("")});
  // Only where they are used: states of versions that did not know them stay what they are.
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) values.push_back({name, value});
  };
  add("the SHA-256 of --init-adapter", o.start_hash);
  add("--examples", o.index.empty() ? "" : random_identity(example_choice(o)));
  add("--label-list", o.label_list == task::kFullList ? "" : o.label_list);
  add("the labels' descriptions", task::descriptions_hash(labels));
  add("--pairs", learns_sentences(o) ? o.pairs : "");
  if (o.negatives) {
    add("--negatives", fmt::format("{} of '{}'", *o.negatives, thinned_label(o, labels)));
  }
  if (!parts.rows.weights.empty()) {
    add("--label-weights", io::dump_json(nlohmann::json(parts.rows.weights)));
  }
  if (o.fold) add("--folds", fmt::format("{} of {}", o.fold->number + 1, o.fold->count));
  if (const auto& classifier = parts.renderer.style().classifier) {
    add("the markers' tokens", fmt::format("{}", fmt::join(classifier->markers, " ")));
  }
  return values;
}

}  // namespace relatum::jobs
