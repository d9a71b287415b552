// The steps of SentencePiece's conversions: white space, and the sign that stands for a space.
#include <algorithm>

#include "base/utf8.h"
#include "text/split_step.h"
#include "text/unicode.h"

namespace relatum::text {
namespace {

class WhiteSpaceStep final : public SplitStep {
 public:
  void split(std::string_view piece, bool, Pieces& out) const override {
    size_t begin = 0;
    for (size_t at = 0; at <= piece.size();) {
      const size_t start = at;
      if (at < piece.size() && !is_white_space(next_char(piece, at))) continue;
      if (start > begin) out.views.push_back(piece.substr(begin, start - begin));
      begin = at;
      if (start == piece.size()) break;
    }
  }
};

class MetaspaceStep final : public SplitStep {
 public:
  explicit MetaspaceStep(Metaspace rule) : rule_(std::move(rule)) {}

  void split(std::string_view piece, bool at_start, Pieces& out) const override {
    const std::string_view text = out.owned.emplace_back(with_signs(piece, at_start));
    if (!rule_.cut) {
      out.views.push_back(text);
      return;
    }
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(rule_.sign, begin + 1), text.size());
      out.views.push_back(text.substr(begin, end - begin));
      begin = end;
    }
  }

 private:
  std::string with_signs(std::string_view piece, bool at_start) const {
    std::string text;
    text.reserve(piece.size() + piece.size() / 4 + rule_.sign.size());
    const bool asked = rule_.prepend == Prepend::kAlways ||
                       (rule_.prepend == Prepend::kFirst && at_start);
    if (asked && !piece.starts_with(rule_.sign) && !piece.starts_with(' ')) text = rule_.sign;
    for (const char c : piece) {
      if (c == ' ') text += rule_.sign;
      else text += c;
    }
    return text;
  }

  Metaspace rule_;
};

}  // namespace

std::unique_ptr<SplitStep> white_space_step() { return std::make_unique<WhiteSpaceStep>(); }

std::unique_ptr<SplitStep> metaspace_step(Metaspace rule) {
  return std::make_unique<MetaspaceStep>(std::move(rule));
}

}  // namespace relatum::text
