// What a tokenizer does, as one hash.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "text/added_tokens.h"
#include "text/tokenizer.h"

namespace relatum::text {

/// What tokenizer.json says of how text is cut, in one form: without the vocabulary, what it says
/// of truncation, padding and decoding, and members that are null, false or empty; merges as "a b",
/// Unigram's scores by id.
std::string tokenizer_rules(const nlohmann::json& root);
/// The flags of added tokens, whichever file they are from.
std::string tokenizer_rules(std::span<const AddedToken> added);

/// SHA-256 of what decides the ids of a text: all tokens by id, special ids, what is added before
/// and after a text, and the rules. Of a GGUF's rules only SentencePiece's scores, types, table and
/// switches: the others are one file with its weights.
std::string tokenizer_hash(const Tokenizer& tokenizer);

}  // namespace relatum::text
