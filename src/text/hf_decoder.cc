// The decoder as tokenizer.json spells it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"
#include "text/loaders.h"

namespace relatum::text {
namespace {

using nlohmann::json;

DecoderStep replace_of(const json& value, const std::string& place) {
  const json& pattern = io::require_object(value, "pattern", place);
  const std::string from = io::get_string(pattern, "String", "", place);
  if (from.empty()) {
    fail("text.json", fmt::format("{}: a Replace decoder has the pattern {}, expected a text "
                                  "(\"String\"). This decoder is not supported.",
                                  place, io::dump_json(pattern)));
  }
  return replace_in_tokens(from, io::require_string(value, "content", place));
}

DecoderStep strip_of(const json& value, const std::string& place) {
  const std::string content = io::get_string(value, "content", " ", place);
  const int64_t start = io::get_int(value, "start", 0, place);
  const int64_t stop = io::get_int(value, "stop", 0, place);
  if (utf8_length(content) != 1 || start < 0 || stop < 0) {
    fail("text.json", fmt::format("{}: the Strip decoder is {}, expected one character and counts "
                                  "from 0. Correct the file.",
                                  place, io::dump_json(value)));
  }
  return strip_tokens(content, size_t(start), size_t(stop));
}

Decoder steps_of(const json& value, const std::string& place) {
  const std::string type = io::require_string(value, "type", place);
  if (type == "Replace") return {replace_of(value, place)};
  if (type == "ByteFallback") return {join_bytes()};
  if (type == "Fuse") return {fuse_tokens()};
  if (type == "Strip") return {strip_of(value, place)};
  if (type == "Metaspace") {
    const Metaspace rule = parse_metaspace(value, place);
    return {signs_to_spaces(rule.sign, rule.prepend != Prepend::kNever)};
  }
  if (type == "Sequence") {
    Decoder steps;
    for (const json& part : io::require_array(value, "decoders", place)) {
      for (DecoderStep& step : steps_of(part, place)) steps.push_back(std::move(step));
    }
    return steps;
  }
  unsupported_part("the decoder", type, "Sequence, Replace, ByteFallback, Fuse, Strip, Metaspace",
                   place);
}

}  // namespace

Decoder parse_decoder(const json* value, const std::string& place) {
  if (!value) return {spaces_between()};
  check_growth(*value, place);
  return steps_of(*value, place);
}

}  // namespace relatum::text
