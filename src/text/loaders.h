// The parts of load_tokenizer: one function per kind of file. Not for other rooms.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "text/bpe.h"
#include "text/pipeline_tokenizer.h"

namespace relatum::text {

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const std::filesystem::path& file);
/// `folder` holds tokenizer.json, vocab.txt, a SentencePiece model or tekken*.json, and perhaps
/// tokenizer_config.json.
std::unique_ptr<Tokenizer> load_folder_tokenizer(const std::filesystem::path& folder);
/// `file` is Mistral's Tekken (tekken*.json).
std::unique_ptr<Tokenizer> load_tekken(const std::filesystem::path& file);
/// `model` is a SentencePiece model (tokenizer.model, spiece.model, sentencepiece.bpe.model) in
/// such a folder.
std::unique_ptr<Tokenizer> load_sentence_piece(const std::filesystem::path& model);

/// "normalizer" of tokenizer.json (null: no steps). Throws Error listing the supported types.
Normalizer parse_normalizer(const nlohmann::json* value, const std::string& place);
/// "decoder" of a model that is neither byte-level nor WordPiece (null: a space between tokens).
/// Throws Error listing the supported types.
Decoder parse_decoder(const nlohmann::json* value, const std::string& place);
/// The members of "Metaspace", as a pre-tokenizer and as a decoder.
Metaspace parse_metaspace(const nlohmann::json& value, const std::string& place);
/// Throws Error: `what` of a kind that is not supported, and those that are.
[[noreturn]] void unsupported_part(const std::string& what, const std::string& type,
                                   const std::string& known, const std::string& place);
/// "merges" of tokenizer.json's BPE, "a b" or ["a", "b"] each; the views point into `model`. Throws
/// Error naming the merge that is neither.
Merges parse_merges(const nlohmann::json& model, const std::string& place);
/// The bytes of tokenizer.json's precompiled_charsmap; Error where `text` is no Base64.
std::string char_map_bytes(const std::string& text, const std::string& place);
/// Refuses a normaliser or decoder that can make a text thousands of times as long.
void check_growth(const nlohmann::json& value, const std::string& place);
/// "pre_tokenizer"; `last_is_byte_level` says whether bytes, not characters, reach the model.
SplitSteps parse_pre_tokenizer(const nlohmann::json* value, const std::string& place,
                               bool& last_is_byte_level);
/// "post_processor": what goes before and after a single text.
void parse_post_processor(const nlohmann::json* value, const std::string& place,
                          TokenizerInfo& info);

/// Refuses settings of tokenizer_config.json by name that change ids and are not honoured, and
/// those that contradict tokenizer.json (`root`): Hugging Face's loaders differ about them.
void check_config(const std::filesystem::path& folder, const nlohmann::json& root);

/// What tokenizer_config.json (or special_tokens_map.json) beside it says, applied to `info`.
void apply_config(const std::filesystem::path& folder, TokenizerInfo& info);

/// Throws Error unless `id` names a token; `what` is the key, for the message.
int32_t checked_id(int64_t id, const Vocabulary& vocabulary, const std::string& what,
                   const std::string& place);

}  // namespace relatum::text
