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
#include "graph/sentences.h"
#include "io/json.h"
#include "jobs/entity_model.h"
#include "jobs/extract_blocks.h"
#include "jobs/process_facts.h"
#include "jobs/while_input_waits.h"
#include "kernels/cpu.h"
#include "task/json_document.h"

namespace relatum::jobs {
namespace {

void check_options(const ExtractOptions& o) {
  const std::pair<bool, const char*> unknown[] = {
      {!o.prompt.empty(), "--prompt"},
      {!o.index.empty(), "--index"},
      {o.chat, "--chat"},
      {o.answer != "scored", "--answer"},
      {o.negligible > 0, "--negligible"},
      {o.scores, "--scores"},
      {o.skip_negative, "--skip-negative"},
      {o.negative.has_value(), "--negative"},
      {o.constrain_types, "--constrain-types"},
      {!o.types.empty(), "--types"},
      {!o.threshold.empty(), "--threshold"},
      {o.multi_label, "--multi-label"},
      {!o.calibration.empty(), "--calibration"},
      {!o.data.labels.empty(), "--labels"},
      {!o.data.relabel.empty(), "--relabel"},
      {!o.format.empty() && o.format != "jsonl", "--format (other than jsonl)"},
      {o.resume, "--resume"}};
  for (const auto& [given, flag] : unknown) {
    if (!given) continue;
    fail("jobs.extract", fmt::format("{} is a run that finds entities, and {} is for relations. "
                                     "Leave it out.",
                                     o.adapter, flag));
  }
}

// A document as its line; ids count from T1.
std::string line_of(const task::Document& document, const std::vector<FoundEntity>& found,
                    const RunEntities& form, double least) {
  nlohmann::ordered_json entities = nlohmann::ordered_json::array();
  for (const FoundEntity& each : found) {
    if (each.probability < least) continue;
    entities.push_back({{"id", fmt::format("T{}", entities.size() + 1)},
                        {"start", each.span.start},
                        {"end", each.span.end},
                        {"type", form.types[size_t(each.type)]},
                        {"probability", each.probability}});
  }
  return task::json_line({{"id", document.id},
                          {"text", document.text},
                          {"entities", std::move(entities)},
                          {"relations", nlohmann::ordered_json::array()}});
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
  Blocks(const ExtractOptions& options, const EntityModel& model, Output& output, const Host& host)
      : options_(options), model_(model), output_(output), context_(host.context) {}

  void add(task::Document&& document) {
    bytes_ += document.text.size();
    waiting_.push_back(std::move(document));
    if (waiting_.size() >= kMostDocuments || bytes_ >= kMostBytes) answer();
  }

  void answer() {
    if (waiting_.empty()) return;
    std::vector<TextRuns> texts;
    for (const task::Document& document : waiting_) {
      texts.push_back({document.text, word_runs(document.text, splitter_.split(document.text))});
    }
    const auto found = model_.search().find(texts, context_);
    std::string lines;
    for (size_t i = 0; i < found.size(); ++i) {
      lines += line_of(waiting_[i], found[i], model_.form(), options_.min_probability);
      entities += int64_t(found[i].size());
    }
    output_.write(lines);
    documents += int64_t(found.size());
    context_.report({"answering", double(documents), double(total), "documents", ""});
    const bool stopped = found.size() < waiting_.size();
    waiting_.clear();
    bytes_ = 0;
    if (stopped || context_.stopping()) throw Stopped{};
  }

  int64_t documents = 0, entities = 0, total = 0;

 private:
  static constexpr size_t kMostDocuments = 64, kMostBytes = size_t{1} << 18;
  const ExtractOptions& options_;
  const EntityModel& model_;
  Output& output_;
  const Context& context_;
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
          {"seconds", seconds},
          {"documents_per_s", double(blocks.documents) / std::max(1e-9, seconds)},
          {"peak_rss_bytes", peak_rss()}};
}

}  // namespace

ExtractResult extract_entities(const ExtractOptions& options, const Host& host) {
  const Context& context = host.context;
  check_options(options);
  const ExtractSetup setup = settle_entities(options, host);
  const NamedSetup named{"", options, setup};
  check_extract_output(options, {&named, 1}, host);
  task::LoadOptions load = options.data.options(true, host);
  load.keep_unknown_labels = true;
  ExtractResult result;
  int64_t total = 0;
  try {
    total = look_through(options, load, host);
  } catch (const Stopped&) {
    context.info("interrupted; nothing was written.");
    return result;
  }
  const EntityModel model(options, setup, host);
  Output output(options, host);
  Blocks blocks(options, model, output, host);
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
  context.info(fmt::format("{} found in {} in {} ({:.1f} documents a second), written to {}",
                           counted(blocks.entities, "entity", "entities"),
                           counted(blocks.documents, "document"), duration_text(watch.seconds()),
                           double(blocks.documents) / std::max(1e-9, watch.seconds()),
                           options.out == "-" ? "standard output" : options.out));
  return result;
}

}  // namespace relatum::jobs
