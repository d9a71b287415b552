// Counts per kind, so that a large file gives a few lines.
#include "task/data_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/counted.h"
#include "base/printable.h"
#include "task/forms.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

constexpr size_t kShown = 3;

bool cuts_word(const Example& example, const Span& span) {
  return within_word(example.text, span.start) || within_word(example.text, span.end);
}

std::string in_quotes(std::string_view text) {
  return fmt::format("'{}'", printable_start(text, 40));
}

/// Text and entities as people see them: kinds and numbers of blanks do not count.
std::string seen_row(const Example& example) {
  std::string row = seen_form(marked_text(example));
  const auto two_blanks = [](char a, char b) { return a == ' ' && b == ' '; };
  row.erase(std::unique(row.begin(), row.end(), two_blanks), row.end());
  // One sentence may well be asked of several adapters.
  return example.adapter.empty() ? row : row + '\n' + example.adapter;
}

uint64_t hash_of_set(std::vector<std::string> labels) {
  std::sort(labels.begin(), labels.end());
  std::string all;
  for (const std::string& label : labels) all += label + '\n';
  return labels.empty() ? 0 : std::hash<std::string>{}(all) | 1;
}

void note(OddRows& odd, const Example& example, std::string detail) {
  ++odd.rows;
  if (odd.first.size() >= kShown) return;
  odd.first.push_back({example.line, std::move(detail), example.file, example.row});
}

std::string sentence_of(const char* what, const OddRows& odd) {
  std::string first;
  for (const OddRow& each : odd.first) {
    first += fmt::format("{}{} ({})", first.empty() ? "" : ", ",
                         place_text({each.file, each.line, each.row}), each.what);
  }
  return fmt::format("{}: {}: {}{}.", what, counted(odd.rows, "row"), first,
                     odd.rows > int64_t(odd.first.size()) ? " …" : "");
}

}  // namespace

void DataWarnings::check_spans(const Example& example) {
  const Span &head = example.head, &tail = example.tail;
  if (cuts_word(example, head)) note(odd_.cut, example, in_quotes(head_text(example)));
  else if (cuts_word(example, tail)) note(odd_.cut, example, in_quotes(tail_text(example)));
  if (head.start == tail.start && head.end == tail.end) {
    note(odd_.same, example, in_quotes(head_text(example)));
  } else if (head.start < tail.end && tail.start < head.end) {
    note(odd_.overlap, example,
         in_quotes(head_text(example)) + " and " + in_quotes(tail_text(example)));
  }
}

uint32_t DataWarnings::name_of(const std::string& label) {
  const auto [at, fresh] = places_.emplace(label, uint32_t(names_.size()));
  if (fresh) names_.push_back(label);
  return at->second;
}

void DataWarnings::check_repeats(const Example& example) {
  const std::vector<std::string> mine = gold_labels(example);
  const Seen now{seen_places_.keep(place_of(example)), hash_of_set(mine),
                 mine.empty() ? 0 : name_of(mine[0])};
  const auto [at, fresh] = seen_.emplace(std::hash<std::string>{}(seen_row(example)), now);
  if (fresh) return;
  const Seen& earlier = at->second;
  if (now.labels == earlier.labels) {
    note(odd_.twice, example, "as " + place_text(seen_places_.of(earlier.place)));
  } else if (now.labels && earlier.labels) {
    note(odd_.contrary, example,
         fmt::format("{}, {} {}", in_quotes(mine[0]), at_place(seen_places_.of(earlier.place)),
                     in_quotes(names_[earlier.first])));
  }
}

void DataWarnings::add(const Example& example, const Labels& labels) {
  check_spans(example);
  check_repeats(example);
  for (const std::string& label : gold_labels(example)) {
    if (!labels.find(label)) unlisted_.insert(label);
  }
}

std::vector<std::string> DataWarnings::sentences(const Labels& labels) const {
  std::map<std::string, std::set<std::string>> forms;
  for (const std::string& label : labels.names()) forms[text::full_lower_case(label)].insert(label);
  for (const std::string& label : unlisted_) forms[text::full_lower_case(label)].insert(label);
  std::string shown;
  int64_t groups = 0;
  for (const auto& [lower, group] : forms) {
    if (group.size() < 2 || ++groups > int64_t(kShown)) continue;
    std::string names;
    for (const std::string& label : group) {
      names += (names.empty() ? "" : " and ") + in_quotes(label);
    }
    shown += (shown.empty() ? "" : "; ") + names;
  }
  std::vector<std::string> lines;
  if (groups > 0) {
    lines.push_back(
        fmt::format("labels that differ only by capital letters are different labels: "
                    "{}{}.",
                    shown, groups > int64_t(kShown) ? " …" : ""));
  }
  const std::pair<const char*, const OddRows&> kinds[] = {
      {"entities that begin or end within a word", odd_.cut},
      {"head and tail are the same place", odd_.same},
      {"head and tail overlap", odd_.overlap},
      {"rows that repeat an earlier row's text, entities and label", odd_.twice},
      {"rows that contradict an earlier row: the same text and entities, another label",
       odd_.contrary}};
  for (const auto& [what, odd] : kinds) {
    if (odd.rows > 0) lines.push_back(sentence_of(what, odd));
  }
  return lines;
}

}  // namespace relatum::task
