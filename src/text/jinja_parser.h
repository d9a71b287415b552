// Parses chat templates: statements in one file, their expressions in another.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja_lexer.h"
#include "text/jinja_tree.h"

namespace relatum::text::jinja {

/// Parses a whole template. Throws Error with the line for what is no Jinja, and naming the
/// construct (a tag, a filter, a test, a function, a method) for what is not known here.
Body parse_template(std::string_view source);

/// A place in a template's tokens.
class Cursor {
 public:
  explicit Cursor(std::span<const Token> tokens) : tokens_(tokens) {}

  const Token& peek(size_t ahead = 0) const;
  const Token& next();
  bool at(TokenKind kind, std::string_view text, size_t ahead = 0) const {
    return peek(ahead).kind == kind && peek(ahead).text == text;
  }
  bool at_operator(std::string_view text) const { return at(TokenKind::kOperator, text); }
  bool at_name(std::string_view text) const { return at(TokenKind::kName, text); }
  /// Moves on where the operator, the name, stands here.
  bool take_operator(std::string_view text);
  bool take_name(std::string_view text);
  void expect_operator(std::string_view text);
  std::string expect_name();
  /// Throws Error: what was expected, and what stands here.
  [[noreturn]] void unexpected(std::string_view expected) const;

 private:
  std::span<const Token> tokens_;  // ends with kEnd
  size_t at_ = 0;
};

/// An expression; without `choices`, no "a if b else c" (as behind "in" of a loop).
Expr parse_expression(Cursor& cursor, bool choices = true);
/// The same, or several with commas between them: a list.
Expr parse_tuple(Cursor& cursor, bool choices = true);

}  // namespace relatum::text::jinja
