// Marks first, then offsets, then strings; what is given twice has to agree.
#include "task/raw_row.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "task/forms.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

constexpr std::array<std::string_view, 4> kMarks = {"<e1>", "</e1>", "<e2>", "</e2>"};
constexpr size_t kPlacesShown = 5;

bool has_marks(std::string_view text) {
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return text.find(mark) != text.npos; });
}

std::string span_text(std::string_view text, int64_t start, int64_t end) {
  return std::string(utf8_slice(text, start, end));
}

std::string shown(std::string_view text) { return printable_start(text, 40); }

[[noreturn]] void refuse(const std::string& sentence) { fail("task.row", sentence); }

void check_name(const RawEntity& entity, const Span& span, std::string_view text, const char* which,
                const char* given_by) {
  if (entity.name.empty()) return;
  const std::string there = span_text(text, span.start, span.end);
  if (seen_form(there) == seen_form(entity.name)) return;
  refuse(fmt::format("the {} '{}' contradicts the {}, which name '{}'", which, shown(entity.name),
                     given_by, shown(there)));
}

/// Offsets beside marks may count the text with its marks or without them.
void check_offsets(const RawEntity& entity, const Span& span, std::string_view marked,
                   const char* which) {
  if (!entity.start) return;
  if (*entity.start == span.start && *entity.end == span.end) return;
  const size_t open = marked.find(which[0] == 'h' ? "<e1>" : "<e2>") + 4;
  const size_t close = marked.find(which[0] == 'h' ? "</e1>" : "</e2>");
  if (*entity.start == utf8_length(marked.substr(0, open)) &&
      *entity.end == utf8_length(marked.substr(0, close))) {
    return;
  }
  refuse(
      fmt::format("{}_start {} and {}_end {} contradict the marks in the text, which give {} "
                  "and {}",
                  which, *entity.start, which, *entity.end, span.start, span.end));
}

[[noreturn]] void not_found(const RawEntity& entity, std::string_view text, const char* which) {
  const bool case_differs =
      !find_places(text::full_lower_case(text), text::full_lower_case(entity.name)).empty();
  refuse(fmt::format("the {} '{}' does not stand in the text{}", which, shown(entity.name),
                     case_differs ? "; it does with other capital letters, and case counts" : ""));
}

[[noreturn]] void ambiguous(const RawEntity& entity, const char* which,
                            const std::vector<std::pair<int64_t, int64_t>>& places) {
  std::string list;
  for (size_t i = 0; i < places.size() && i < kPlacesShown; ++i) {
    list += fmt::format("{}{} to {}", list.empty() ? "" : ", ", places[i].first, places[i].second);
  }
  if (places.size() > kPlacesShown) list += " …";
  refuse(
      fmt::format("the {} '{}' stands in {} places of the text ({}): say which by {}_start and "
                  "{}_end, or by marks in the text",
                  which, shown(entity.name), places.size(), list, which, which));
}

Span find_entity(const RawEntity& entity, std::string_view text, const char* which) {
  Span span;
  span.type = entity.type;
  if (entity.start) {
    span.start = *entity.start;
    span.end = *entity.end;
    const bool inside = span.start >= 0 && span.start < span.end && span.end <= utf8_length(text);
    if (inside) check_name(entity, span, text, which, "offsets");  // else RowSink refuses the span
    return span;
  }
  if (entity.name.empty()) {
    refuse(
        fmt::format("'{}' is missing: expected {}_start and {}_end, a '{}' that stands in the "
                    "text, or <e1>…</e1> and <e2>…</e2> in the text (a text alone is for runs that "
                    "find entities: `extract --entities RUN`, or `graph`)",
                    which, which, which, which));
  }
  const auto places = find_places(text, entity.name);
  if (places.empty()) not_found(entity, text, which);
  if (places.size() > 1) ambiguous(entity, which, places);
  span.start = places[0].first;
  span.end = places[0].second;
  return span;
}

void check_halves(const RawEntity& entity, const char* which) {
  if (entity.start.has_value() == entity.end.has_value()) return;
  refuse(fmt::format("{}_{} is given without {}_{}", which, entity.start ? "start" : "end", which,
                     entity.start ? "end" : "start"));
}

}  // namespace

const std::vector<std::string>& entity_fields() {
  static const std::vector<std::string> names = {"head", "head_start", "head_end", "head_type",
                                                 "tail", "tail_start", "tail_end", "tail_type"};
  return names;
}

std::string take_marks(std::string_view marked, Example& example) {
  std::array<int64_t*, 4> places = {&example.head.start, &example.head.end, &example.tail.start,
                                    &example.tail.end};
  std::array<bool, 4> seen = {};
  int64_t length = 0;  // code points so far
  for (size_t at = 0; at < marked.size();) {
    const auto mark = std::find_if(kMarks.begin(), kMarks.end(), [&](std::string_view m) {
      return marked.substr(at).starts_with(m);
    });
    if (mark == kMarks.end()) {
      const size_t size = utf8_offset(marked.substr(at), 1);
      example.text.append(marked.substr(at, size));
      at += size;
      ++length;
      continue;
    }
    const size_t which = size_t(mark - kMarks.begin());
    if (seen[which]) return fmt::format("{} stands twice in the sentence", *mark);
    seen[which] = true;
    *places[which] = length;
    at += mark->size();
  }
  for (size_t i = 0; i < kMarks.size(); ++i) {
    if (!seen[i]) return fmt::format("the sentence has no {}", kMarks[i]);
  }
  return "";
}

std::optional<Document> text_alone(const RawRow& row) {
  for (const RawEntity* each : {&row.head, &row.tail}) {
    if (each->start || each->end || !each->name.empty() || !each->type.empty()) return {};
  }
  if (has_marks(row.text)) return {};
  Document document;
  document.id = row.id;
  document.text = row.text;
  document.line = row.line;
  document.unlabelled = true;
  document.adapter = seen_form(row.adapter);
  return document;
}

Example settle(RawRow row) {
  check_halves(row.head, "head");
  check_halves(row.tail, "tail");
  Example example;
  example.id = std::move(row.id);
  example.line = row.line;
  example.adapter = seen_form(row.adapter);
  for (const std::string& label : row.labels) add_gold_label(example, label);
  if (!has_marks(row.text)) {
    example.head = find_entity(row.head, row.text, "head");
    example.tail = find_entity(row.tail, row.text, "tail");
    example.text = std::move(row.text);
    return example;
  }
  if (const std::string problem = take_marks(row.text, example); !problem.empty()) {
    refuse(problem);
  }
  check_offsets(row.head, example.head, row.text, "head");
  check_offsets(row.tail, example.tail, row.text, "tail");
  check_name(row.head, example.head, example.text, "head", "marks");
  check_name(row.tail, example.tail, example.text, "tail", "marks");
  example.head.type = row.head.type;
  example.tail.type = row.tail.type;
  return example;
}

}  // namespace relatum::task
