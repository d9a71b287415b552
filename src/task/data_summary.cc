// Counts while rows pass; nothing of a row is kept but hashes and the first odd ones.
#include "task/data_summary.h"

#include <algorithm>
#include <functional>

#include "base/printable.h"
#include "base/utf8.h"
#include "task/forms.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

constexpr size_t kShown = 5;

uint64_t hash(const std::string& text) { return std::hash<std::string>{}(text); }

std::string labels_of(const Example& example) {
  std::vector<std::string> labels = gold_labels(example);
  std::sort(labels.begin(), labels.end());
  std::string all;
  for (const std::string& label : labels) all += (all.empty() ? "" : ", ") + label;
  return all;
}

bool cuts_word(const Example& example, const Span& span) {
  return within_word(example.text, span.start) || within_word(example.text, span.end);
}

}  // namespace

int64_t Lengths::at(double share) const {
  int64_t all = 0, seen = 0;
  for (const auto& [length, count] : counts_) all += count;
  for (const auto& [length, count] : counts_) {
    seen += count;
    if (double(seen) >= share * double(all)) return length;
  }
  return 0;
}

void DataSummary::Kind::add(int64_t line, std::string what) {
  if (++rows <= int64_t(kShown)) first.emplace_back(line, std::move(what));
}

void DataSummary::add(const Example& example) {
  ++examples_;
  characters_.add(utf8_length(example.text));
  const std::vector<std::string> labels = gold_labels(example);
  unlabelled_ += labels.empty();
  several_ += labels.size() > 1;
  for (const std::string& label : labels) {
    LabelSummary& summary = labels_[label];
    ++summary.count;
    summary.head_first += example.head.start < example.tail.start;
    ++summary.types[{example.head.type, example.tail.type}];
  }
  ids_.insert(hash(seen_form(example.id)));
  texts_.insert(hash(normalised_text(example.text)));
  if (cuts_word(example, example.head)) cut_.add(example.line, head_text(example));
  else if (cuts_word(example, example.tail)) cut_.add(example.line, tail_text(example));
  const std::string own = labels_of(example);
  const auto [at, fresh] = rows_.emplace(hash(seen_form(marked_text(example))),
                                         std::pair(example.line, own));
  if (fresh) return;
  const auto& [line, before] = at->second;
  if (before == own) repeated_.add(example.line, "as line " + std::to_string(line));
  else contrary_.add(example.line, own + ", on line " + std::to_string(line) + " " + before);
}

void DataSummary::add(const Document& document) {
  if (document.pair) {
    ++pairs_alone_;
    return;
  }
  ++documents_;
  entities_ += int64_t(document.entities.size());
  relations_ += int64_t(document.relations.size());
  for (const Entity& entity : document.entities) gaps_ += !entity.pieces.empty();
  document_ids_.insert(hash(seen_form(document.id)));
}

void DataSummary::finish(const Dataset& data, bool told) {
  name_ = data.name;
  format_ = data.format;
  told_ = told;
  bad_rows_ = data.bad_rows;
  warnings_ = data.warnings;
}

void DataSummary::compare(const DataSummary& other, const std::string& name) {
  const auto shared =
      [](const std::unordered_set<uint64_t>& a, const std::unordered_set<uint64_t>& b) {
    int64_t count = 0;
    for (const uint64_t each : a) count += b.contains(each);
    return count;
  };
  overlaps_.push_back({name, shared(ids_, other.ids_), shared(document_ids_, other.document_ids_),
                       shared(texts_, other.texts_)});
}

/// Groups of labels that are one but for case, blanks and signs between words.
std::vector<std::vector<std::string>> DataSummary::alike_labels() const {
  std::map<std::string, std::vector<std::string>> groups;
  for (const auto& [label, summary] : labels_) {
    std::string form;
    for (const char c : text::full_lower_case(label)) {
      if (c != ' ' && c != '_' && c != '-') form += c;
    }
    groups[form].push_back(label);
  }
  std::vector<std::vector<std::string>> alike;
  for (auto& [form, labels] : groups) {
    if (labels.size() > 1) alike.push_back(std::move(labels));
  }
  return alike;
}

}  // namespace relatum::task
