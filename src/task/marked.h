// A text with entity markers, and which of its bytes are the text's own.
#pragma once

#include <string>
#include <vector>

#include "task/example.h"
#include "text/data_range.h"

namespace relatum::task {

struct Marked {
  std::string text;
  std::vector<text::DataRange> data;  ///< all bytes of `text` but the markers
};

/// <e1>…</e1> and <e2>…</e2>, or [ ] around the head and { } around the tail: a token each for most
/// tokenizers.
enum class Markers { kTags, kBrackets };

/// The order of markers is that of marked_text().
Marked mark_entities(const Example& example, Markers markers);

}  // namespace relatum::task
