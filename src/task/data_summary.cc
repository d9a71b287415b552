// Counts while rows pass; nothing of a row is kept but hashes. What is odd in rows is
// read_dataset's.
#include "task/data_summary.h"

#include <functional>

#include "base/utf8.h"
#include "task/forms.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

uint64_t hash(const std::string& text) { return std::hash<std::string>{}(text); }

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
}

void DataSummary::add(const Document& document) {
  if (document.pair) {
    ++pairs_alone_;
    return;
  }
  ++documents_;
  entities_ += int64_t(document.entities.size());
  relations_ += int64_t(document.relations.size());
  for (const Entity& entity : document.entities) {
    gaps_ += !entity.pieces.empty();
    ++types_[entity.span.type];
  }
  document_ids_.insert(hash(seen_form(document.id)));
}

void DataSummary::finish(const Dataset& data, bool told) {
  name_ = data.name;
  format_ = data.format;
  told_ = told;
  bad_rows_ = data.bad_rows;
  warnings_ = data.warnings;
  odd_ = data.odd;
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
