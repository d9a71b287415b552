// One sentence with two entities and, where known, the relation between them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/place.h"

namespace relatum::task {

/// An entity's place in the text, in Unicode code points, `end` exclusive.
struct Span {
  int64_t start = 0, end = 0;
  std::string type;  ///< e.g. "PERSON"; empty where unknown
};

/// Head is SemEval's e1 and TACRED's subject. `text` is valid UTF-8 without entity markers.
struct Example {
  std::string id, text;
  Span head, tail;
  std::optional<std::string> label;
  int64_t line = 0;  ///< where it stands in its file, from 1; 0 where it has none
  /// Further gold labels of the same pair, each once and none equal to `label`, in the file's
  /// order; empty where the pair has one label or none.
  std::vector<std::string> more_labels{};
  /// The document that the sentence is part of, where the format names one; else empty.
  std::string document{};
  /// The adapter that is to answer it, where rows name one (LoadOptions::adapters); else empty.
  std::string adapter{};
  /// Where a data set is of several files, the one that it stands in; else empty.
  std::string file{};
  int64_t row = 0;  ///< its number from 1 where its file is one array; else 0
};

/// Where it stands; a view of the example.
Place place_of(const Example& example);

/// All gold labels of a pair, `label` first; empty where it has none.
std::vector<std::string> gold_labels(const Example& example);
/// Adds a gold label, unless the pair has it already.
void add_gold_label(Example& example, const std::string& label);

/// How many of the examples have several gold labels.
int64_t count_with_several_labels(std::span<const Example> examples);

std::string head_text(const Example& example);
std::string tail_text(const Example& example);
/// The text with <e1>…</e1> around the head and <e2>…</e2> around the tail. Where two markers fall
/// on one place, closing ones come first, an outer span opens first and an inner one closes first;
/// equal spans give <e1><e2>…</e2></e1>. Spans that cross stay so: <e1>a <e2>b</e1> c</e2>.
std::string marked_text(const Example& example);
/// What two texts share when one may not be the other's neighbour: entity markers removed, lower
/// case, white space removed.
std::string normalised_text(std::string_view text);
/// An empty string, or a sentence that says what is wrong: an empty id or text, bytes that are not
/// UTF-8, a span that is empty, blank or leaves the text.
std::string example_problem(const Example& example);

}  // namespace relatum::task
