// Steps of a pre-tokenizer: each cuts pieces of text into smaller ones.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/word_patterns.h"

namespace relatum::text {

/// What becomes of the delimiters that a step finds.
enum class Delimiters { kIsolated, kRemoved, kContiguous, kMergedWithPrevious, kMergedWithNext };

/// A part of a piece: [begin, end) in bytes, and whether it is a delimiter.
struct Span {
  size_t begin, end;
  bool match;
};

/// Where steps put their pieces; `owned` keeps text that is no part of the input.
struct Pieces {
  std::vector<std::string_view> views;
  std::deque<std::string> owned;
};

/// One step. Immutable, so that threads may share it.
class SplitStep {
 public:
  virtual ~SplitStep() = default;
  /// Appends the parts of `piece` (valid UTF-8, not empty) to `out`; none is empty. `at_start`:
  /// the piece begins where the whole text does.
  virtual void split(std::string_view piece, bool at_start, Pieces& out) const = 0;
};

using SplitSteps = std::vector<std::unique_ptr<SplitStep>>;

/// Applies the delimiters' rule to contiguous spans that cover `piece`, and appends what is left.
void append_spans(std::string_view piece, std::vector<Span> spans, Delimiters rule, Pieces& out);

/// Tokenizer.json's "Digits": digits (Rust's char::is_numeric) stand alone, each or in runs.
std::unique_ptr<SplitStep> digits_step(bool individual);
/// "BertPreTokenizer": cut at white space, which goes, and around punctuation.
std::unique_ptr<SplitStep> bert_step();
/// "ByteLevel": a space in front of a piece that has none, if asked for; then GPT-2's pattern.
std::unique_ptr<SplitStep> byte_level_step(bool add_prefix_space, bool use_pattern);
/// "WhitespaceSplit": cut at white space, which goes.
std::unique_ptr<SplitStep> white_space_step();
/// Where "Metaspace" puts its sign for a space in front of a piece that does not begin with one.
enum class Prepend { kNever, kFirst, kAlways };  // kFirst: of the whole text's first piece only
/// "Metaspace": spaces become `sign` (one character), and with `cut` each sign begins a new piece.
struct Metaspace {
  std::string sign = "\u2581";
  Prepend prepend = Prepend::kAlways;
  bool cut = true;
};
std::unique_ptr<SplitStep> metaspace_step(Metaspace rule);
/// A published word pattern, each match a piece.
std::unique_ptr<SplitStep> word_step(WordPattern pattern);
/// "Split": `pattern` is a regular expression (Oniguruma's dialect, run by ICU; the known patterns
/// of word_patterns.h by hand) or, with `literal`, plain text. `invert`: what does not match is
/// the delimiter. Throws Error naming `place` for a pattern that IcuPattern refuses.
struct SplitRule {
  std::string pattern;
  bool literal = false;
  bool invert = false;
  Delimiters delimiters = Delimiters::kIsolated;
};
std::unique_ptr<SplitStep> pattern_step(const SplitRule& rule, const std::string& place);

}  // namespace relatum::text
