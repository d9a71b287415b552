// A data set's summary as text and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/printable.h"
#include "task/data_summary.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

constexpr size_t kTypesShown = 4;

std::string type_name(const std::string& type) { return type.empty() ? "-" : printable(type); }

/// What a line alone does not tell.
void add_place(ordered_json& row, const std::string& file, int64_t number) {
  if (!file.empty()) row["file"] = file;
  if (number > 0) row["row"] = number;
}

ordered_json odd_json(const OddRows& odd) {
  ordered_json list = ordered_json::array();
  for (const OddRow& each : odd.first) {
    list.push_back({{"line", each.line}, {"what", each.what}});
    add_place(list.back(), each.file, each.row);
  }
  return {{"rows", odd.rows}, {"first", list}};
}

std::vector<std::pair<std::string, const LabelSummary*>> by_count(
    const std::map<std::string, LabelSummary>& labels) {
  std::vector<std::pair<std::string, const LabelSummary*>> sorted;
  for (const auto& [label, summary] : labels) sorted.emplace_back(label, &summary);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second->count > b.second->count; });
  return sorted;
}

/// The most frequent first.
std::vector<std::pair<std::string, int64_t>> by_count(const std::map<std::string, int64_t>& types) {
  std::vector<std::pair<std::string, int64_t>> sorted(types.begin(), types.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

using TypePair = std::pair<std::pair<std::string, std::string>, int64_t>;

std::vector<TypePair> by_count(const LabelSummary& label) {
  std::vector<TypePair> sorted(label.types.begin(), label.types.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const TypePair& a, const TypePair& b) { return a.second > b.second; });
  return sorted;
}

}  // namespace

ordered_json Lengths::json() const {
  if (empty()) return nullptr;
  return {{"min", at(0)}, {"median", at(0.5)}, {"p95", at(0.95)}, {"max", at(1)}};
}

std::string Lengths::text() const {
  return fmt::format("at least {}, half of them up to {}, 95 % up to {}, at most {}", at(0),
                     at(0.5), at(0.95), at(1));
}

ordered_json DataSummary::labels_json() const {
  ordered_json list = ordered_json::array();
  for (const auto& [label, summary] : by_count(labels_)) {
    ordered_json types = ordered_json::array();
    for (const auto& [pair, count] : by_count(*summary)) {
      types.push_back({{"head", pair.first}, {"tail", pair.second}, {"count", count}});
    }
    list.push_back({{"label", label},
                    {"count", summary->count},
                    {"head_first", summary->head_first},
                    {"tail_first", summary->count - summary->head_first},
                    {"types", types}});
  }
  return list;
}

ordered_json DataSummary::json() const {
  ordered_json bad = ordered_json::array();
  for (size_t i = 0; i < bad_rows_.size() && i < 20; ++i) {
    ordered_json row = {{"line", bad_rows_[i].line}, {"sentence", bad_rows_[i].sentence}};
    add_place(row, bad_rows_[i].file, bad_rows_[i].row);
    bad.push_back(row);
  }
  ordered_json types = ordered_json::object();
  for (const auto& [type, count] : by_count(types_)) types[type] = count;
  ordered_json overlap = ordered_json::array();
  for (const Overlap& each : overlaps_) {
    overlap.push_back({{"data", each.name},
                       {"ids", each.ids},
                       {"documents", each.documents},
                       {"texts", each.texts}});
  }
  return {{"data", name_},
          {"format", format_},
          {"format_told", told_},
          {"examples", examples_},
          {"without_label", unlabelled_},
          {"several_labels", several_},
          {"documents", documents_},
          {"entities", entities_},
          {"entities_with_gaps", gaps_},
          {"entity_types", types},
          {"relations", relations_},
          {"characters", characters_.json()},
          {"tokens", tokens_.json()},
          {"labels", labels_json()},
          {"alike_labels", alike_labels()},
          {"cut_words", odd_json(odd_.cut)},
          {"repeated", odd_json(odd_.twice)},
          {"contrary", odd_json(odd_.contrary)},
          {"overlap", overlap},
          {"bad_rows", {{"count", bad_rows_.size()}, {"first", bad}}},
          {"warnings", warnings_}};
}

/// Nothing where no entity has a type.
std::string DataSummary::types_text() const {
  if (types_.empty() || (types_.size() == 1 && types_.contains(""))) return "";
  std::string text = fmt::format("{:<11}{}\n", "types", types_.size());
  for (const auto& [type, count] : by_count(types_)) {
    text += fmt::format("  {:>8}  {}\n", count, type_name(type));
  }
  return text;
}

std::string DataSummary::labels_text() const {
  std::string text = fmt::format("{:<11}{}\n", "labels", labels_.size());
  for (const auto& [label, summary] : by_count(labels_)) {
    text += fmt::format("  {:>8}  {} (head first in {}, tail first in {})\n", summary->count,
                        printable(label), summary->head_first,
                        summary->count - summary->head_first);
    const auto types = by_count(*summary);
    if (types.size() == 1 && types[0].first.first.empty() && types[0].first.second.empty()) {
      continue;
    }
    std::string line;
    for (size_t i = 0; i < types.size() && i < kTypesShown; ++i) {
      line += fmt::format("{}{} to {} {}", i == 0 ? "" : ", ", type_name(types[i].first.first),
                          type_name(types[i].first.second), types[i].second);
    }
    if (types.size() > kTypesShown) line += fmt::format(" and {} more", types.size() - kTypesShown);
    text += fmt::format("            {}\n", line);
  }
  if (unlabelled_ > 0) text += fmt::format("  {:>8}  (without a label)\n", unlabelled_);
  return text;
}

std::string DataSummary::faults_text() const {
  std::string text;
  for (const auto& group : alike_labels()) {
    std::string names;
    for (const std::string& label : group) {
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", printable(label));
    }
    text += fmt::format("  labels that look alike: {}\n", names);
  }
  for (const std::string& warning : warnings_) text += fmt::format("  {}\n", printable(warning));
  for (const Overlap& each : overlaps_) {
    text += fmt::format("  shared with {}: {}, {}, {}\n", printable(each.name),
                        counted(each.ids, "id"), counted(each.documents, "document"),
                        counted(each.texts, "text"));
  }
  if (!bad_rows_.empty()) {
    text += fmt::format("  malformed rows: {}\n", bad_rows_.size());
    for (size_t i = 0; i < bad_rows_.size() && i < 5; ++i) {
      const BadRow& row = bad_rows_[i];
      text += fmt::format("    {}: {}\n", printable(place_text(place_of(row))),
                          printable(row.sentence));
    }
  }
  return text.empty() ? "" : "what to look at:\n" + text;
}

std::string DataSummary::text() const {
  std::string text = fmt::format("{:<11}{}\n", "data", printable(name_));
  text += fmt::format("{:<11}{}{}\n", "format", format_,
                      told_ ? " (as its content shows; FORMAT:PATH says otherwise)" : "");
  if (documents_ > 0) {
    text += fmt::format("{:<11}{} with {} and {}{}\n", "documents", documents_,
                        counted(entities_, "entity", "entities"), counted(relations_, "relation"),
                        gaps_ > 0 ? fmt::format(" ({} with gaps)", gaps_) : "");
  }
  text += fmt::format("{:<11}{}{}\n", "pairs", examples_,
                      several_ > 0 ? fmt::format(", {} with several labels", several_) : "");
  if (!characters_.empty()) {
    text += fmt::format("{:<11}{}\n", "characters", characters_.text());
  }
  if (!tokens_.empty()) text += fmt::format("{:<11}{}\n", "tokens", tokens_.text());
  return text + types_text() + labels_text() + faults_text();
}

}  // namespace relatum::task
