// From documents to sets of them, from sets to answers.
#include "jobs/graph_reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/error.h"
#include "base/stopwatch.h"
#include "jobs/extract_blocks.h"

namespace relatum::jobs {
namespace {

// A finder's call has so many sentences, or so many documents, whichever comes first.
constexpr size_t kSentencesTogether = 32, kDocumentsTogether = 256;
// A set ends with so many questions: ten batches or so, of which the last is not full. Where hardly
// a pair is found, it ends with so many sentences or documents.
constexpr size_t kPairsTogether = 512, kMostSentences = 2000, kMostDocuments = 1000;

}  // namespace

GraphReading::GraphReading(GraphSetup& setup, const GraphIdentity& identity, Answerer& answerer,
                           graph::GraphStore& store, const Context& context)
    : setup_(setup), identity_(identity), answerer_(answerer), store_(store), context_(context),
      inner_(context), pairs_(setup.pairs),
      plain_(graph::rules_of(graph::DocumentForm::kText, setup.language)),
      markdown_(graph::rules_of(graph::DocumentForm::kMarkdown, setup.language)),
      pages_(graph::rules_of(graph::DocumentForm::kHtml, setup.language)) {
  inner_.progress = {};
  inner_.progress_over = {};
}

void GraphReading::run(graph::DocumentOptions options) {
  const Stopwatch watch;
  options.wanted = [&](const std::string& id, const std::string& sha256) {
    ids_.insert(id);
    return !store_.holds(id, sha256, identity_.adapter, identity_.settings);
  };
  counts_.documents = graph::read_documents(
      setup_.files, options, context_,
      [&](graph::SourceDocument&& document, uint64_t read) { take(std::move(document), read); });
  if (context_.stopping()) throw Stopped{};
  find_entities();
  answer();
  counts_.too_long = answerer_.counts().too_long;
  counts_.pairs = pairs_.counts();
  counts_.pairs.asked -= counts_.too_long;
  counts_.first_too_long = answerer_.counts().first_too_long;
  counts_.seconds = watch.seconds();
}

void GraphReading::take(graph::SourceDocument&& document, uint64_t bytes_read) {
  if (context_.stopping()) throw Stopped{};
  const graph::SentenceSplitter& splitter = document.form == graph::DocumentForm::kMarkdown
                                                ? markdown_
                                            : document.form == graph::DocumentForm::kHtml ? pages_
                                                                                          : plain_;
  std::vector<graph::Stretch> sentences = splitter.split(document.text);
  waiting_sentences_ += sentences.size();
  waiting_.push_back({std::move(document), std::move(sentences)});
  bytes_read_ = bytes_read;
  report(0);
  if (waiting_sentences_ < kSentencesTogether && waiting_.size() < kDocumentsTogether) return;
  find_entities();
  const bool full = asked_.size() >= kPairsTogether || set_sentences_ >= kMostSentences ||
                    set_.size() >= kMostDocuments;
  if (full) answer();
}

// Of the documents that wait, which then belong to the set.
void GraphReading::find_entities() {
  std::vector<graph::DocumentView> views;
  for (const Waiting& each : waiting_) {
    views.push_back({each.source.id, each.source.text, each.sentences, each.source.entities});
  }
  std::vector<graph::Mentions> found = setup_.finder->find(views, inner_);
  if (found.size() < waiting_.size()) throw Stopped{};
  for (size_t i = 0; i < waiting_.size(); ++i) {
    auto& [source, sentences] = waiting_[i];
    graph::DocumentResult result;
    result.id = std::move(source.id);
    result.source = std::move(source.source);
    result.sha256 = std::move(source.sha256);
    result.text = std::move(source.text);
    result.sentences = std::move(sentences);
    result.mentions = std::move(found[i]);
    result.adapter = identity_.adapter;
    result.settings = identity_.settings;
    pairs_.add(result, set_.size(), asked_);
    set_sentences_ += result.sentences.size();
    counts_.mentions += int64_t(result.mentions.size());
    set_.push_back(std::make_unique<OpenDocument>(std::move(result)));
  }
  waiting_.clear();
  waiting_sentences_ = 0;
}

// The set's questions, block by block; then it is kept, whole.
void GraphReading::answer() {
  if (set_.empty()) return;
  for (size_t begin = 0; begin < asked_.size(); begin += kExtractBlock) {
    const size_t count = std::min(kExtractBlock, asked_.size() - begin);
    answer_block(std::span(asked_).subspan(begin, count), begin);
  }
  std::vector<graph::DocumentResult> results;
  for (const auto& each : set_) {
    counts_.candidates += int64_t(each->result.edges.size());
    results.push_back(std::move(each->result));
  }
  store_.put(results);
  counts_.kept += int64_t(results.size());
  counts_.sentences += int64_t(set_sentences_);
  set_.clear();
  asked_.clear();
  set_sentences_ = 0;
  bytes_before_ = bytes_read_;
}

// `before`: questions of the set that are answered already.
void GraphReading::answer_block(std::span<const AskedPair> pairs, size_t before) {
  std::vector<task::Example> examples;
  for (const AskedPair& each : pairs) {
    examples.push_back(pairs_.example(*set_[each.document], each));
  }
  size_t next = 0;
  answerer_.answer(
      {examples, 0},
      [&](std::vector<task::Prediction>&& predictions) {
    for (const task::Prediction& prediction : predictions) {
      const AskedPair& pair = pairs[next++];
      pairs_.add_edges(pair, prediction, set_[pair.document]->result);
    }
    report(double(before + next) / double(asked_.size()));
      },
      inner_);
  if (next < pairs.size()) throw Stopped{};
}

// By bytes, as nobody knows how many sentences there are; a set's are read before it is answered.
void GraphReading::report(double of_set) const {
  const double done = double(bytes_before_) + of_set * double(bytes_read_ - bytes_before_);
  const bool large = setup_.files.bytes >= 10'000'000;
  const double unit = large ? 1e6 : 1e3;
  context_.report({"reading documents", done / unit, double(setup_.files.bytes) / unit,
                   large ? "MB" : "kB",
                   fmt::format("{}, {}", counted(counts_.kept, "document"),
                               counted(pairs_.counts().asked, "pair"))});
}

}  // namespace relatum::jobs
