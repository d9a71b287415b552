// What a piece of a vocabulary is.
#pragma once

#include <cstdint>

namespace relatum::text {

/// SentencePiece's numbers (ModelProto.SentencePiece.Type), which GGUF's tokenizer.ggml.token_type
/// has, too.
enum TokenType : int32_t {
  kNormalToken = 1,
  kUnknownToken = 2,
  kControlToken = 3,
  kUserToken = 4,
  kUnusedToken = 5,
  kByteToken = 6
};

}  // namespace relatum::text
