// SentencePiece's pieces for a GGUF file, from its own file or a tokenizer.json. Not for other
// rooms.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/token_type.h"

namespace relatum::text {

constexpr float kNoScore = -1000;  ///< of tokens that no text is spelt with

struct GgufPieces {
  bool bpe = true;             ///< merges by score, else Unigram
  std::vector<float> scores;   ///< by id
  std::vector<int32_t> types;  ///< by id
  bool prefix = true;          ///< a space goes in front of a text
  bool merge_spaces = false;
  std::string char_map;
};

/// Nothing where the folder's tokenizer is of neither kind. `root`: tokenizer.json, or an empty
/// object.
std::optional<GgufPieces> find_pieces(const std::filesystem::path& folder,
                                      const nlohmann::json& root);

/// Steps of a normaliser or pre-tokenizer (`key` of tokenizer.json), sequences, whose steps stand
/// under `list`, taken apart.
std::vector<const nlohmann::json*> parts_of(const nlohmann::json& root, const char* key,
                                            const char* list);

}  // namespace relatum::text
