// Counts per kind, so that a large file gives a few lines.
#include "task/data_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/counted.h"
#include "base/printable.h"
#include "task/forms.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

constexpr size_t kShown = 3;

/// Rows of one kind: how many, and the first of them.
class Kind {
 public:
  explicit Kind(std::string sentence) : sentence_(std::move(sentence)) {}

  void add(const Example& example, const std::string& detail) {
    if (++rows_ > int64_t(kShown)) return;
    first_ += fmt::format("{}line {} ({})", first_.empty() ? "" : ", ", example.line, detail);
  }
  void tell(std::vector<std::string>& lines) const {
    if (rows_ == 0) return;
    lines.push_back(fmt::format("{}: {}: {}{}.", sentence_, counted(rows_, "row"), first_,
                                rows_ > int64_t(kShown) ? " …" : ""));
  }

 private:
  std::string sentence_, first_;
  int64_t rows_ = 0;
};

bool cuts_word(const Example& example, const Span& span) {
  return within_word(example.text, span.start) || within_word(example.text, span.end);
}

std::string in_quotes(std::string_view text) {
  return fmt::format("'{}'", printable_start(text, 40));
}

void check_spans(std::span<const Example> examples, std::vector<std::string>& lines) {
  Kind cut("entities that begin or end within a word"), same("head and tail are the same place"),
      overlap("head and tail overlap");
  for (const Example& example : examples) {
    if (cuts_word(example, example.head)) cut.add(example, in_quotes(head_text(example)));
    else if (cuts_word(example, example.tail)) cut.add(example, in_quotes(tail_text(example)));
    const Span &head = example.head, &tail = example.tail;
    if (head.start == tail.start && head.end == tail.end)
      same.add(example, in_quotes(head_text(example)));
    else if (head.start < tail.end && tail.start < head.end)
      overlap.add(example, in_quotes(head_text(example)) + " and " + in_quotes(tail_text(example)));
  }
  cut.tell(lines);
  same.tell(lines);
  overlap.tell(lines);
}

/// Text and entities as people see them: kinds and numbers of blanks do not count.
std::string seen_row(const Example& example) {
  std::string row = seen_form(marked_text(example));
  const auto two_blanks = [](char a, char b) { return a == ' ' && b == ' '; };
  row.erase(std::unique(row.begin(), row.end(), two_blanks), row.end());
  return row;
}

void check_repeats(std::span<const Example> examples, std::vector<std::string>& lines) {
  Kind twice("rows that repeat an earlier row's text, entities and label"),
      contrary("rows that contradict an earlier row: the same text and entities, another label");
  std::unordered_map<std::string, const Example*> seen;
  for (const Example& example : examples) {
    const auto [at, fresh] = seen.emplace(seen_row(example), &example);
    if (fresh) continue;
    const Example& earlier = *at->second;
    const auto mine = gold_labels(example), before = gold_labels(earlier);
    if (std::set(mine.begin(), mine.end()) == std::set(before.begin(), before.end()))
      twice.add(example, fmt::format("as line {}", earlier.line));
    else if (!mine.empty() && !before.empty())
      contrary.add(example, fmt::format("{}, on line {} {}", in_quotes(mine[0]), earlier.line,
                                        in_quotes(before[0])));
  }
  twice.tell(lines);
  contrary.tell(lines);
}

void check_case(std::span<const Example> examples, const Labels& labels,
                std::vector<std::string>& lines) {
  std::map<std::string, std::set<std::string>> forms;
  for (const std::string& label : labels.names()) forms[text::full_lower_case(label)].insert(label);
  for (const Example& example : examples)
    for (const std::string& label : gold_labels(example))
      if (!labels.find(label)) forms[text::full_lower_case(label)].insert(label);
  std::string shown;
  size_t groups = 0;
  for (const auto& [lower, group] : forms) {
    if (group.size() < 2 || ++groups > kShown) continue;
    std::string names;
    for (const std::string& label : group)
      names += (names.empty() ? "" : " and ") + in_quotes(label);
    shown += (shown.empty() ? "" : "; ") + names;
  }
  if (groups > 0)
    lines.push_back(fmt::format("labels that differ only by capital letters are different labels: "
                                "{}{}.", shown, groups > kShown ? " …" : ""));
}

}  // namespace

std::vector<std::string> data_warnings(std::span<const Example> examples, const Labels& labels) {
  std::vector<std::string> lines;
  check_case(examples, labels, lines);
  check_spans(examples, lines);
  check_repeats(examples, lines);
  return lines;
}

}  // namespace relatum::task
