// Parses statements: the tags of a template, and what stands between them.
#include "text/jinja_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"

namespace relatum::text::jinja {
namespace {

constexpr int kDeepest = 50;           // tags within tags
constexpr size_t kLargest = 1u << 20;  // bytes of a template: published ones have thousands

class Parser {
 public:
  explicit Parser(std::span<const Token> tokens) : cursor_(tokens) {}

  Body whole() {
    Body all = body({});
    if (cursor_.peek().kind != TokenKind::kEnd) cursor_.unexpected("the template's end");
    return all;
  }

 private:
  size_t line() const { return cursor_.peek().line; }

  /// Statements up to a tag of one of these names, whose name is next then.
  Body body(std::initializer_list<std::string_view> ends) {
    if (++depth_ > kDeepest) refuse(line(), "nests its tags too deep");
    Body statements;
    while (cursor_.peek().kind != TokenKind::kEnd) {
      const Token& token = cursor_.next();
      if (token.kind == TokenKind::kText) {
        statements.push_back(statement(StatementKind::kText, token.line));
        statements.back().text = token.text;
      } else if (token.kind == TokenKind::kPrintBegin) {
        statements.push_back(statement(StatementKind::kPrint, token.line));
        statements.back().exprs.push_back(parse_tuple(cursor_));
        close(TokenKind::kPrintEnd);
      } else {
        const Token& name = cursor_.peek();
        if (std::ranges::find(ends, name.text) != ends.end()) break;
        statements.push_back(tag());
      }
    }
    --depth_;
    return statements;
  }

  static Statement statement(StatementKind kind, size_t line) {
    Statement made;
    made.kind = kind;
    made.line = line;
    return made;
  }

  void close(TokenKind kind) {
    if (cursor_.peek().kind != kind) cursor_.unexpected("the tag's end");
    cursor_.next();
  }

  /// The end tag that closes a body.
  void end(std::string_view name, size_t opened) {
    if (!cursor_.take_name(name)) {
      refuse(opened, fmt::format("has a tag that no '{}' closes", name));
    }
    close(TokenKind::kTagEnd);
  }

  Statement tag() {
    const size_t at = line();
    const std::string name = cursor_.expect_name();
    if (name == "if") return parse_if(at);
    if (name == "for") return parse_for(at);
    if (name == "set") return parse_set(at);
    if (name == "with") return parse_with(at);
    if (name == "generation") return parse_generation(at);
    if (name == "break" || name == "continue") {
      if (loops_ == 0) refuse(at, fmt::format("has a '{}' outside a loop", name));
      close(TokenKind::kTagEnd);
      return statement(name == "break" ? StatementKind::kBreak : StatementKind::kContinue, at);
    }
    refuse(at, fmt::format("uses the tag '{}', which is not known", printable_start(name)));
  }

  Statement parse_if(size_t at) {
    Statement made = statement(StatementKind::kIf, at);
    do {
      made.exprs.push_back(parse_tuple(cursor_));
      close(TokenKind::kTagEnd);
      made.bodies.push_back(body({"elif", "else", "endif"}));
    } while (cursor_.take_name("elif"));
    if (cursor_.take_name("else")) {
      close(TokenKind::kTagEnd);
      made.bodies.push_back(body({"endif"}));
    }
    end("endif", at);
    return made;
  }

  Statement parse_for(size_t at) {
    Statement made = statement(StatementKind::kFor, at);
    made.targets = targets();
    if (!cursor_.take_name("in")) cursor_.unexpected("'in'");
    made.exprs.push_back(parse_tuple(cursor_, false));
    if (cursor_.take_name("if")) made.exprs.push_back(parse_expression(cursor_));
    if (cursor_.at_name("recursive")) refuse(at, "uses a recursive loop, which is not known");
    close(TokenKind::kTagEnd);
    ++loops_;
    made.bodies.push_back(body({"endfor", "else"}));
    --loops_;
    if (cursor_.take_name("else")) {
      close(TokenKind::kTagEnd);
      made.bodies.push_back(body({"endfor"}));
    }
    end("endfor", at);
    return made;
  }

  /// The statement with all up to its end tag as its body.
  Statement block(Statement made, std::string_view name, size_t at) {
    close(TokenKind::kTagEnd);
    made.bodies.push_back(body({name}));
    end(name, at);
    return made;
  }

  /// Names with commas between them, in brackets or not.
  std::vector<std::string> targets() {
    const bool brackets = cursor_.take_operator("(");
    std::vector<std::string> names;
    do {
      names.push_back(cursor_.expect_name());
    } while (cursor_.take_operator(","));
    if (brackets) cursor_.expect_operator(")");
    return names;
  }

  Statement parse_set(size_t at) {
    Statement made = statement(StatementKind::kSet, at);
    made.targets = targets();
    if (cursor_.take_operator(".")) {
      if (made.targets.size() > 1) cursor_.unexpected("'='");
      made.member = cursor_.expect_name();
    }
    if (cursor_.take_operator("=")) {
      made.exprs.push_back(parse_tuple(cursor_));
      close(TokenKind::kTagEnd);
      return made;
    }
    if (cursor_.at_operator("|")) refuse(at, "sets a block through a filter, which is not known");
    return block(std::move(made), "endset", at);
  }

  Statement parse_with(size_t at) {
    Statement made = statement(StatementKind::kBlock, at);
    while (cursor_.peek().kind == TokenKind::kName) {
      made.targets.push_back(cursor_.expect_name());
      cursor_.expect_operator("=");
      made.exprs.push_back(parse_expression(cursor_));
      if (!cursor_.take_operator(",")) break;
    }
    return block(std::move(made), "endwith", at);
  }

  // Marks an assistant's turn for training; nothing of its own is printed.
  Statement parse_generation(size_t at) {
    Statement made = statement(StatementKind::kBlock, at);
    return block(std::move(made), "endgeneration", at);
  }

  Cursor cursor_;
  int depth_ = 0, loops_ = 0;
};

}  // namespace

const Token& Cursor::peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& Cursor::next() {
  const Token& token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Cursor::take_operator(std::string_view text) {
  if (!at_operator(text)) return false;
  next();
  return true;
}

bool Cursor::take_name(std::string_view text) {
  if (!at_name(text)) return false;
  next();
  return true;
}

void Cursor::expect_operator(std::string_view text) {
  if (!take_operator(text)) unexpected(fmt::format("'{}'", text));
}

std::string Cursor::expect_name() {
  if (peek().kind != TokenKind::kName) unexpected("a name");
  return next().text;
}

void Cursor::unexpected(std::string_view expected) const {
  const Token& token = peek();
  const bool end = token.kind == TokenKind::kTagEnd || token.kind == TokenKind::kPrintEnd;
  const std::string seen = end ? "the tag's end"
                           : token.kind == TokenKind::kEnd
                               ? "the template's end"
                               : "'" + printable_start(token.text) + "'";
  refuse(token.line, fmt::format("has {} where {} is expected", seen, expected));
}

Body parse_template(std::string_view source) {
  if (source.size() > kLargest) refuse(0, fmt::format("has more than {} bytes", kLargest));
  return Parser(tokens_of(source)).whole();
}

}  // namespace relatum::text::jinja
