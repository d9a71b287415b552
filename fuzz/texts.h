// What the targets hold texts and tokenizers to.
#pragma once

#include <string>
#include <string_view>

#include "target.h"
#include "text/tokenizer.h"

namespace relatum::fuzz {

/// A promise of every reader: what it hands out is UTF-8.
void require_utf8(const std::string& text);

/// Encodes and decodes `text` in every way, and wraps it in the tokenizer's chat format.
void use_tokenizer(const text::Tokenizer& tokenizer, std::string_view text);

}  // namespace relatum::fuzz
