// ICU composes; blanks at the ends go.
#include "task/comparable.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "task/utf8.h"

namespace relatum::task {

std::string comparable(std::string_view text) {
  if (!utf8_valid(text)) return std::string(text);
  icu::UnicodeString units =
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())));
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* composer = icu::Normalizer2::getNFCInstance(status);
  if (U_SUCCESS(status)) units = composer->normalize(units, status);
  if (U_FAILURE(status)) return std::string(text);
  int32_t start = 0, end = units.length();
  while (start < end && u_isUWhiteSpace(units.charAt(start))) ++start;
  while (end > start && u_isUWhiteSpace(units.charAt(end - 1))) --end;
  std::string form;
  units.tempSubStringBetween(start, end).toUTF8String(form);
  return form;
}

std::string comparable_id(std::string_view id) {
  std::string form = comparable(id);
  const size_t point = form.find('.');
  if (point == form.npos || point == 0 || point + 1 == form.size()) return form;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto middle = form.begin() + std::ptrdiff_t(point);
  if (std::all_of(form.begin(), middle, is_digit) &&
      std::all_of(middle + 1, form.end(), [](char c) { return c == '0'; }))
    form.resize(point);
  return form;
}

}  // namespace relatum::task
