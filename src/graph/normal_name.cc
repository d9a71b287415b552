// Forms and case that Unicode has as one, then one walk over the characters.
#include "graph/normal_name.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "base/utf8.h"
#include "text/normal_form.h"
#include "text/unicode.h"

namespace relatum::graph {
namespace {

using text::NormalForm;

bool is_apostrophe(char32_t c) {
  return c == U'\'' || c == U'\u2018' || c == U'\u2019' || c == U'\u02bc';
}

bool is_separator(char32_t c) {
  static const std::u32string kKept = U"&#%@*";
  return text::is_white_space(c) || (u_ispunct(UChar32(c)) && kKept.find(c) == kKept.npos);
}

std::u32string folded(std::string_view name) {
  std::u32string text = text::normal_form(to_utf32(name), NormalForm::kNfkc);
  text = text::normal_form(to_utf32(text::fold_case(to_utf8(text))), NormalForm::kNfkc);
  std::erase_if(text, [](char32_t c) {
    return u_hasBinaryProperty(UChar32(c), UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
  });
  return text;
}

// What stands for text[i]: itself, a blank, or nothing (0).
char32_t plain(const std::u32string& text, size_t i) {
  const char32_t c = text[i];
  const auto digit = [&](size_t at) { return at < text.size() && u_isdigit(UChar32(text[at])); };
  if (is_apostrophe(c)) return 0;
  if ((c == U'.' || c == U',') && i > 0 && digit(i - 1) && digit(i + 1)) return c;
  // One at a word's beginning tells ".NET" from "net".
  if (c == U'.' && (i == 0 || text::is_white_space(text[i - 1])) && i + 1 < text.size()) return c;
  if (c == U'.' && i > 0 && u_isalpha(UChar32(text[i - 1]))) return 0;
  return is_separator(c) ? U' ' : c;
}

std::string one_blank(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : text) {
    const bool blank = text::is_white_space(c);
    if (blank && (result.empty() || result.back() == U' ')) continue;
    result += blank ? U' ' : c;
  }
  while (!result.empty() && result.back() == U' ') result.pop_back();
  return to_utf8(result);
}

}  // namespace

std::string one_line(std::string_view name) { return one_blank(to_utf32(name)); }

std::string normal_name(std::string_view name, const NameRules& rules) {
  const std::u32string text = folded(name);
  std::u32string kept;
  for (size_t i = 0; i < text.size(); ++i) {
    if (const char32_t c = plain(text, i)) kept += c;
  }
  const std::string result = one_blank(kept);
  return result.empty() ? one_blank(text) : without_article(result, rules);
}

std::string without_article(std::string normal, const NameRules& rules) {
  for (const std::string& article : rules.articles) {
    if (!normal.starts_with(article + ' ')) continue;
    normal.erase(0, article.size() + 1);
    break;
  }
  return normal;
}

}  // namespace relatum::graph
