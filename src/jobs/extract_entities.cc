// Blocks of documents, answered and written in turn.
#include "jobs/extract_entities.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/atomic_file.h"
#include "base/code_points.h"
#include "base/counted.h"
#include "base/error.h"
#include "graph/entity_finder.h"
#include "graph/sentences.h"
#include "io/json.h"
#include "jobs/answer_rule.h"
#include "jobs/entity_model.h"
#include "jobs/extract_blocks.h"
#include "jobs/extract_record.h"
#include "jobs/extract_task.h"
#include "jobs/joint_pairs.h"
#include "jobs/joint_relations.h"
#include "jobs/process_facts.h"
#include "jobs/while_input_waits.h"
#include "task/json_document.h"

namespace relatum::jobs {
namespace {

// The entities of a line, and their ids in the order of the mentions.
struct Entities {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::vector<std::string> ids;
};

// Found ones: ids count from T1.
Entities found_entities(const graph::Mentions& mentions) {
  Entities found;
  for (const graph::Mention& each : mentions) {
    found.ids.push_back(fmt::format("T{}", found.ids.size() + 1));
    found.list.push_back({{"id", found.ids.back()},
                          {"start", each.span.start},
                          {"end", each.span.end},
                          {"type", each.type},
                          {"probability", each.probability}});
  }
  return found;
}

// Given ones as they were; `places`: of each mention the place of its entity.
Entities given_entities(const task::Document& document, const std::vector<size_t>& places) {
  Entities given{task::entities_json(document), {}};
  for (const size_t each : places) given.ids.push_back(document.entities[each].id);
  return given;
}

// A document as its line.
std::string line_of(const task::Document& document, Entities&& entities,
                    const std::vector<FoundRelation>& related) {
  nlohmann::ordered_json relations = nlohmann::ordered_json::array();
  for (const FoundRelation& each : related) {
    relations.push_back({{"head", entities.ids[each.head]},
                         {"tail", entities.ids[each.tail]},
                         {"label", each.label}});
    if (each.probability) relations.back()["probability"] = *each.probability;
  }
  return task::json_line({{"id", document.id},
                          {"text", document.text},
                          {"entities", std::move(entities.list)},
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
  // `finding`: nullptr where documents list their entities; `asking`: nullptr where entities are
  // all that is asked for.
  Blocks(const ExtractOptions& options, const EntityModel* finding, JointRelations* asking,
         Output& output, const Context& context)
      : options_(options), model_(finding), relations_(asking), output_(output), context_(context),
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
    std::vector<Entities> lists;
    for (size_t i = 0; i < all.size(); ++i) {
      lists.push_back(options_.given_entities ? given_entities(waiting_[i], places_[i])
                                              : found_entities(all[i].mentions));
      entities += int64_t(all[i].mentions.size());
    }
    std::vector<std::vector<FoundRelation>> related(all.size());
    if (relations_) related = relations_->find(all, inner_);
    std::string lines;
    for (size_t i = 0; i < all.size(); ++i) {
      lines += line_of(waiting_[i], std::move(lists[i]), related[i]);
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
    const auto entities_of = model_->search().find(texts, context_);
    all.resize(entities_of.size());
    for (size_t i = 0; i < all.size(); ++i) {
      const CodePoints points(all[i].text);
      for (const FoundEntity& each : entities_of[i]) {
        if (each.probability < options_.min_probability) continue;
        all[i].mentions.push_back({each.span, model_->form().types[size_t(each.type)],
                                   each.probability,
                                   std::string(points.slice(each.span.start, each.span.end))});
      }
    }
    return all;
  }

  // As they are marked.
  std::vector<FoundDocument> given() {
    std::vector<FoundDocument> all;
    places_.clear();
    for (const task::Document& document : waiting_) {
      MarkedDocument marked = marked_document(document, splitter_);
      places_.push_back(std::move(marked.entities));
      all.push_back({document.id, document.text, std::move(marked.result.sentences),
                     std::move(marked.result.mentions)});
    }
    return all;
  }

  static constexpr size_t kMostDocuments = 64, kMostBytes = size_t{1} << 18;
  const ExtractOptions& options_;
  const EntityModel* model_;
  JointRelations* relations_;
  Output& output_;
  const Context& context_;
  Context inner_;  // the same without progress, which is that of documents
  graph::SentenceSplitter splitter_{graph::SentenceRules{}};
  std::vector<task::Document> waiting_;
  std::vector<std::vector<size_t>> places_;  // of given entities, by their mentions
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

// What answers: a run that finds entities, one that names relations, or both, perhaps in one.
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
    if (!options.entities.empty()) {
      const ExtractOptions finding = finding_options(options);
      model.emplace(finding, settle_entities(finding, host), host);
    } else if (setup.run->entities) {
      model.emplace(options, *setup.run, answerer->session(), answerer->adapter());
    }
  }

  const engine::Session& session() const {
    return answerer ? answerer->session() : model->session();
  }
};

nlohmann::json record_of(const ExtractOptions& o, const Opened& opened, const Blocks& blocks,
                         double seconds, const Host& host) {
  const engine::Session& session = opened.session();
  nlohmann::json record = session_record(session, host);
  record.update({{"adapter", o.adapter},
                 {"entities_run", o.entities},
                 {"model_path", session.model().info().path},
                 {"data", o.input},
                 {"batch_tokens", o.batch_tokens},
                 {"min_probability", o.min_probability},
                 {"given_entities", o.given_entities},
                 {"identity", opened.model ? opened.model->identity() : ""},
                 {"documents", blocks.documents},
                 {"entities", blocks.entities},
                 {"relations", blocks.relations},
                 {"seconds", seconds},
                 {"documents_per_s", double(blocks.documents) / std::max(1e-9, seconds)},
                 {"peak_rss_bytes", peak_rss()}});
  if (o.entity_threshold) record["entity_threshold"] = *o.entity_threshold;
  if (!o.entity_types.empty()) record["entity_types"] = o.entity_types;
  if (!opened.answerer) return record;
  const NamedSetup& asking = opened.answerer->setups()[0];
  record["answer"] = o.answer;
  record["negligible"] = o.negligible;
  record["types"] = o.types;
  record["adapter_hash"] = adapter_hash(o.adapter, asking.setup.run);
  record["labels"] = opened.answerer->renderer().labels().names();
  record.update(rule_record(opened.answerer->rule(), asking.setup));
  return record;
}

// What was not asked, as `graph` tells it.
void tell_left_out(const JointRelations& relations, const Context& context) {
  tell_beyond(relations.pairs(), context);
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

ExtractResult extract_entities(const ExtractOptions& given, const Host& host) {
  const Context& context = host.context;
  const bool both = extract_task(given) == "joint";
  check_document_options(given, both);
  if (both) check_answer_rule(given);
  ExtractOptions options = given;
  if (both) options.data.skip_bad_rows = true;  // a pair that is too long for the model is left out
  const ExtractSetup setup = both ? settle_extract(options, host) : settle_entities(options, host);
  if (both) check_document_run(options, setup);
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
  if (both) tell_rules(*opened.answerer, context);
  if (both && !opened.relations->has_negative()) {
    context.warn(
        "none of the run's labels means that there is no relation, so every pair of entities is "
        "given the likeliest one (--negative names such a label).");
  }
  Output output(options, host);
  Blocks blocks(options, opened.model ? &*opened.model : nullptr,
                both ? &*opened.relations : nullptr, output, context);
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
               io::dump_json(record_of(options, opened, blocks, watch.seconds(), host), 2) + "\n");
  }
  output.commit();
  if (both) tell_left_out(*opened.relations, context);
  tell_found(options, blocks, both, watch.seconds(), context);
  return result;
}

}  // namespace relatum::jobs
