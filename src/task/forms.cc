// ICU's composed form, with a map back to the code points that were there.
#include "task/forms.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace relatum::task {
namespace {

/// A code point of the compared form, and the range of the text that it came from.
struct Seen {
  UChar32 c = 0;
  int64_t start = 0, end = 0;
};

bool invisible(UChar32 c) { return c == 0x200b || c == 0xad || c == 0x2060 || c == 0xfeff; }

const icu::Normalizer2* composer() {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* composed = icu::Normalizer2::getNFCInstance(status);
  return U_SUCCESS(status) ? composed : nullptr;
}

/// Composes the stretch [start, end), which has no influence on its neighbours.
void compose(std::u32string_view points, int64_t start, int64_t end, std::vector<Seen>& out) {
  const auto push = [&](UChar32 c, int64_t from, int64_t to) {
    if (!invisible(c)) out.push_back({u_isUWhiteSpace(c) ? ' ' : c, from, to});
  };
  const icu::Normalizer2* composed = end - start > 1 || points[size_t(start)] > 0x7f ? composer()
                                                                                     : nullptr;
  if (!composed) {
    for (int64_t i = start; i < end; ++i) push(points[size_t(i)], i, i + 1);
    return;
  }
  icu::UnicodeString stretch;
  for (int64_t i = start; i < end; ++i) stretch.append(UChar32(points[size_t(i)]));
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString result = composed->normalize(stretch, status);
  if (U_FAILURE(status) || result == stretch) {
    for (int64_t i = start; i < end; ++i) push(points[size_t(i)], i, i + 1);
    return;
  }
  for (int32_t at = 0; at < result.length(); at = result.moveIndex32(at, 1)) {
    push(result.char32At(at), start, end);
  }
}

std::vector<Seen> as_seen(std::string_view text) {
  const std::u32string points = to_utf32(text);
  const icu::Normalizer2* composed = composer();
  std::vector<Seen> out;
  out.reserve(points.size());
  for (size_t start = 0; start < points.size();) {
    size_t end = start + 1;
    while (end < points.size() && points[end] > 0x7f && composed &&
           !composed->hasBoundaryBefore(points[end])) {
      ++end;
    }
    compose(points, int64_t(start), int64_t(end), out);
    start = end;
  }
  return out;
}

void trim(std::vector<Seen>& seen) {
  while (!seen.empty() && seen.back().c == ' ') seen.pop_back();
  const auto first = std::find_if(seen.begin(), seen.end(),
                                  [](const Seen& s) { return s.c != ' '; });
  seen.erase(seen.begin(), first);
}

bool part_of_word(UChar32 c) {
  constexpr std::array<UScriptCode, 9> kWithoutBlanks = {
      USCRIPT_HAN, USCRIPT_HIRAGANA, USCRIPT_KATAKANA, USCRIPT_HANGUL, USCRIPT_THAI,
      USCRIPT_LAO, USCRIPT_KHMER,    USCRIPT_MYANMAR,  USCRIPT_TIBETAN};
  if (!u_isalnum(c) && !(U_GET_GC_MASK(c) & U_GC_M_MASK)) return false;
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &status);
  return std::find(kWithoutBlanks.begin(), kWithoutBlanks.end(), script) == kWithoutBlanks.end();
}

}  // namespace

std::string seen_form(std::string_view text) {
  if (!utf8_valid(text)) return std::string(text);
  std::vector<Seen> seen = as_seen(text);
  trim(seen);
  std::string form;
  for (const Seen& s : seen) append_utf8(form, char32_t(s.c));
  return form;
}

std::vector<std::pair<int64_t, int64_t>> find_places(std::string_view text, std::string_view part) {
  const std::vector<Seen> hay = as_seen(text);
  std::vector<Seen> needle = as_seen(part);
  trim(needle);
  std::vector<std::pair<int64_t, int64_t>> whole, others;
  if (needle.empty()) return whole;
  const auto same = [](const Seen& a, const Seen& b) { return a.c == b.c; };
  for (auto at = hay.begin(); at != hay.end(); ++at) {
    at = std::search(at, hay.end(), needle.begin(), needle.end(), same);
    if (at == hay.end()) break;
    const int64_t start = at->start, end = (at + int64_t(needle.size()) - 1)->end;
    const bool cuts = (at != hay.begin() && part_of_word((at - 1)->c) && part_of_word(at->c)) ||
                      (at + int64_t(needle.size()) != hay.end() &&
                       part_of_word((at + int64_t(needle.size()) - 1)->c) &&
                       part_of_word((at + int64_t(needle.size()))->c));
    (cuts ? others : whole).emplace_back(start, end);
  }
  return whole.empty() ? others : whole;
}

bool within_word(std::string_view text, int64_t at) {
  if (at <= 0) return false;
  const std::u32string around = to_utf32(utf8_slice(text, at - 1, at + 1));
  return around.size() == 2 && part_of_word(around[0]) && part_of_word(around[1]);
}

}  // namespace relatum::task
