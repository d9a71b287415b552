// Cuts entities out of a text, and tells whether a row is sound.
#include "task/example.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "task/marked.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

constexpr size_t kLongestText = size_t{64} << 20;  // ICU counts in 32 bits; sentences are short

std::string span_problem(std::string_view name, const Span& span, int64_t length) {
  if (span.start >= 0 && span.start < span.end && span.end <= length) return "";
  return fmt::format("the {} entity's span [{}, {}) does not lie in the text's {} code points",
                     name, span.start, span.end, length);
}

}  // namespace

Place place_of(const Example& example) { return {example.file, example.line, example.row}; }

std::vector<std::string> gold_labels(const Example& example) {
  std::vector<std::string> labels;
  if (example.label) labels.push_back(*example.label);
  labels.insert(labels.end(), example.more_labels.begin(), example.more_labels.end());
  return labels;
}

void add_gold_label(Example& example, const std::string& label) {
  const std::vector<std::string> known = gold_labels(example);
  if (std::find(known.begin(), known.end(), label) != known.end()) return;
  if (!example.label) {
    example.label = label;
  } else {
    example.more_labels.push_back(label);
  }
}

int64_t count_with_several_labels(std::span<const Example> examples) {
  return std::ranges::count_if(examples,
                               [](const Example& each) { return !each.more_labels.empty(); });
}

std::string head_text(const Example& example) {
  return std::string(utf8_slice(example.text, example.head.start, example.head.end));
}

std::string tail_text(const Example& example) {
  return std::string(utf8_slice(example.text, example.tail.start, example.tail.end));
}

std::string marked_text(const Example& example) {
  return mark_entities(example, Markers::kTags).text;
}

std::string normalised_text(std::string_view text) {
  std::string plain(text);
  for (const std::string_view tag : {"<e1>", "</e1>", "<e2>", "</e2>"}) {
    for (size_t at = plain.find(tag); at != std::string::npos; at = plain.find(tag, at)) {
      plain.erase(at, tag.size());
    }
  }
  return text::full_lower_case(text::without_white_space(plain));
}

std::string example_problem(const Example& example) {
  if (example.id.empty()) return "the id is empty";
  if (!utf8_valid(example.id) || !utf8_valid(example.text)) return "the row is not UTF-8";
  if (example.text.empty()) return "the text is empty";
  if (example.text.size() > kLongestText) return "the text is longer than 64 MiB";
  if (text::without_white_space(example.text).empty()) return "the text is nothing but white space";
  if (example.label && example.label->empty()) return "the label is empty";
  if (example.label && !utf8_valid(*example.label)) return "the label is not UTF-8";
  for (const std::string& label : example.more_labels) {
    if (label.empty()) return "one of its labels is empty";
    if (!utf8_valid(label)) return "one of its labels is not UTF-8";
  }
  const int64_t length = utf8_length(example.text);
  for (const auto& [name, span] : {std::pair("head", &example.head), {"tail", &example.tail}}) {
    const std::string problem = span_problem(name, *span, length);
    if (!problem.empty()) return problem;
    if (text::without_white_space(utf8_slice(example.text, span->start, span->end)).empty()) {
      return fmt::format("the {} entity is nothing but white space", name);
    }
  }
  return "";
}

}  // namespace relatum::task
