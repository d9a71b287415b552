// The normaliser as tokenizer.json spells it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"
#include "text/base64.h"
#include "text/loaders.h"
#include "text/normal_form.h"
#include "text/unicode.h"

namespace relatum::text {
namespace {

using nlohmann::json;

// Honest files replace a space by the three bytes of U+2581, once.
constexpr double kMostGrowth = 4096;

NormalizerStep form_step(NormalForm form) {
  return [form](std::u32string_view text) { return normal_form(text, form); };
}

NormalizerStep bert_step_of(const json& value, const std::string& place) {
  BertCleaning cleaning;
  cleaning.clean_text = io::get_bool(value, "clean_text", true, place);
  cleaning.handle_chinese_chars = io::get_bool(value, "handle_chinese_chars", true, place);
  cleaning.lowercase = io::get_bool(value, "lowercase", true, place);
  // null: accents go where case goes.
  cleaning.strip_accents = io::get_bool(value, "strip_accents", cleaning.lowercase, place);
  return bert_normalizer(cleaning);
}

NormalizerStep replace_of(const json& value, const std::string& place) {
  const json& pattern = io::require_object(value, "pattern", place);
  const std::string to = io::require_string(value, "content", place);
  if (!io::find(pattern, "String")) {
    return replace_pattern_step(io::require_string(pattern, "Regex", place), to, place);
  }
  const std::string from = io::require_string(pattern, "String", place);
  if (from.empty()) {
    fail("text.json", fmt::format("{}: a Replace normalizer looks for an empty text. Correct the "
                                  "file.",
                                  place));
  }
  return replace_step(to_utf32(from), to_utf32(to));
}

double growth_of(const json& value) {
  double growth = 1;
  const auto size = [&](const json* member) {
    return member && member->is_string() ? double(member->get_ref<const std::string&>().size()) : 0;
  };
  growth += size(io::find(value, "prepend"));
  if (const json* pattern = io::find(value, "pattern")) {
    const double from = size(io::find(*pattern, "String"));
    const double to = size(io::find(value, "content"));
    growth = std::max(1.0, from > 0 ? to / from : to + 1);
  }
  for (const char* list : {"normalizers", "decoders"}) {
    const json* parts = io::find(value, list);
    if (!parts || !parts->is_array()) continue;
    for (const json& part : *parts) growth *= growth_of(part);
  }
  return growth;
}

Normalizer steps_of(const json& value, const std::string& place) {
  const std::string type = io::require_string(value, "type", place);
  if (type == "BertNormalizer") return {bert_step_of(value, place)};
  if (type == "NFC") return {form_step(NormalForm::kNfc)};
  if (type == "NFD") return {form_step(NormalForm::kNfd)};
  if (type == "NFKC") return {form_step(NormalForm::kNfkc)};
  if (type == "NFKD") return {form_step(NormalForm::kNfkd)};
  if (type == "Lowercase") return {[](std::u32string_view text) { return lower_case(text); }};
  if (type == "Prepend") {
    return {prepend_step(to_utf32(io::require_string(value, "prepend", place)))};
  }
  if (type == "Replace") return {replace_of(value, place)};
  if (type == "Strip") {
    return {strip_step(io::require_bool(value, "strip_left", place),
                       io::require_bool(value, "strip_right", place))};
  }
  if (type == "Precompiled") {
    const std::string text = io::get_string(value, "precompiled_charsmap", "", place);
    if (text.empty()) return {};
    return {grapheme_map_step(std::make_shared<const CharMap>(char_map_bytes(text, place), place))};
  }
  if (type == "Sequence") {
    Normalizer steps;
    for (const json& part : io::require_array(value, "normalizers", place)) {
      for (NormalizerStep& step : steps_of(part, place)) steps.push_back(std::move(step));
    }
    return steps;
  }
  unsupported_part("the normalizer", type,
                   "Sequence, BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace, "
                   "Strip, Precompiled",
                   place);
}

}  // namespace

std::string char_map_bytes(const std::string& text, const std::string& place) {
  std::optional<std::string> bytes = decode_base64(text);
  if (!bytes) {
    fail("text.json", fmt::format("{}: precompiled_charsmap is not Base64. The file is broken: "
                                  "fetch it again.",
                                  place));
  }
  return std::move(*bytes);
}

void check_growth(const json& value, const std::string& place) {
  if (growth_of(value) <= kMostGrowth) return;
  fail("text.json", fmt::format("{}: its replacements can make a text more than {:.0f} times as "
                                "long. This tokenizer is not supported.",
                                place, kMostGrowth));
}

Normalizer parse_normalizer(const json* value, const std::string& place) {
  if (!value) return {};
  check_growth(*value, place);
  return steps_of(*value, place);
}

}  // namespace relatum::text
