// A text with entity markers, and which of its bytes are the text's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "task/example.h"
#include "text/data_range.h"

namespace relatum::task {

struct Marked {
  std::string text;
  std::vector<text::DataRange> data;  ///< all bytes of `text` but the markers
};

/// <e1>…</e1> and <e2>…</e2>; or [ ] around the head and { } around the tail: a token each for most
/// tokenizers; or [ ] and * *, which T5's vocabulary has, too. A blank follows those before an
/// entity, as a word that begins behind a blank is fewer pieces: in T5's vocabulary SemEval's
/// training sentences have 27.7 tokens on average, without these blanks 29.3.
enum class Markers { kTags, kBrackets, kStars };

/// What stands before and after the two entities.
struct MarkerTexts {
  std::string_view head_open, head_close, tail_open, tail_close;
};
MarkerTexts marker_texts(Markers markers);

/// The order of markers is that of marked_text().
Marked mark_entities(const Example& example, Markers markers);

}  // namespace relatum::task
