// Options, style and sizes of a classifier.
#include "jobs/finetune_classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "arch/family.h"
#include "base/error.h"
#include "jobs/choices.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_joint.h"
#include "jobs/finetune_method.h"
#include "jobs/finetune_pairs.h"
#include "jobs/style_choice.h"

namespace relatum::jobs {
namespace {

[[noreturn]] void refuse(const std::string& sentence) { fail("jobs.finetune", sentence); }

// Whether its markers are tokens of their own.
bool own_markers(bool full, const engine::Session& session) {
  return full && !session.model().info().causal;
}

void check_head_numbers(const FinetuneOptions& o) {
  const std::pair<const char*, double> shares[] = {{"--head-dropout", o.head_dropout},
                                                   {"--hidden-dropout", o.hidden_dropout}};
  for (const auto& [flag, share] : shares) {
    if (share >= 0 && share < 1) continue;
    refuse(fmt::format("{} {} is out of range. Use at least 0 and less than 1.", flag, share));
  }
  const double rate = o.head_learning_rate.value_or(train::kHeadRate);
  if (!(std::isfinite(rate) && rate > 0)) {
    refuse(fmt::format("--head-lr {}: expected a finite number above 0.", rate));
  }
}

}  // namespace

bool classifies(const FinetuneOptions& options) { return options.head == "classifier"; }

void settle_classifier(FinetuneOptions& options, const std::filesystem::path& model) {
  if (!reads_states(options) && !learns_both(options)) return;
  const auto files = arch::ModelFiles::open(model);
  if (arch::family(files).causal) return;
  if (learns_both(options)) {
    if (!classifies(options) && options.words.contains("head")) {
      refuse(
          fmt::format("{} is an encoder and writes no text, so its joint runs have --head "
                      "classifier. Leave --head {} out, or use a language model.",
                      model.string(), options.head));
    }
    options.head = "classifier";
  }
  if (!options.method_given && options.adapter_flags.empty()) options.method = "full";
}

void check_classifier(const FinetuneOptions& o) {
  check_pairs(o);
  if (finds_entities(o) || learns_both(o)) {
    learns_both(o) ? check_joint(o) : check_entities(o);
    return check_head_numbers(o);
  }
  if (!classifies(o)) {
    if (o.head_flags.empty()) return;
    refuse(fmt::format(
        "{} is for a classifier. Add --head classifier, or --task entities or joint, or "
        "leave it out.",
        o.head_flags[0]));
  }
  const std::pair<bool, const char*> unknown[] = {{!o.prompt.empty(), "--prompt"},
                                                  {!o.index.empty(), "--index"},
                                                  {o.chat, "--chat"},
                                                  {lists_anew(o), "--label-list"},
                                                  {!o.save_modules.empty(), "--save-modules"},
                                                  {!o.init_adapter.empty(), "--init-adapter"}};
  for (const auto& [given, flag] : unknown) {
    if (!given) continue;
    refuse(
        fmt::format("{} is for models that answer in words, and --head classifier reads the "
                    "sentence with its two entities marked. Leave one of them out.",
                    flag));
  }
  check_head_numbers(o);
}

std::unique_ptr<engine::Session> open_classified_model(const std::filesystem::path& path,
                                                       const engine::SessionOptions& options) {
  auto session = std::make_unique<engine::Session>(path, options);
  if (session->model().info().encoder_layers == 0) return session;
  refuse(
      fmt::format("{} has an encoder and a decoder, and a classifier reads the states of one. Use "
                  "an encoder, such as all-minilm-l6-v2, or a language model without one.",
                  path.string()));
}

std::unique_ptr<engine::Session> open_trained_model(const FinetuneOptions& options,
                                                    const std::filesystem::path& path,
                                                    const engine::SessionOptions& session) {
  if (reads_states(options)) return open_classified_model(path, session);
  auto opened = std::make_unique<engine::Session>(path, session);
  const arch::ModelInfo& info = opened->model().info();
  if (learns_both(options) && (!opened->model().head() || info.encoder_layers > 0)) {
    refuse(fmt::format(
        "{} is {}, and --task joint needs a language model of one stack, which reads "
        "sentences and names relations. Use such a model, or teach --task entities and "
        "relations apart.",
        path.string(), info.encoder_layers > 0 ? "an encoder with a decoder" : "an encoder"));
  }
  if (opened->model().head()) return opened;
  refuse(
      fmt::format("{} is an encoder and writes no text. Use --head classifier, or a language "
                  "model.",
                  path.string()));
}

task::PromptStyle classifier_style_of(const FinetuneOptions& options,
                                      const engine::Session& session, const task::Labels& labels) {
  task::MarkerTokens markers{};
  if (own_markers(trains_all(options), session)) {
    const auto first = int32_t(session.model().info().vocabulary);
    for (size_t i = 0; i < markers.size(); ++i) markers[i] = first + int32_t(i);
  } else {
    markers = task::symbol_tokens(session.tokenizer());
  }
  return task::classifier_style({markers, {}, labels.names()});
}

task::PromptStyle training_style(const FinetuneOptions& options, const engine::Session& session,
                                 const task::Labels& labels,
                                 const std::vector<std::string>& types) {
  if (reads_pairs(options)) return pair_style_of(labels, types);
  if (classifies(options)) return classifier_style_of(options, session, labels);
  if (finds_entities(options)) return task::text_style();
  task::PromptStyle style = style_for(options.prompt, session.model().info());
  if (lists_anew(options) && !style.uses_labels()) {
    refuse(
        fmt::format("--label-list {}: the prompt style {} lists no labels. Use one that does, such "
                    "as roles, or leave --label-list out.",
                    options.label_list, style.name));
  }
  return style;
}

task::PromptStyle classifier_style_of(const RunInfo& run, const task::Labels& labels) {
  if (reads_pairs(run)) return pair_style_of(labels, run.entities->types);
  task::MarkerTokens markers{};
  RELATUM_CHECK(run.marker_tokens.size() == markers.size());
  for (size_t i = 0; i < markers.size(); ++i) markers[i] = int32_t(run.marker_tokens[i]);
  return task::classifier_style({markers, {}, labels.names()});
}

train::ClassifierForm classifier_form(const FinetuneOptions& options,
                                      const engine::Session& session, int64_t labels) {
  train::ClassifierForm form;
  form.labels = labels;
  form.inputs = 2 * session.model().info().width;
  form.dropout = options.head_dropout;
  // Decoders have none of their own.
  form.own_dropout = session.model().info().causal ? 0 : options.hidden_dropout;
  form.rate = options.head_learning_rate.value_or(train::kHeadRate) / learning_rate(options);
  return form;
}

train::FullExtras classifier_extras(const train::ClassifierForm& form,
                                    const engine::Session& session) {
  train::FullExtras extras{form.size()};
  if (!own_markers(true, session)) return extras;
  const task::MarkerTokens symbols = task::tokens_like_symbols(session.tokenizer());
  extras.words_like.assign(symbols.begin(), symbols.end());
  return extras;
}

nlohmann::json classifier_record(const FinetuneOptions& o, const task::PromptStyle& style) {
  if (!classifies(o)) return nlohmann::json::object();
  if (reads_pairs(o)) return {{"head", o.head}};
  return {{"head", o.head},
          {"marker_tokens", style.classifier->markers},
          {"head_lr", o.head_learning_rate.value_or(train::kHeadRate)},
          {"head_dropout", o.head_dropout},
          {"hidden_dropout", o.hidden_dropout}};
}

}  // namespace relatum::jobs
