// A result held to its own text.
#include "graph/document_result.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "base/utf8.h"
#include "graph/normal_name.h"

namespace relatum::graph {
namespace {

bool within(const Stretch& stretch, int64_t length) {
  return stretch.start >= 0 && stretch.start < stretch.end && stretch.end <= length;
}

// Of strings that are kept; U+0000 ends a text for SQLite and has no place in XML.
bool sound(std::string_view text) { return text.find('\0') == text.npos && utf8_valid(text); }

// Of types, labels and ids, which tables keep in one line.
bool is_word(std::string_view text) {
  return sound(text) && text.find_first_of("\n\r\t\v\f") == text.npos;
}

std::string mention_problem(const Mention& mention, const CodePoints& points) {
  const Stretch& span = mention.span;
  if (!within(span, points.length())) {
    return fmt::format("mention {} to {} lies outside of its text of {} code points", span.start,
                       span.end, points.length());
  }
  if (points.slice(span.start, span.end) != mention.text) {
    return fmt::format("mention {} to {} says '{}', but the text has '{}' there", span.start,
                       span.end, printable_start(mention.text),
                       printable_start(points.slice(span.start, span.end)));
  }
  if (one_line(mention.text).empty()) {
    return fmt::format("mention {} to {} is blank", span.start, span.end);
  }
  if (!(mention.probability >= 0 && mention.probability <= 1)) {
    return fmt::format("mention {} to {} has a probability of {}", span.start, span.end,
                       mention.probability);
  }
  if (!is_word(mention.type) || !is_word(mention.gazetteer)) {
    return fmt::format("mention {} to {} has a type or an id that is not UTF-8 on one line",
                       span.start, span.end);
  }
  return "";
}

std::string edge_problem(const CandidateEdge& edge, size_t mentions, int64_t length) {
  if (edge.head >= mentions || edge.tail >= mentions || edge.head == edge.tail) {
    return fmt::format("an edge from mention {} to mention {} of {}", edge.head, edge.tail,
                       mentions);
  }
  if (edge.label.empty() || !is_word(edge.label)) {
    return "an edge without a label of UTF-8 on one line";
  }
  if (!(edge.probability >= 0 && edge.probability <= 1)) {
    return fmt::format("an edge '{}' with a probability of {}", printable_start(edge.label),
                       edge.probability);
  }
  if (!within(edge.sentence, length)) {
    return fmt::format("an edge whose sentence, {} to {}, lies outside of the text",
                       edge.sentence.start, edge.sentence.end);
  }
  return "";
}

}  // namespace

std::string problem_of(const DocumentResult& result) {
  if (result.id.empty() || !sound(result.id)) return "its id is empty or not UTF-8";
  if (!sound(result.source) || !sound(result.sha256) || !sound(result.adapter) ||
      !sound(result.settings)) {
    return "its source or a hash is not UTF-8";
  }
  if (!utf8_valid(result.text)) return "its text is not UTF-8";
  if (result.text.find('\0') != result.text.npos) return "its text holds the character U+0000";
  const CodePoints points(result.text);
  for (const Stretch& sentence : result.sentences) {
    if (within(sentence, points.length())) continue;
    return fmt::format("sentence {} to {} lies outside of its text of {} code points",
                       sentence.start, sentence.end, points.length());
  }
  for (const Mention& mention : result.mentions) {
    if (std::string problem = mention_problem(mention, points); !problem.empty()) return problem;
  }
  for (const CandidateEdge& edge : result.edges) {
    std::string problem = edge_problem(edge, result.mentions.size(), points.length());
    if (!problem.empty()) return problem;
  }
  return "";
}

}  // namespace relatum::graph
