// Goes over the lines, and decides at the end of each whether its block goes on.
#include "graph/sentence_blocks.h"

#include <algorithm>

#include "graph/markdown_lines.h"
#include "graph/text_lines.h"
#include "text/unicode.h"

namespace relatum::graph {
namespace {

constexpr int64_t kSlack = 8;  // by which a line that was ended on purpose is shorter, at least

/// A line of a paragraph.
struct Line : TextLine {
  int64_t mark = 0;    // code points of an item's mark at its start
  bool alone = false;  // a block of its own
};

class Blocks {
 public:
  Blocks(std::u32string_view text, const SentenceRules& rules) : text_(text), rules_(rules) {}

  std::vector<task::Piece> find() {
    const std::vector<TextLine> lines = text_lines(text_);
    MarkdownLines markdown(text_, lines);
    for (const TextLine& each : lines) {
      Line line{each};
      auto kind = MarkdownLines::Kind::kText;
      if (rules_.markdown) kind = markdown.take(line);
      if (kind == MarkdownLines::Kind::kNone || line.empty() || !line.says_something) {
        end_paragraph();
        continue;
      }
      line.alone = kind == MarkdownLines::Kind::kAlone;
      if (!line.alone) line.mark = item_mark(content(line));
      paragraph_.push_back(line);
    }
    end_paragraph();
    return std::move(blocks_);
  }

 private:
  std::u32string_view content(const TextLine& line) const {
    return text_.substr(size_t(line.start), size_t(line.size()));
  }
  char32_t last_of(const TextLine& line) const { return text_[size_t(line.end) - 1]; }

  void end_paragraph() {
    int64_t width = 0;
    for (const Line& line : paragraph_) width = std::max(width, line.size());
    for (size_t from = 0; from < paragraph_.size();) {
      size_t to = from + 1;
      bool item = paragraph_[from].mark > 0;
      while (to < paragraph_.size() && !ends(paragraph_[to - 1], paragraph_[to], width, item)) ++to;
      blocks_.push_back({paragraph_[from].start + paragraph_[from].mark, paragraph_[to - 1].end});
      from = to;
    }
    paragraph_.clear();
  }

  /// Whether a block ends between two lines. `item`: the block that `line` is in is an item.
  bool ends(const Line& line, const Line& next, int64_t width, bool item) const {
    if (rules_.line_ends == LineEnds::kEach || line.alone || next.alone) return true;
    const char32_t last = last_of(line);
    constexpr std::u32string_view kEnds = U".!?:\u2026\u3002\uff01\uff1f\"'\u201d\u2019)";
    if (next.mark > 0 && (item || kEnds.find(last) != kEnds.npos)) return true;
    constexpr std::u32string_view kGoesOn = U",;-\u2010\u2013\u2014\u00ad\u060c\u3001\uff0c";
    if (kGoesOn.find(last) != kGoesOn.npos || text::is_lower_letter(text_[size_t(next.start)])) {
      return false;
    }
    return line.size() + 1 + first_word(next) + kSlack <= width;
  }

  int64_t first_word(const TextLine& line) const {
    const auto own = content(line);
    return std::find_if(own.begin(), own.end(), text::is_white_space) - own.begin();
  }

  std::u32string_view text_;
  const SentenceRules& rules_;
  std::vector<Line> paragraph_;
  std::vector<task::Piece> blocks_;
};

}  // namespace

std::vector<task::Piece> sentence_blocks(std::u32string_view text, const SentenceRules& rules) {
  return Blocks(text, rules).find();
}

}  // namespace relatum::graph
