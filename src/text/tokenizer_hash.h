// What a tokenizer does, as one hash.
#pragma once

#include <filesystem>
#include <string>

#include "text/tokenizer.h"

namespace relatum::text {

/// SHA-256 of what decides the ids of a text: all tokens by id, special ids, what is added before
/// and after a text, and the rules of tokenizer.json in `place` where that is a folder. The file's
/// layout does not matter, nor what it says of truncation and padding.
std::string tokenizer_hash(const Tokenizer& tokenizer, const std::filesystem::path& place);

}  // namespace relatum::text
