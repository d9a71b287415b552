// What happens to text before it is cut into words: cleaning, case, accents, normal forms.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

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

/// `valid` after all steps.
std::string normalize(const Normalizer& steps, std::string_view valid);

}  // namespace relatum::text
