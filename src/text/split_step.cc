// The steps that need no regular expression.
#include "text/split_step.h"

#include <utility>

#include "base/utf8.h"
#include "text/unicode.h"

namespace relatum::text {
namespace {

class DigitsStep final : public SplitStep {
 public:
  explicit DigitsStep(bool individual) : individual_(individual) {}
  void split(std::string_view piece, bool, Pieces& out) const override {
    size_t begin = 0;
    bool number = false;
    for (size_t at = 0; at < piece.size();) {
      const size_t start = at;
      const bool next = is_numeric(next_char(piece, at));
      if (start > begin && (next != number || (next && individual_))) {
        out.views.push_back(piece.substr(begin, start - begin));
        begin = start;
      }
      number = next;
    }
    out.views.push_back(piece.substr(begin));
  }

 private:
  bool individual_;
};

class BertStep final : public SplitStep {
 public:
  void split(std::string_view piece, bool, Pieces& out) const override {
    size_t begin = 0;
    const auto flush = [&](size_t end) {
      if (end > begin) out.views.push_back(piece.substr(begin, end - begin));
    };
    for (size_t at = 0; at < piece.size();) {
      const size_t start = at;
      const char32_t c = next_char(piece, at);
      const bool space = is_white_space(c);
      if (!space && !is_bert_punctuation(c)) continue;
      flush(start);
      if (!space) out.views.push_back(piece.substr(start, at - start));
      begin = at;
    }
    flush(piece.size());
  }
};

class WordStep final : public SplitStep {
 public:
  explicit WordStep(WordPattern pattern) : pattern_(pattern) {}
  void split(std::string_view piece, bool, Pieces& out) const override {
    for (size_t at = 0; at < piece.size();) {
      const size_t end = word_end(piece, at, pattern_);
      out.views.push_back(piece.substr(at, end - at));
      at = end;
    }
  }

 private:
  WordPattern pattern_;
};

class ByteLevelStep final : public SplitStep {
 public:
  ByteLevelStep(bool add_prefix_space, bool use_pattern)
      : add_prefix_space_(add_prefix_space), use_pattern_(use_pattern) {}
  void split(std::string_view piece, bool, Pieces& out) const override {
    if (add_prefix_space_ && piece.front() != ' ') {
      out.owned.push_back(" " + std::string(piece));
      piece = out.owned.back();
    }
    if (use_pattern_) words_.split(piece, false, out);
    else out.views.push_back(piece);
  }

 private:
  bool add_prefix_space_, use_pattern_;
  WordStep words_{WordPattern::kGpt2};
};

/// Joins every match to the span before it (or, on reversed spans, behind it), once.
void merge_matches(std::vector<Span>& spans, bool backwards) {
  std::vector<Span> merged;
  bool previous = false;
  for (const Span& span : spans) {
    const bool joins = span.match && !previous && !merged.empty();
    previous = span.match;
    if (!joins) {
      merged.push_back(span);
    } else if (backwards) {
      merged.back().begin = span.begin;
    } else {
      merged.back().end = span.end;
    }
  }
  spans = std::move(merged);
}

void join_runs(std::vector<Span>& spans) {
  std::vector<Span> joined;
  for (const Span& span : spans) {
    if (!joined.empty() && joined.back().match == span.match) joined.back().end = span.end;
    else joined.push_back(span);
  }
  spans = std::move(joined);
}

}  // namespace

void append_spans(std::string_view piece, std::vector<Span> spans, Delimiters rule, Pieces& out) {
  if (rule == Delimiters::kContiguous) join_runs(spans);
  if (rule == Delimiters::kMergedWithPrevious) merge_matches(spans, false);
  if (rule == Delimiters::kMergedWithNext) {
    spans = std::vector<Span>(spans.rbegin(), spans.rend());
    merge_matches(spans, true);
    spans = std::vector<Span>(spans.rbegin(), spans.rend());
  }
  for (const Span& span : spans) {
    if (rule == Delimiters::kRemoved && span.match) continue;
    if (span.end > span.begin) {
      out.views.push_back(piece.substr(span.begin, span.end - span.begin));
    }
  }
}

std::unique_ptr<SplitStep> digits_step(bool individual) {
  return std::make_unique<DigitsStep>(individual);
}

std::unique_ptr<SplitStep> bert_step() { return std::make_unique<BertStep>(); }

std::unique_ptr<SplitStep> word_step(WordPattern pattern) {
  return std::make_unique<WordStep>(pattern);
}

std::unique_ptr<SplitStep> byte_level_step(bool add_prefix_space, bool use_pattern) {
  return std::make_unique<ByteLevelStep>(add_prefix_space, use_pattern);
}

}  // namespace relatum::text
