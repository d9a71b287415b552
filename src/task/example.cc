// Cuts entities out of a text, marks them, and tells whether a row is sound.
#include "task/example.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "task/utf8.h"

namespace relatum::task {
namespace {

/// A tag at a code point. Sorting by `order` gives the nesting that the header promises.
struct Tag {
  std::string_view text;
  std::tuple<int64_t, int, int64_t, int> order;
};

/// What stands before and behind the two entities.
struct Markers {
  std::string_view head_open, head_close, tail_open, tail_close;
};

constexpr size_t kLongestText = size_t{64} << 20;  // ICU counts in 32 bits; sentences are short

std::string span_problem(std::string_view name, const Span& span, int64_t length) {
  if (span.start >= 0 && span.start < span.end && span.end <= length) return "";
  return fmt::format("the {} entity's span [{}, {}) does not lie in the text's {} code points",
                     name, span.start, span.end, length);
}

std::string mark(const Example& example, const Markers& markers) {
  const Span &head = example.head, &tail = example.tail;
  // (place, closing first, outer opens first / inner closes first, e1 outside e2 where equal)
  std::array<Tag, 4> tags = {{{markers.head_open, {head.start, 1, -head.end, 0}},
                              {markers.tail_open, {tail.start, 1, -tail.end, 1}},
                              {markers.head_close, {head.end, 0, -head.start, 1}},
                              {markers.tail_close, {tail.end, 0, -tail.start, 0}}}};
  std::sort(tags.begin(), tags.end(),
            [](const Tag& a, const Tag& b) { return a.order < b.order; });
  std::string marked;
  marked.reserve(example.text.size() + 18);
  const std::string_view text = example.text;
  size_t done = 0;
  int64_t place = 0;
  for (const Tag& tag : tags) {
    const size_t to = done + utf8_offset(text.substr(done), std::get<0>(tag.order) - place);
    marked.append(text.substr(done, to - done)).append(tag.text);
    done = to;
    place = std::get<0>(tag.order);
  }
  return marked.append(text.substr(done));
}

}  // namespace

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

std::string head_text(const Example& example) {
  return std::string(utf8_slice(example.text, example.head.start, example.head.end));
}

std::string tail_text(const Example& example) {
  return std::string(utf8_slice(example.text, example.tail.start, example.tail.end));
}

std::string marked_text(const Example& example) {
  return mark(example, {"<e1>", "</e1>", "<e2>", "</e2>"});
}

std::string bracketed_text(const Example& example) { return mark(example, {"[", "]", "{", "}"}); }

std::string normalised_text(std::string_view text) {
  std::string plain(text);
  for (const std::string_view tag : {"<e1>", "</e1>", "<e2>", "</e2>"}) {
    for (size_t at = plain.find(tag); at != std::string::npos; at = plain.find(tag, at))
      plain.erase(at, tag.size());
  }
  return utf8_lower(utf8_without_space(plain));
}

std::string example_problem(const Example& example) {
  if (example.id.empty()) return "the id is empty";
  if (!utf8_valid(example.id) || !utf8_valid(example.text)) return "the row is not UTF-8";
  if (example.text.empty()) return "the text is empty";
  if (example.text.size() > kLongestText) return "the text is longer than 64 MiB";
  if (utf8_without_space(example.text).empty()) return "the text is nothing but white space";
  if (example.label && example.label->empty()) return "the label is empty";
  if (example.label && !utf8_valid(*example.label)) return "the label is not UTF-8";
  for (const std::string& label : example.more_labels) {
    if (label.empty()) return "one of its labels is empty";
    if (!utf8_valid(label)) return "one of its labels is not UTF-8";
  }
  const int64_t length = utf8_length(example.text);
  const std::string head = span_problem("head", example.head, length);
  return head.empty() ? span_problem("tail", example.tail, length) : head;
}

}  // namespace relatum::task
