// What happens to text before it is cut into words: cleaning, case, accents, normal forms.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/char_map.h"

namespace relatum::text {

/// Steps applied in order to the code points of the text; empty: the text stays as it is.
using NormalizerStep = std::function<std::u32string(std::u32string_view)>;
using Normalizer = std::vector<NormalizerStep>;

/// BERT's cleaning. Defaults are those of the uncased models.
struct BertCleaning {
  bool clean_text = true;            ///< control characters go, white space becomes a space
  bool handle_chinese_chars = true;  ///< spaces around CJK ideographs
  bool strip_accents = true;         ///< NFD, then without non-spacing marks
  bool lowercase = true;
};
NormalizerStep bert_normalizer(const BertCleaning& cleaning);

/// "Prepend": `sign` in front of a text that is not empty.
NormalizerStep prepend_step(std::u32string sign);
/// "Replace" of a plain text that is not empty.
NormalizerStep replace_step(std::u32string from, std::u32string to);
/// "Replace" of what a regular expression matches. Throws Error naming `place` for one that
/// IcuPattern refuses.
NormalizerStep replace_pattern_step(const std::string& pattern, std::string to,
                                    const std::string& place);
/// "Strip": without white space at the ends that are named.
NormalizerStep strip_step(bool left, bool right);
/// "Precompiled", as Hugging Face applies it: a grapheme cluster of less than six bytes becomes
/// what the shortest of its beginnings becomes that the table has; otherwise its characters do.
NormalizerStep grapheme_map_step(std::shared_ptr<const CharMap> map);

/// SentencePiece's own order (normalizer.cc there, llm_tokenizer_ugm_session in llama.cpp): the
/// longest beginning that the table has is replaced, then spaces become signs (U+2581).
struct PieceSpaces {
  bool prepend = false;  ///< a sign in front of the first word
  bool merge = false;    ///< one sign for a run of spaces, none at the end
};
/// Without a table (nullptr) no character is replaced.
NormalizerStep piece_step(std::shared_ptr<const CharMap> map, PieceSpaces spaces);

/// `valid` after all steps.
std::string normalize(const Normalizer& steps, std::string_view valid);

}  // namespace relatum::text
