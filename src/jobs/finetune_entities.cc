// Options, rows, sizes and figures of a run that finds entities.
#include "jobs/finetune_entities.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "base/hash.h"
#include "graph/document_result.h"
#include "jobs/finetune_classifier.h"
#include "jobs/finetune_method.h"
#include "jobs/finetune_pairs.h"

namespace relatum::jobs {
namespace {

// Rows of one data set that are longer than the context, as in finetune_rows.cc.
void tell_long(const FinetuneData& data, int64_t left_out, int64_t context,
               const std::string& first, const Context& host) {
  if (!left_out) return;
  host.warn(
      fmt::format("{}: {} longer than the model's context of {} tokens {} left out, such as "
                  "one of {}.",
                  data.train.name, counted(left_out, "sentence"), context,
                  left_out == 1 ? "is" : "are", first));
}

train::TrainRow row_of(const engine::Session& session, const EntityDocument& document,
                       const EntityText& text) {
  engine::SpanText read = span_text(session, document.text, text.words);
  train::TrainRow row;
  row.tokens = std::move(read.tokens);
  row.words = std::move(read.words);
  for (const WordEntity& entity : text.entities) {
    row.spans.push_back({entity.first, entity.last, entity.type + 1});
  }
  return row;
}

}  // namespace

bool finds_entities(const FinetuneOptions& options) { return options.task == "entities"; }

bool reads_states(const FinetuneOptions& options) {
  return classifies(options) || finds_entities(options);
}

void check_entities(const FinetuneOptions& o) {
  const std::pair<bool, const char*> unknown[] = {{classifies(o), "--head classifier"},
                                                  {!o.prompt.empty(), "--prompt"},
                                                  {!o.index.empty(), "--index"},
                                                  {o.chat, "--chat"},
                                                  {lists_anew(o), "--label-list"},
                                                  {!o.save_modules.empty(), "--save-modules"},
                                                  {o.negative.has_value(), "--negative"},
                                                  {o.negatives.has_value(), "--negatives"},
                                                  {!o.label_weights.empty(), "--label-weights"},
                                                  {o.multi_label, "--multi-label"},
                                                  {!o.data.relabel.empty(), "--relabel"},
                                                  {!o.data.labels.empty(), "--labels"},
                                                  {o.folds > 0, "--folds"}};
  for (const auto& [given, flag] : unknown) {
    if (!given) continue;
    fail("jobs.finetune", fmt::format("{} is for relations, and --task entities learns to find "
                                      "entities alone. Leave one of them out.",
                                      flag));
  }
}

FinetuneData load_entities(const FinetuneOptions& options, const Host& host) {
  FinetuneData data;
  data.entities = load_entity_data(
      {options.train, options.dev, options.holdout, options.training.seed}, options.data, host);
  data.train.name = options.train;
  data.train.file = data.entities->train_data.file;
  data.train.labels = data.entities->types;
  data.train.open_labels = true;
  data.dev.labels = data.train.labels;
  return data;
}

void add_entity_rows(const FinetuneOptions& options, const FinetuneData& data,
                     const engine::Session& session, SentenceGroups* groups, FinetuneRows& rows,
                     const Context& context) {
  const int64_t most = session.model().info().context;
  std::string first;
  int64_t left_out = 0;
  for (const EntityDocument& document : data.entities->train) {
    const std::string name = fmt::format("document '{}' ({})", document.id, document.place);
    const CodePoints points(document.text);
    for (const EntityText& text : document.texts) {
      train::TrainRow row = row_of(session, document, text);
      const task::Piece& sentence = text.sentence;
      if (groups) row.group = groups->of(document.id, points.slice(sentence.start, sentence.end));
      const auto tokens = int64_t(row.tokens.size());
      if (tokens <= most) {
        rows.places.push_back("a sentence of " + name);
        rows.train.push_back(std::move(row));
        continue;
      }
      if (!options.data.skip_bad_rows) {
        fail("jobs.finetune",
             fmt::format("a sentence of {} takes {} tokens{}, the model's context is {}. Leave "
                         "such sentences out with --skip-bad-rows.",
                         name, tokens, session.model().info().causal ? ", as it is read twice" : "",
                         most));
      }
      if (++left_out == 1) first = name;
    }
  }
  tell_long(data, left_out, most, first, context);
  rows.left_out += left_out;
  if (rows.train.empty()) {
    fail("jobs.finetune",
         fmt::format("{}: no sentence with a word is left to train on.", data.train.name));
  }
  rows.widest = data.entities->widest();
  rows.dev_documents = int64_t(data.entities->dev.size());
}

namespace {

// Of no entity and of each type among the spans of the training texts; each counts once more than
// it is there, so that none has a share of 0.
std::vector<double> class_shares(const EntityData& data) {
  const auto classes = size_t(1 + data.types.size());
  std::vector<double> counts(classes, 1);
  double spans = double(classes);
  for (const EntityDocument& document : data.train) {
    for (const EntityText& text : document.texts) {
      spans += double(nn::count_spans(int64_t(text.words.size()), data.widest()));
      for (const WordEntity& entity : text.entities) ++counts[size_t(1 + entity.type)];
    }
  }
  counts[0] = spans;
  for (size_t i = 1; i < classes; ++i) counts[0] -= counts[i];
  for (double& count : counts) count /= spans;
  return counts;
}

}  // namespace

train::SpanForm span_form(const FinetuneOptions& options, const engine::Session& session,
                          const FinetuneData& all) {
  const EntityData& data = *all.entities;
  train::SpanForm form;
  form.classes = 1 + data.types.size();
  form.width = session.model().info().width;
  form.widest = data.widest();
  form.lengths = data.longest;
  form.dropout = options.head_dropout;
  // Decoders have none of their own.
  form.own_dropout = session.model().info().causal ? 0 : options.hidden_dropout;
  form.rate = options.head_learning_rate.value_or(train::kHeadRate) / learning_rate(options);
  form.shares = class_shares(data);
  form.joint = learns_both(options) && !reads_pairs(options);
  if (reads_pairs(options)) form.pairs = pair_form(session, all);
  return form;
}

std::map<std::string, int64_t> entity_counts(const EntityData& data) {
  std::map<std::string, int64_t> counts;
  for (const EntityDocument& document : data.train) {
    for (const EntityText& text : document.texts) {
      for (const WordEntity& entity : text.entities) ++counts[data.types.name(entity.type)];
    }
  }
  return counts;
}

std::string entity_dev_hash(const EntityData& data) {
  std::string text;
  for (const EntityDocument& document : data.dev) {
    text += document.text + '\n';
    for (const MarkedEntity& each : document.marked) {
      text += fmt::format("{} {} {}\n", each.span.start, each.span.end, each.type);
    }
  }
  return text.empty() ? "" : sha256(std::as_bytes(std::span(text))).substr(0, 12);
}

nlohmann::json entity_record(const FinetuneParts& parts) {
  const FinetuneOptions& o = parts.options;
  if (!parts.data.entities) return nlohmann::json::object();
  const train::SpanForm& form = parts.trained.spans()->form;
  return {{"task", o.task},
          {"entities",
           {{"types", parts.data.entities->types.names()},
            {"widest", form.widest},
            {"lengths", form.lengths},
            {"hidden", form.hidden},
            {"overlap", parts.data.entities->overlap},
            {"pair_hidden", form.pairs.labels ? form.pairs.hidden : 0}}},
          {"head_lr", o.head_learning_rate.value_or(train::kHeadRate)},
          {"head_dropout", o.head_dropout},
          {"hidden_dropout", o.hidden_dropout}};
}

std::optional<EntityScores> judge_entities(const FinetuneParts& parts, engine::Worker& worker,
                                           const Context& context) {
  const EntityData& data = *parts.data.entities;
  const EntitySearch search{worker, parts.trained.spans()->head, data.overlap};
  std::vector<std::vector<FoundEntity>> found;
  for (size_t begin = 0; begin < data.dev.size() && !context.stopping();) {
    constexpr size_t kAtOnce = 64;  // documents; what is kept of them meanwhile is small
    const size_t end = std::min(data.dev.size(), begin + kAtOnce);
    std::vector<TextRuns> documents;
    for (size_t i = begin; i < end; ++i) {
      documents.push_back({data.dev[i].text, {}});
      for (const EntityText& text : data.dev[i].texts) documents.back().runs.push_back(text.words);
    }
    for (auto& each : search.find(documents, context)) found.push_back(std::move(each));
    begin = end;
    context.report({"judging", double(end), double(data.dev.size()), "documents", ""});
  }
  if (context.stopping()) return std::nullopt;
  return score_entities(data.dev, found);
}

}  // namespace relatum::jobs
