// Blocks of documents, answered and written in turn.
#include "jobs/extract_entities.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/atomic_file.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/parallel_for.h"
#include "graph/entity_finder.h"
#include "graph/sentences.h"
#include "io/json.h"
#include "jobs/entity_model.h"
#include "jobs/extract_blocks.h"
#include "jobs/joint_relations.h"
#include "jobs/process_facts.h"
#include "jobs/while_input_waits.h"
#include "kernels/cpu.h"
#include "task/json_document.h"

namespace relatum::jobs {
namespace {

// What is for relations is refused where entities are all that is asked for; what is for rows of
// pairs always.
void check_options(const ExtractOptions& o, bool relations) {
  const std::pair<bool, const char*> of_relations[] = {
      {!o.prompt.empty(), "--prompt"},          {o.chat, "--chat"},
      {o.answer != "scored", "--answer"},       {o.negligible > 0, "--negligible"},
      {o.negative.has_value(), "--negative"},   {!o.types.empty(), "--types"},
      {!o.threshold.empty(), "--threshold"},    {o.multi_label, "--multi-label"},
      {!o.calibration.empty(), "--calibration"}};
  const std::pair<bool, const char*> of_rows[] = {
      {!o.index.empty(), "--index"},
      {o.scores, "--scores"},
      {o.skip_negative, "--skip-negative"},
      {o.constrain_types, "--constrain-types"},
      {!o.data.labels.empty(), "--labels"},
      {!o.data.relabel.empty(), "--relabel"},
      {extract_format(o) != task::PredictionFormat::kJsonl, "a table or triples (--format, --out)"},
      {o.resume, "--resume"}};
  if (o.given_entities && !relations) {
    fail("jobs.extract",
         "--given-entities leaves nothing to find for a run, or by a --task, that "
         "finds entities alone. Leave it out.");
  }
  for (const auto& [given, flag] : of_relations) {
    if (!given || relations) continue;
    fail("jobs.extract", fmt::format("{} is a run that finds entities, and {} is for relations. "
                                     "Leave it out.",
                                     o.adapter, flag));
  }
  for (const auto& [given, flag] : of_rows) {
    if (!given) continue;
    fail("jobs.extract", fmt::format("{} finds entities, and {} is for rows whose entities are "
                                     "marked. Leave it out{}.",
                                     o.adapter, flag,
                                     relations ? ", or answer such rows by --task relations" : ""));
  }
}

// A document as its line; ids count from T1.
std::string line_of(const task::Document& document, const graph::Mentions& mentions,
                    const std::vector<FoundRelation>& related) {
  nlohmann::ordered_json entities = nlohmann::ordered_json::array();
  for (const graph::Mention& each : mentions) {
    entities.push_back({{"id", fmt::format("T{}", entities.size() + 1)},
                        {"start", each.span.start},
                        {"end", each.span.end},
                        {"type", each.type},
                        {"probability", each.probability}});
  }
  nlohmann::ordered_json relations = nlohmann::ordered_json::array();
  for (const FoundRelation& each : related) {
    relations.push_back({{"head", fmt::format("T{}", each.head + 1)},
                         {"tail", fmt::format("T{}", each.tail + 1)},
                         {"label", each.label},
                         {"probability", each.probability}});
  }
  return task::json_line({{"id", document.id},
                          {"text", document.text},
                          {"entities", std::move(entities)},
                          {"relations", std::move(relations)}});
}

class Output {
 public:
  Output(const ExtractOptions& options, const Host& host) : host_(host) {
    if (options.out == "-" && !host.output) {
      fail("jobs.extract", "standard output is not available here. Name a file instead of '-'.");
    }
    if (options.out != "-") part_.emplace(options.out);
  }
  ~Output() {
    if (part_ && !whole_) part_->discard();
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(const std::string& text) {
    if (part_) part_->write(text);
    else host_.output(text);
  }
  void commit() {
    if (part_) part_->commit();
    whole_ = true;
  }

 private:
  const Host& host_;
  std::optional<PartFile> part_;
  bool whole_ = false;
};

// Documents that wait for their answers, and what is done with them.
class Blocks {
 public:
  // `asking`: nullptr where entities are all that is asked for.
  Blocks(const ExtractOptions& options, const EntityModel& model, JointRelations* asking,
         Output& output, const Context& context)
      : options_(options), model_(model), relations_(asking), output_(output), context_(context),
        inner_(context) {
    inner_.progress = {};
    inner_.progress_over = {};
  }

  void add(task::Document&& document) {
    bytes_ += document.text.size();
    waiting_.push_back(std::move(document));
    if (waiting_.size() >= kMostDocuments || bytes_ >= kMostBytes) answer();
  }

  void answer() {
    if (waiting_.empty()) return;
    std::vector<FoundDocument> all = options_.given_entities ? given() : found();
    std::vector<graph::Mentions> mentions;
    for (const FoundDocument& each : all) mentions.push_back(each.mentions);
    std::vector<std::vector<FoundRelation>> related(all.size());
    if (relations_) related = relations_->find(all, inner_);
    std::string lines;
    for (size_t i = 0; i < all.size(); ++i) {
      lines += line_of(waiting_[i], mentions[i], related[i]);
      entities += int64_t(mentions[i].size());
      relations += int64_t(related[i].size());
    }
    output_.write(lines);
    documents += int64_t(all.size());
    context_.report({"answering", double(documents), double(total), "documents", ""});
    const bool stopped = all.size() < waiting_.size();
    waiting_.clear();
    bytes_ = 0;
    if (stopped || context_.stopping()) throw Stopped{};
  }

  int64_t documents = 0, entities = 0, relations = 0, total = 0;

 private:
  // Fewer than wait where the context stopped.
  std::vector<FoundDocument> found() {
    std::vector<FoundDocument> all;
    std::vector<TextRuns> texts;
    for (const task::Document& document : waiting_) {
      all.push_back({document.id, document.text, splitter_.split(document.text), {}});
      texts.push_back({document.text, word_runs(document.text, all.back().sentences)});
    }
    const auto entities_of = model_.search().find(texts, context_);
    all.resize(entities_of.size());
    for (size_t i = 0; i < all.size(); ++i) {
      const graph::CodePoints points(all[i].text);
      for (const FoundEntity& each : entities_of[i]) {
        if (each.probability < options_.min_probability) continue;
        all[i].mentions.push_back({each.span, model_.form().types[size_t(each.type)],
                                   each.probability, std::string(points.slice(each.span))});
      }
    }
    return all;
  }

  // As they are marked, in the order of the text; no sentence ends within one, as in training.
  std::vector<FoundDocument> given() {
    std::vector<FoundDocument> all;
    for (const task::Document& document : waiting_) {
      const graph::CodePoints points(document.text);
      graph::Mentions mentions;
      for (const task::Entity& each : document.entities) {
        const task::Piece span{each.span.start, each.span.end};
        mentions.push_back({span, each.span.type.empty() ? kUntyped : each.span.type, 1,
                            std::string(points.slice(span))});
      }
      std::ranges::sort(mentions, graph::in_order);
      std::vector<task::Piece> spans;
      for (const graph::Mention& each : mentions) spans.push_back(each.span);
      all.push_back({document.id, document.text,
                     joined_across(splitter_.split(document.text), spans), std::move(mentions)});
    }
    return all;
  }

  static constexpr size_t kMostDocuments = 64, kMostBytes = size_t{1} << 18;
  const ExtractOptions& options_;
  const EntityModel& model_;
  JointRelations* relations_;
  Output& output_;
  const Context& context_;
  Context inner_;  // the same without progress, which is that of documents
  graph::SentenceSplitter splitter_{graph::SentenceRules{}};
  std::vector<task::Document> waiting_;
  size_t bytes_ = 0;
};

// A bad row at a file's end is told before a model is opened; gives how many documents there are.
int64_t look_through(const ExtractOptions& options, const task::LoadOptions& load,
                     const Host& host) {
  if (task::parse_spec(options.input).path == "-") return 0;
  const task::Dataset data = task::read_documents(task::parse_spec(options.input), load,
                                                  [&](auto&&) {
    if (host.context.stopping()) throw Stopped{};
  });
  tell_data(data, false, host.context);
  return data.count;
}

// Whether all documents were answered; what was answered is written, whatever comes.
bool answer_all(const ExtractOptions& options, const task::LoadOptions& load, Blocks& blocks,
                const Host& host) {
  try {
    const WhileInputWaits answering(host, [&] { blocks.answer(); });
    task::read_documents(task::parse_spec(options.input), load,
                         [&](task::Document&& document) { blocks.add(std::move(document)); });
    blocks.answer();
  } catch (const Stopped&) {
    host.context.end_progress();
    return false;
  }
  host.context.end_progress();
  return true;
}

nlohmann::json record_of(const ExtractOptions& o, const EntityModel& model, const Blocks& blocks,
                         double seconds, const Host& host) {
  return {{"version", RELATUM_VERSION},
          {"time", utc_now()},
          {"command", host.command},
          {"adapter", o.adapter},
          {"model_path", model.session().model().info().path},
          {"base", model.session().base()},
          {"base_hash", model.session().weights_hash()},
          {"compute", name_of(model.session().products())},
          {"cpu", kernels::cpu_summary()},
          {"threads", thread_count()},
          {"data", o.input},
          {"batch_tokens", o.batch_tokens},
          {"min_probability", o.min_probability},
          {"identity", model.identity()},
          {"documents", blocks.documents},
          {"entities", blocks.entities},
          {"relations", blocks.relations},
          {"seconds", seconds},
          {"documents_per_s", double(blocks.documents) / std::max(1e-9, seconds)},
          {"peak_rss_bytes", peak_rss()}};
}

// A run that finds entities, opened, and with it what names relations, where that is asked for.
struct Opened {
  std::optional<Answerer> answerer;
  std::optional<JointRelations> relations;
  std::optional<EntityModel> model;

  Opened(const ExtractOptions& options, const ExtractSetup& setup, bool both, const Host& host) {
    if (!both) {
      model.emplace(options, setup, host);
      return;
    }
    answerer.emplace(options, setup, setup.labels.value(), host);
    relations.emplace(options, setup, *answerer);
    model.emplace(options, *setup.run, answerer->session(), answerer->adapter());
  }
};

// What was not asked, as `graph` tells it.
void tell_left_out(const JointRelations& relations, const Context& context) {
  const GraphPairCounts& counts = relations.counts();
  if (counts.beyond) {
    context.warn(
        fmt::format("{} left out: a sentence's nearest {} pairs are asked. Cut long "
                    "sentences.",
                    counted(counts.beyond, "pair"), relations.most_pairs()));
  }
  if (relations.too_long()) {
    context.warn(fmt::format("{} left out, too long for the model's context.",
                             counted(relations.too_long(), "pair")));
  }
}

void tell_found(const ExtractOptions& options, const Blocks& blocks, bool both, double seconds,
                const Context& context) {
  const std::string relations = both ? " and " + counted(blocks.relations, "relation") : "";
  const std::string entities = counted(blocks.entities, "entity", "entities");
  context.info(fmt::format(
      "{} found in {} in {} ({:.1f} documents a second), written to {}",
      options.given_entities
          ? fmt::format("{} between {}", counted(blocks.relations, "relation"), entities)
          : entities + relations,
      counted(blocks.documents, "document"), duration_text(seconds),
      double(blocks.documents) / std::max(1e-9, seconds),
      options.out == "-" ? "standard output" : options.out));
}

}  // namespace

std::string extract_task(const ExtractOptions& o) {
  const std::optional<RunInfo> run = entity_run(o.adapter);
  const std::string learned = !run ? "relations" : run->joint ? "joint" : "entities";
  if (o.task.empty() || o.task == learned || learned == "joint") {
    return o.task.empty() ? learned : o.task;
  }
  fail("jobs.extract",
       fmt::format("--task {}: {} learned {}. Leave the option out, or use another adapter.",
                   o.task, o.adapter.empty() ? "the model" : o.adapter, learned));
}

ExtractResult extract_entities(const ExtractOptions& given, const Host& host) {
  const Context& context = host.context;
  const bool both = extract_task(given) == "joint";
  check_options(given, both);
  ExtractOptions options = given;
  if (both) options.data.skip_bad_rows = true;  // a pair that is too long for the model is left out
  const ExtractSetup setup = both ? settle_extract(options, host) : settle_entities(options, host);
  const NamedSetup named{"", options, setup};
  check_extract_output(options, {&named, 1}, host);
  task::LoadOptions load = given.data.options(true, host);
  load.keep_unknown_labels = true;
  load.texts = !options.given_entities;
  ExtractResult result;
  int64_t total = 0;
  try {
    total = look_through(options, load, host);
  } catch (const Stopped&) {
    context.info("interrupted; nothing was written.");
    return result;
  }
  Opened opened(options, setup, both, host);
  const EntityModel& model = *opened.model;
  Output output(options, host);
  Blocks blocks(options, model, both ? &*opened.relations : nullptr, output, context);
  blocks.total = total;
  const Stopwatch watch;
  result.finished = answer_all(options, load, blocks, host);
  result.progress.rows = blocks.documents;
  result.progress.seconds = watch.seconds();
  if (!result.finished) {
    context.info(fmt::format("interrupted after {}{}.", counted(blocks.documents, "document"),
                             options.out == "-" ? "" : "; nothing was kept"));
    return result;
  }
  if (options.out != "-") {
    write_file(options.out + ".run.json",
               io::dump_json(record_of(options, model, blocks, watch.seconds(), host), 2) + "\n");
  }
  output.commit();
  if (both) tell_left_out(*opened.relations, context);
  tell_found(options, blocks, both, watch.seconds(), context);
  return result;
}

}  // namespace relatum::jobs
