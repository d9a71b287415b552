// Which characters of a prompt style a model's vocabulary cannot hold.
#pragma once

#include <string>
#include <vector>

#include "task/prompt.h"
#include "text/tokenizer.h"

namespace relatum::task {

/// Characters of a style's own texts, each once, in order of their first place.
struct LostCharacters {
  std::vector<std::string> unknown;  ///< they become the unknown token
  std::vector<std::string> gone;     ///< they become nothing, or a blank

  bool empty() const { return unknown.empty() && gone.empty(); }
};

/// Those of the style's literal text and entity markers; what rows and labels bring is not looked
/// at. A character that is spelt in bytes, or that is part of a token of its text (as in an added
/// token "<e1>"), is none of them.
LostCharacters lost_characters(const PromptStyle& style, const text::Tokenizer& tokenizer);

/// One sentence that names them, and another that says which built-in style to use instead; empty
/// where there are none.
std::string lost_characters_warning(const PromptStyle& style, const text::Tokenizer& tokenizer);

}  // namespace relatum::task
