// Cuts a chat template into plain text and the tokens of its tags.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::text::jinja {

enum class TokenKind {
  kText,  ///< between tags, white space already cut
  kTagBegin,
  kTagEnd,
  kPrintBegin,
  kPrintEnd,
  kName,
  kString,  ///< its value, escapes read
  kInteger,
  kFloat,
  kOperator,
  kEnd  ///< of the template
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  size_t line = 1;
};

/// Jinja's lexer with trim_blocks and lstrip_blocks, as transformers sets it up: the line end
/// behind a tag goes, so does white space before a tag that begins its line; "-" cuts all white
/// space on its side, "+" keeps it. Comments are left out. Throws Error with the line.
std::vector<Token> tokens_of(std::string_view source);

}  // namespace relatum::text::jinja
