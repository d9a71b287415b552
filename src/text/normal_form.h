// Unicode normalisation forms, as Hugging Face tokenizers computes them (Unicode 9.0).
#pragma once

#include <string>
#include <string_view>

namespace relatum::text {

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };

/// `text` in the given form (Unicode Standard Annex 15). O(n log n) on any input, also on a
/// million combining marks in a row, where ICU's own normaliser takes quadratic time.
std::u32string normal_form(std::u32string_view text, NormalForm form);

}  // namespace relatum::text
