// Jinja's lexer: tags, comments, white space around them, and what stands in them.
#include "text/jinja_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/printable.h"
#include "base/utf8.h"
#include "text/jinja_string.h"
#include "text/jinja_value.h"

namespace relatum::text::jinja {
namespace {

constexpr std::string_view kOperators[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                           "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                           ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// One way of writing a line end, and none behind the last line, as Jinja reads a file.
std::string normalised(std::string_view source) {
  std::string out;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') continue;
    out += source[i] == '\r' ? '\n' : source[i];
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normalised(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      const size_t open = next_tag();
      if (open == source_.size()) {
        add(TokenKind::kText, source_.substr(at_));
        break;
      }
      read_text(open);
      read_tag(open);
      line_starts_ = source_[at_ - 1] == '\n';
    }
    line_ = count_lines(source_.size());
    add(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  void add(TokenKind kind, std::string text) {
    if (kind == TokenKind::kText && text.empty()) return;
    tokens_.push_back({kind, std::move(text), line_});
  }

  size_t count_lines(size_t place) {
    line_ += size_t(
        std::count(source_.begin() + long(counted_), source_.begin() + long(place), '\n'));
    counted_ = place;
    return line_;
  }

  std::string_view rest() const { return std::string_view(source_).substr(at_); }

  size_t next_tag() const {
    for (size_t at = source_.find('{', at_); at != source_.npos; at = source_.find('{', at + 1)) {
      if (at + 1 < source_.size() &&
          std::string_view("{%#").find(source_[at + 1]) != source_.npos) {
        return at;
      }
    }
    return source_.size();
  }

  /// The text before the tag at `open`, less what the tag cuts.
  void read_text(size_t open) {
    std::string_view text = std::string_view(source_).substr(at_, open - at_);
    const char sign = open + 2 < source_.size() ? source_[open + 2] : ' ';
    if (sign == '-') {
      text = text.substr(0, python_strip_end(text));
    } else if (sign != '+' && source_[open + 1] != '{') {
      const size_t line = text.rfind('\n') + 1;  // npos + 1 is 0
      const bool begins = line > 0 || line_starts_;
      if (begins && python_strip_begin(text.substr(line)) == text.size() - line) {
        text = text.substr(0, line);
      }
    }
    add(TokenKind::kText, std::string(text));
    count_lines(open);
    at_ = open + (sign == '-' || sign == '+' ? 3 : 2);
  }

  void read_tag(size_t open) {
    const char kind = source_[open + 1];
    if (kind == '#') return skip_comment();
    const bool print = kind == '{';
    add(print ? TokenKind::kPrintBegin : TokenKind::kTagBegin, "");
    while (true) {
      at_ += python_strip_begin(rest());
      count_lines(at_);
      if (at_ == source_.size()) refuse(line_, "has a tag that is never closed");
      if (open_brackets_ == 0 && take_end(print)) break;
      read_token();
    }
    if (tokens_.size() >= 2 && tokens_.back().text == "raw" &&
        tokens_[tokens_.size() - 2].kind == TokenKind::kTagBegin) {
      refuse(line_, "uses the tag 'raw', which is not known");
    }
    add(print ? TokenKind::kPrintEnd : TokenKind::kTagEnd, "");
  }

  /// Moves behind the end of a tag, and behind what it cuts.
  bool take_end(bool print) {
    const std::string_view end = print ? "}}" : "%}", all = rest();
    const char sign = all.front();
    const bool signed_end = (sign == '-' || (sign == '+' && !print)) &&
                            all.substr(1).starts_with(end);
    if (!signed_end && !all.starts_with(end)) return false;
    at_ += signed_end ? 3 : 2;
    cut_behind(signed_end ? sign : ' ', !print);
    return true;
  }

  void cut_behind(char sign, bool trim) {
    if (sign == '-') at_ += python_strip_begin(rest());
    else if (sign != '+' && trim && rest().starts_with('\n')) ++at_;
  }

  void skip_comment() {
    const size_t end = source_.find("#}", at_);
    if (end == source_.npos) refuse(line_, "has a comment that is never closed");
    const char sign = end > at_ ? source_[end - 1] : ' ';
    at_ = end + 2;
    cut_behind(sign, true);
  }

  void read_token() {
    const char c = source_[at_];
    if (is_digit(c)) return read_number();
    if (is_name(c)) return add(TokenKind::kName, take_while(is_name));
    if (c == '"' || c == '\'') return read_string();
    for (const std::string_view op : kOperators) {
      if (!rest().starts_with(op)) continue;
      balance(op);
      at_ += op.size();
      return add(TokenKind::kOperator, std::string(op));
    }
    refuse(line_, fmt::format("has '{}' where nothing of the kind can stand",
                              printable_start(rest().substr(0, 8))));
  }

  // Within brackets "}}" and "%}" close no tag.
  void balance(std::string_view op) {
    if (op.size() != 1) return;
    if (std::string_view("([{").find(op) != op.npos) ++open_brackets_;
    if (std::string_view(")]}").find(op) == op.npos) return;
    if (open_brackets_ == 0) refuse(line_, fmt::format("has a '{}' that nothing opens", op));
    --open_brackets_;
  }

  template <class Match>
  std::string take_while(const Match& match) {
    const size_t begin = at_;
    while (at_ < source_.size() && match(source_[at_])) ++at_;
    return source_.substr(begin, at_ - begin);
  }

  void read_number() {
    const auto digits = [](char c) { return is_digit(c) || c == '_'; };
    const bool member = !tokens_.empty() && tokens_.back().kind == TokenKind::kOperator &&
                        tokens_.back().text == ".";  // "x.0": the item, no fraction
    std::string number = take_while(digits);
    bool real = false;
    const auto digit_at = [&](size_t place) {
      return place < source_.size() && is_digit(source_[place]);
    };
    if (!member && rest().starts_with('.') && digit_at(at_ + 1)) {
      real = true;
      ++at_;
      number += '.' + take_while(digits);
    }
    if (!member && (rest().starts_with('e') || rest().starts_with('E'))) {
      const bool sign = at_ + 1 < source_.size() &&
                        (source_[at_ + 1] == '+' || source_[at_ + 1] == '-');
      if (digit_at(at_ + (sign ? 2 : 1))) {
        real = true;
        number += source_.substr(at_, sign ? 2 : 1);
        at_ += sign ? 2 : 1;
        number += take_while(digits);
      }
    }
    std::erase(number, '_');
    add(real ? TokenKind::kFloat : TokenKind::kInteger, number);
  }

  void read_string() {
    const char quote = source_[at_];
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) refuse(line_, "has a text that is never closed");
    const std::optional<std::string> text = unescaped(
        std::string_view(source_).substr(at_ + 1, end - at_ - 1));
    if (!text) refuse(line_, "has a text with an escape that is not known");
    add(TokenKind::kString, *text);
    at_ = end + 1;
  }

  const std::string source_;
  std::vector<Token> tokens_;
  size_t at_ = 0, line_ = 1, counted_ = 0, open_brackets_ = 0;
  bool line_starts_ = true;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view source) { return Lexer(source).run(); }

}  // namespace relatum::text::jinja
