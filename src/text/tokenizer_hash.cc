// Joins tokens and rules to one text and hashes it.
#include "text/tokenizer_hash.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "io/json.h"

namespace relatum::text {
namespace {

using nlohmann::json;

bool says_nothing(const json& value) {
  return value.is_null() || (value.is_structured() && value.empty()) ||
         (value.is_boolean() && !value.get<bool>()) ||
         (value.is_string() && value.get_ref<const std::string&>().empty());
}

/// Metaspace's switches are on where they are absent, so "false" says something.
bool is_switched_off(const json& object, const json& member) {
  const json* type = io::find(object, "type");
  return type && *type == "Metaspace" && member.is_boolean();
}

// Objects without members that say nothing; depth is bounded by the parser.
json without_nothing(const json& value) {
  if (value.is_array()) {
    json result = json::array();
    for (const json& each : value) result.push_back(without_nothing(each));
    return result;
  }
  if (!value.is_object()) return value;
  json result = json::object();
  for (const auto& [key, member] : value.items()) {
    json kept = without_nothing(member);
    if (!says_nothing(kept) || is_switched_off(value, kept)) result[key] = std::move(kept);
  }
  return result;
}

}  // namespace

std::string tokenizer_rules(const json& root) {
  json rules = json::object();
  for (const char* key : {"normalizer", "pre_tokenizer", "post_processor", "model"}) {
    if (const json* part = io::find(root, key)) rules[key] = without_nothing(*part);
  }
  if (!rules.contains("model") || !rules["model"].is_object()) return io::dump_json(rules);
  json& model = rules["model"];
  // Unigram's scores decide ids, as merges do.
  if (model.contains("vocab") && model["vocab"].is_array()) {
    json scores = json::array();
    for (const json& entry : model["vocab"]) {
      if (entry.is_array() && entry.size() == 2) scores.push_back(entry[1]);
    }
    model["scores"] = std::move(scores);
  }
  model.erase("vocab");
  if (model.contains("merges") && model["merges"].is_array()) {
    for (json& merge : model["merges"]) {
      const bool pair = merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
                        merge[1].is_string();
      if (pair) merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
    }
  }
  return io::dump_json(rules);
}

std::string tokenizer_rules(std::span<const AddedToken> added) {
  std::string text;
  for (const AddedToken& token : added) {
    text += fmt::format("{} {:d}{:d}{:d}{:d}{:d}\n", token.id, token.special, token.normalized,
                        token.single_word, token.lstrip, token.rstrip);
  }
  return text;
}

std::string tokenizer_hash(const Tokenizer& tokenizer) {
  const SpecialIds& special = tokenizer.special();
  std::string text = tokenizer.kind() + '\n';
  for (const auto& id :
       {special.bos, special.eos, special.unk, special.pad, special.cls, special.sep}) {
    text += std::to_string(id.value_or(-1)) + ' ';
  }
  for (const auto& ids : {tokenizer.before(), tokenizer.after()}) {
    text += '\n';
    for (const int32_t id : ids) text += std::to_string(id) + ' ';
  }
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string_view token = tokenizer.token(id);
    text += '\n' + std::to_string(token.size()) + ' ';
    text += token;
  }
  text += '\n' + tokenizer.rules();
  return sha256(std::as_bytes(std::span(text)));
}

}  // namespace relatum::text
