// Examples to places of words.
#include "jobs/finetune_pairs.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/code_points.h"
#include "base/counted.h"
#include "base/error.h"
#include "jobs/entity_texts.h"
#include "jobs/finetune_balance.h"
#include "jobs/finetune_classifier.h"

namespace relatum::jobs {
namespace {

// A text's words whatever their number; a text without one is a word.
task::ReadWords read_words(const engine::Session& session, std::string_view text) {
  const auto length = CodePoints(text).length();
  const task::Piece whole{0, length};
  WordRun words;
  for (const WordRun& run : word_runs(text, {&whole, 1})) {
    words.insert(words.end(), run.begin(), run.end());
  }
  if (words.empty()) words.push_back({0, length, 0, text.size()});
  task::ReadWords read{span_text(session, text, words), {}};
  for (const WordPlace& word : words) read.bytes.emplace_back(word.start_byte, word.end_byte);
  return read;
}

// The rows of each sentence, which is cut where it is long.
using RowsOfGroups = std::map<int64_t, std::vector<size_t>>;

// The row that holds both spans, and their places in it.
std::optional<std::pair<size_t, nn::PairPlace>> find_row(const FinetuneRows& rows,
                                                         const std::vector<size_t>& parts,
                                                         nn::PairPlace place) {
  for (const size_t part : parts) {
    const auto count = int32_t(rows.train[part].words.size());
    const int32_t first = std::min(place.head.first, place.tail.first);
    const int32_t last = std::max(place.head.last, place.tail.last);
    if (first >= 0 && last < count) return std::pair(part, place);
    for (int32_t* word :
         {&place.head.first, &place.head.last, &place.tail.first, &place.tail.last}) {
      *word -= count;
    }
  }
  return std::nullopt;
}

}  // namespace

bool reads_pairs(const FinetuneOptions& options) {
  return learns_both(options) && classifies(options);
}

task::PromptStyle pair_style_of(const task::Labels& labels, const std::vector<std::string>& types) {
  return task::pair_style(
      labels.names(), std::make_shared<task::PairReading>(task::PairReading{types, read_words}));
}

void add_pairs(const FinetuneOptions& options, const FinetuneData& data, const PairSource& source,
               FinetuneRows& rows, const Context& context) {
  const auto& [session, renderer, groups] = source;
  RowsOfGroups parts;
  for (size_t i = 0; i < rows.train.size(); ++i) parts[rows.train[i].group].push_back(i);
  FinetuneRows weighed;  // a row for each pair
  weighed.train.resize(data.train.examples.size());
  balance_rows(options, data, weighed, context);
  rows.weights = std::move(weighed.weights);
  const task::PairReading& reading = *renderer.style().classifier->pairs;
  std::string text;
  task::ReadWords words;
  int64_t learned = 0, left_out = 0;
  for (size_t i = 0; i < data.train.examples.size(); ++i) {
    const task::Example& example = data.train.examples[i];
    const task::ReadPair pair = task::read_pair(reading, renderer.render(example));
    if (text != pair.text || words.bytes.empty()) {
      text = pair.text;
      words = reading.read(session, text);
    }
    const auto sentence = parts.find(groups.of(example.document, example.text));
    const auto found = sentence == parts.end()
                           ? std::nullopt
                           : find_row(rows, sentence->second, pair.place(words));
    if (!found) {
      ++left_out;
      continue;
    }
    ++learned;
    rows.train[found->first].pairs.push_back(
        {found->second, int32_t(*renderer.labels().find(*example.label)), weighed.train[i].weight});
  }
  if (!learned) {
    fail("jobs.finetune",
         fmt::format("{}: no pair of entities is left to train on. Use shorter sentences, or "
                     "--task entities.",
                     data.train.name));
  }
  if (left_out) {
    context.warn(fmt::format("{}: {} not learned, as {} too long for one pass.", data.train.name,
                             left_out == 1 ? "a pair is" : counted(left_out, "pair") + " are",
                             left_out == 1 ? "its sentence is" : "their sentences are"));
  }
}

train::PairForm pair_form(const engine::Session& session, const FinetuneData& data) {
  const task::Labels& labels = data.train.labels;
  train::PairForm form;
  form.labels = labels.size();
  form.types = 1 + data.entities->types.size();
  form.width = session.model().info().width;
  form.shares.assign(size_t(form.labels), 1);
  double all = double(form.labels);
  for (const task::Example& example : data.train.examples) {
    ++form.shares[size_t(*labels.find(*example.label))];
    ++all;
  }
  for (double& share : form.shares) share /= all;
  return form;
}

}  // namespace relatum::jobs
