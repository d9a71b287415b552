// Decomposition, ordering of marks and composition, with ICU's data.
#include "text/normal_form.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace relatum::text {
namespace {

constexpr char32_t kFirstAffected = 0xa0;  // below it, characters are the same in all forms
constexpr int kVersion = 9;                // of the tables that tokenizers 0.23 was built with

struct Mark {
  char32_t c;
  uint8_t order;  // canonical combining class; 0 starts a new sequence
};

/// Characters younger than the tables are inert: no decomposition, no combining class.
bool is_known(char32_t c) {
  UVersionInfo version;
  u_charAge(static_cast<UChar32>(c), version);
  return version[0] <= kVersion;
}

const icu::Normalizer2& tables(NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const bool compatible = form == NormalForm::kNfkc || form == NormalForm::kNfkd;
  const icu::Normalizer2* found = compatible ? icu::Normalizer2::getNFKDInstance(status)
                                             : icu::Normalizer2::getNFDInstance(status);
  RELATUM_CHECK(U_SUCCESS(status));
  return *found;
}

void decompose(char32_t c, const icu::Normalizer2& tables, std::vector<Mark>& out) {
  icu::UnicodeString parts;
  if (c < kFirstAffected || !is_known(c)) {
    out.push_back({c, 0});
  } else if (!tables.getDecomposition(static_cast<UChar32>(c), parts)) {
    out.push_back({c, tables.getCombiningClass(static_cast<UChar32>(c))});
  } else {
    for (int32_t i = 0; i < parts.length(); i = parts.moveIndex32(i, 1)) {
      const UChar32 part = parts.char32At(i);
      out.push_back({char32_t(part), tables.getCombiningClass(part)});
    }
  }
}

void order_marks(std::vector<Mark>& marks) {
  const auto starts = [](const Mark& m) { return m.order == 0; };
  for (auto at = marks.begin(); at != marks.end();) {
    at = std::find_if_not(at, marks.end(), starts);
    const auto end = std::find_if(at, marks.end(), starts);
    std::stable_sort(at, end, [](const Mark& a, const Mark& b) { return a.order < b.order; });
    at = end;
  }
}

/// Composes in place: a mark joins the last starter unless something between them blocks it.
void compose(std::vector<Mark>& marks) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* pairs = icu::Normalizer2::getNFCInstance(status);
  RELATUM_CHECK(U_SUCCESS(status));
  size_t out = 0, starter = 0;
  bool has_starter = false;
  int last_order = -1;  // of what was kept since the starter; -1: nothing yet
  for (const Mark mark : marks) {
    const bool adjacent = last_order < int(mark.order);
    if (has_starter && adjacent) {
      const UChar32 whole = pairs->composePair(static_cast<UChar32>(marks[starter].c),
                                               static_cast<UChar32>(mark.c));
      if (whole >= 0 && is_known(char32_t(whole))) {
        marks[starter].c = char32_t(whole);
        continue;
      }
    }
    if (mark.order == 0) {
      starter = out;
      has_starter = true;
      last_order = -1;
    } else {
      last_order = mark.order;
    }
    marks[out++] = mark;
  }
  marks.resize(out);
}

}  // namespace

std::u32string normal_form(std::u32string_view text, NormalForm form) {
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < kFirstAffected; })) {
    return std::u32string(text);
  }
  std::vector<Mark> marks;
  marks.reserve(text.size());
  const icu::Normalizer2& data = tables(form);
  for (const char32_t c : text) decompose(c, data, marks);
  order_marks(marks);
  if (form == NormalForm::kNfc || form == NormalForm::kNfkc) compose(marks);
  std::u32string out;
  out.reserve(marks.size());
  for (const Mark& mark : marks) out += mark.c;
  return out;
}

}  // namespace relatum::text
