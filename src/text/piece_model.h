// What a SentencePiece model file (protobuf, "ModelProto") says, and the file that says only that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/token_type.h"

namespace relatum::text {

/// The library trusts what it reads: a table that leads out of itself makes it read foreign memory.
/// So the file is read here, checked, and written anew for the library, field by field.
struct PieceModel {
  enum Kind { kUnigram = 1, kBpe = 2 };

  struct Piece {
    std::string text;
    float score = 0;
    int type = kNormalToken;
  };
  struct Spaces {  ///< normalizer_spec; the members' values are SentencePiece's where it is silent
    std::string char_map;
    bool add_dummy_prefix = true;
    bool remove_extra = true;
    bool escape = true;
  };

  std::vector<Piece> pieces;  ///< by id
  int kind = kUnigram;
  bool byte_fallback = false;
  bool sign_behind = false;  ///< treat_whitespace_as_suffix
  std::string unk_surface = " \u2047 ";
  Spaces spaces;

  int32_t unk() const;  ///< the one piece of that type
};

/// Throws Error naming `place` for what is no such file, or is one that cannot be honoured.
PieceModel parse_piece_model(std::string_view bytes, const std::string& place);

/// The same as a file. Control pieces get texts that none can spell.
std::string piece_model_bytes(const PieceModel& model);

}  // namespace relatum::text
