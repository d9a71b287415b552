// ICU composes; blanks at the ends go.
#include "task/comparable.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

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

}  // namespace relatum::task
