// Pre-tokenizer and post-processor as tokenizer.json spells them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"
#include "text/loaders.h"

namespace relatum::text {
namespace {

using nlohmann::json;

SplitRule split_rule(const json& value, const std::string& place) {
  SplitRule rule;
  const json& pattern = io::require_object(value, "pattern", place);
  rule.literal = io::find(pattern, "String") != nullptr;
  rule.pattern = io::require_string(pattern, rule.literal ? "String" : "Regex", place);
  rule.invert = io::get_bool(value, "invert", false, place);
  const std::string name = io::get_string(value, "behavior", "Isolated", place);
  if (name == "Isolated") rule.delimiters = Delimiters::kIsolated;
  else if (name == "Removed") rule.delimiters = Delimiters::kRemoved;
  else if (name == "Contiguous") rule.delimiters = Delimiters::kContiguous;
  else if (name == "MergedWithPrevious") rule.delimiters = Delimiters::kMergedWithPrevious;
  else if (name == "MergedWithNext") rule.delimiters = Delimiters::kMergedWithNext;
  else {
    unsupported_part("the Split behaviour", name,
                     "Isolated, Removed, Contiguous, MergedWithPrevious, MergedWithNext", place);
  }
  return rule;
}

void append_steps(const json& value, const std::string& place, SplitSteps& steps,
                  bool& byte_level) {
  const std::string type = io::require_string(value, "type", place);
  if (type == "Sequence") {
    for (const json& part : io::require_array(value, "pretokenizers", place)) {
      append_steps(part, place, steps, byte_level);
    }
    return;
  }
  if (byte_level) {
    fail("text.json", fmt::format("{}: the pre-tokenizer '{}' comes after ByteLevel, expected "
                                  "ByteLevel last. This tokenizer is not supported.",
                                  place, type));
  }
  if (type == "ByteLevel") {
    byte_level = true;
    steps.push_back(byte_level_step(io::get_bool(value, "add_prefix_space", false, place),
                                    io::get_bool(value, "use_regex", true, place)));
  } else if (type == "Digits") {
    steps.push_back(digits_step(io::get_bool(value, "individual_digits", false, place)));
  } else if (type == "Split") {
    steps.push_back(pattern_step(split_rule(value, place), place));
  } else if (type == "BertPreTokenizer") {
    steps.push_back(bert_step());
  } else if (type == "WhitespaceSplit") {
    steps.push_back(white_space_step());
  } else if (type == "Metaspace") {
    steps.push_back(metaspace_step(parse_metaspace(value, place)));
  } else {
    unsupported_part("the pre-tokenizer", type,
                     "Sequence, ByteLevel, Digits, Split, BertPreTokenizer, Metaspace, "
                     "WhitespaceSplit",
                     place);
  }
}

/// BertProcessing and RobertaProcessing name their tokens as [text, id].
int32_t pair_id(const json& value, std::string_view key, const Vocabulary& vocabulary,
                const std::string& place) {
  const json& pair = io::require_array(value, key, place);
  if (pair.size() != 2 || !pair[1].is_number_integer()) {
    fail("text.json",
         fmt::format("{}: '{}' of the post-processor: expected [token, id].", place, key));
  }
  return checked_id(pair[1].get<int64_t>(), vocabulary, std::string(key), place);
}

void apply_template(const json& value, const std::string& place, TokenizerInfo& info) {
  const json& tokens = io::require_object(value, "special_tokens", place);
  bool behind = false;
  for (const json& item : io::require_array(value, "single", place)) {
    if (io::find(item, "Sequence")) {
      behind = true;
      continue;
    }
    const json& named = io::require_object(item, "SpecialToken", place);
    const std::string name = io::require_string(named, "id", place);
    const json& entry = io::require_object(tokens, name, place);
    for (const int64_t id : io::require_ints(entry, "ids", place)) {
      (behind ? info.after : info.before).push_back(checked_id(id, info.vocabulary, name, place));
    }
  }
}

}  // namespace

void unsupported_part(const std::string& what, const std::string& type, const std::string& known,
                      const std::string& place) {
  fail("text.json",
       fmt::format("{}: {} '{}' is not supported. Supported: {}.", place, what, type, known));
}

Metaspace parse_metaspace(const json& value, const std::string& place) {
  Metaspace rule;
  rule.sign = io::get_string(value, "replacement", rule.sign, place);
  if (utf8_length(rule.sign) != 1) {
    fail("text.json", fmt::format("{}: the replacement of Metaspace is '{}', expected one "
                                  "character. Correct the file.",
                                  place, rule.sign));
  }
  // Older files have the flag alone.
  const bool prefix = io::get_bool(value, "add_prefix_space", true, place);
  const std::string scheme = io::get_string(value, "prepend_scheme", prefix ? "always" : "never",
                                            place);
  if (scheme == "always") rule.prepend = Prepend::kAlways;
  else if (scheme == "first") rule.prepend = Prepend::kFirst;
  else if (scheme == "never") rule.prepend = Prepend::kNever;
  else unsupported_part("Metaspace's prepend_scheme", scheme, "always, first, never", place);
  if (!prefix && rule.prepend != Prepend::kNever) {
    fail("text.json", fmt::format("{}: Metaspace has add_prefix_space = false and prepend_scheme = "
                                  "'{}'. Make the two agree.",
                                  place, scheme));
  }
  rule.cut = io::get_bool(value, "split", true, place);
  return rule;
}

SplitSteps parse_pre_tokenizer(const json* value, const std::string& place,
                               bool& last_is_byte_level) {
  SplitSteps steps;
  last_is_byte_level = false;
  if (value) append_steps(*value, place, steps, last_is_byte_level);
  return steps;
}

void parse_post_processor(const json* value, const std::string& place, TokenizerInfo& info) {
  if (!value) return;
  const std::string type = io::require_string(*value, "type", place);
  if (type == "ByteLevel") return;  // it only trims offsets
  if (type != "Sequence" && !(info.before.empty() && info.after.empty())) {
    fail("text.json", fmt::format("{}: the post-processor has two parts that add tokens to a row, "
                                  "which is not supported. Supported is one.",
                                  place));
  }
  if (type == "TemplateProcessing") {
    apply_template(*value, place, info);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    info.before.push_back(pair_id(*value, "cls", info.vocabulary, place));
    info.after.push_back(pair_id(*value, "sep", info.vocabulary, place));
  } else if (type == "Sequence") {
    for (const json& part : io::require_array(*value, "processors", place)) {
      parse_post_processor(&part, place, info);
    }
  } else {
    unsupported_part("the post-processor", type,
                     "Sequence, TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel",
                     place);
  }
}

}  // namespace relatum::text
