// Finds the commas between an array's elements, minding strings and nesting.
#include "task/json_array.h"

#include <fmt/format.h>

namespace relatum::task {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Reads forward through a text and counts its lines.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  bool ended() const { return at_ >= text_.size(); }
  char here() const { return text_[at_]; }
  size_t at() const { return at_; }
  int64_t line() const { return line_; }
  void step() {
    const bool pair = text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
    line_ += text_[at_] == '\n' || (text_[at_] == '\r' && !pair);
    ++at_;
  }
  void skip_space() {
    while (!ended() && is_space(here())) step();
  }
  void skip_string() {
    step();
    while (!ended() && here() != '"') {
      if (here() == '\\') step();
      if (!ended()) step();
    }
    if (!ended()) step();
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

/// Moves behind one element: to the comma or to what ends its list, or to the end.
void skip_element(Cursor& cursor, char close = ']') {
  int64_t depth = 0;
  while (!cursor.ended()) {
    const char c = cursor.here();
    if (c == '"') {
      cursor.skip_string();
      continue;
    }
    if (depth == 0 && (c == ',' || c == close)) return;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    cursor.step();
  }
}

}  // namespace

JsonFault walk_json_array(std::string_view text,
                          const std::function<void(const JsonElement&)>& each) {
  Cursor cursor(text);
  cursor.skip_space();
  if (cursor.ended() || cursor.here() != '[') {
    return {cursor.line(), "expected a JSON array, which starts with '['"};
  }
  cursor.step();
  cursor.skip_space();
  if (!cursor.ended() && cursor.here() == ']') return {};
  for (int64_t number = 1;; ++number) {
    cursor.skip_space();
    const size_t begin = cursor.at();
    const int64_t line = cursor.line();
    skip_element(cursor);
    if (!cursor.ended() && cursor.at() == begin) {
      return {line, fmt::format("expected row {}, got '{}'. Take away the comma that is too many",
                                number, cursor.here())};
    }
    if (cursor.ended()) {
      return {cursor.line(),
              fmt::format("the array ends within its row {}. The file may be cut: compare its size",
                          number)};
    }
    each({text.substr(begin, cursor.at() - begin), line, number});
    if (cursor.here() == ']') break;
    cursor.step();
  }
  cursor.step();
  cursor.skip_space();
  if (cursor.ended()) return {};
  return {cursor.line(), "something follows the array's end. Put all rows into one array"};
}

JsonFault walk_json_object(
    std::string_view text,
    const std::function<void(std::string_view key, const JsonElement& value)>& each) {
  Cursor cursor(text);
  cursor.skip_space();
  if (cursor.ended() || cursor.here() != '{') {
    return {cursor.line(), "expected a JSON object, which starts with '{'"};
  }
  cursor.step();
  cursor.skip_space();
  if (!cursor.ended() && cursor.here() == '}') return {};
  for (int64_t number = 1;; ++number) {
    cursor.skip_space();
    if (cursor.ended() || cursor.here() != '"') {
      return {cursor.line(), fmt::format("expected key {} in quotes", number)};
    }
    const size_t begin = cursor.at();
    cursor.skip_string();
    const std::string_view key = text.substr(begin + 1, cursor.at() - begin - 2);
    cursor.skip_space();
    if (cursor.ended() || cursor.here() != ':') {
      return {cursor.line(), fmt::format("expected ':' behind key {}", number)};
    }
    cursor.step();
    cursor.skip_space();
    const size_t value = cursor.at();
    const int64_t line = cursor.line();
    skip_element(cursor, '}');
    if (cursor.ended()) {
      return {cursor.line(), fmt::format("the object ends within the value of key {}. The file may "
                                         "be cut: compare its size",
                                         number)};
    }
    each(key, {text.substr(value, cursor.at() - value), line, number});
    if (cursor.here() == '}') break;
    cursor.step();
  }
  cursor.step();
  cursor.skip_space();
  if (cursor.ended()) return {};
  return {cursor.line(), "something follows the object's end"};
}

}  // namespace relatum::task
