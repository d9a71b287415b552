// Sorts the markers' places and puts the text together.
#include "task/marked.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/utf8.h"

namespace relatum::task {
namespace {

/// A tag at a code point. Sorting by `order` gives the nesting that marked_text() promises.
struct Tag {
  std::string_view text;
  std::tuple<int64_t, int, int64_t, int> order;
};

}  // namespace

MarkerTexts marker_texts(Markers markers) {
  switch (markers) {
    case Markers::kTags: return {"<e1>", "</e1>", "<e2>", "</e2>"};
    case Markers::kBrackets: return {"[", "]", "{", "}"};
    case Markers::kStars: break;
  }
  return {"[ ", "]", "* ", "*"};
}

Marked mark_entities(const Example& example, Markers markers) {
  const Span &head = example.head, &tail = example.tail;
  const MarkerTexts texts = marker_texts(markers);
  // (place, closing first, outer opens first / inner closes first, e1 outside e2 where equal)
  std::array<Tag, 4> tags = {{{texts.head_open, {head.start, 1, -head.end, 0}},
                              {texts.tail_open, {tail.start, 1, -tail.end, 1}},
                              {texts.head_close, {head.end, 0, -head.start, 1}},
                              {texts.tail_close, {tail.end, 0, -tail.start, 0}}}};
  std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) { return a.order < b.order; });
  Marked marked;
  marked.text.reserve(example.text.size() + 18);
  const auto put = [&](std::string_view own) {
    const size_t begin = marked.text.size();
    marked.text += own;
    if (!own.empty()) marked.data.push_back({begin, marked.text.size()});
  };
  const std::string_view text = example.text;
  size_t done = 0;
  int64_t place = 0;
  for (const Tag& tag : tags) {
    const size_t to = done + utf8_offset(text.substr(done), std::get<0>(tag.order) - place);
    put(text.substr(done, to - done));
    marked.text += tag.text;
    done = to;
    place = std::get<0>(tag.order);
  }
  put(text.substr(done));
  return marked;
}

}  // namespace relatum::task
