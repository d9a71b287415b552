// BERT's cleaning, and the chain of steps.
#include "text/normalizer.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/normal_form.h"
#include "text/unicode.h"

namespace relatum::text {
namespace {

/// The blocks that BERT calls Chinese (Google's basic_tokenizer; the gap 2B820–2B91F is its own).
bool is_cjk(char32_t c) {
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
         (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b81f) ||
         (c >= 0x2b920 && c <= 0x2ceaf) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0x2f800 && c <= 0x2fa1f);
}

std::u32string clean(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c == 0xfffd || is_bert_control(c)) continue;
    out += is_white_space(c) ? U' ' : c;
  }
  return out;
}

std::u32string space_cjk(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (is_cjk(c)) out.append({U' ', c, U' '});
    else out += c;
  }
  return out;
}

std::u32string strip_accents(std::u32string_view text) {
  std::u32string out = normal_form(text, NormalForm::kNfd);
  std::erase_if(out, is_bert_accent);
  return out;
}

}  // namespace

NormalizerStep bert_normalizer(const BertCleaning& cleaning) {
  return [cleaning](std::u32string_view text) {
    std::u32string out(text);
    if (cleaning.clean_text) out = clean(out);
    if (cleaning.handle_chinese_chars) out = space_cjk(out);
    if (cleaning.strip_accents) out = strip_accents(out);
    if (cleaning.lowercase) out = lower_case(out);
    return out;
  };
}

std::string normalize(const Normalizer& steps, std::string_view valid) {
  if (steps.empty()) return std::string(valid);
  std::u32string text = to_utf32(valid);
  for (const NormalizerStep& step : steps) text = step(text);
  return to_utf8(text);
}

}  // namespace relatum::text
