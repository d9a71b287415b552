// Joins tokens and rules to one text and hashes it.
#include "text/tokenizer_hash.h"

#include <nlohmann/json.hpp>
#include <span>

#include "base/hash.h"
#include "io/json.h"

namespace relatum::text {
namespace {

std::string rules(const std::filesystem::path& file) {
  nlohmann::json rules = io::load_json(file);
  for (const char* key : {"version", "truncation", "padding"}) rules.erase(key);
  return io::dump_json(rules);  // keys in their order, no blanks
}

}  // namespace

std::string tokenizer_hash(const Tokenizer& tokenizer, const std::filesystem::path& place) {
  const SpecialIds& special = tokenizer.special();
  std::string text = tokenizer.kind() + '\n';
  for (const auto& id : {special.bos, special.eos, special.unk, special.pad, special.cls,
                         special.sep}) {
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
  const std::filesystem::path file = place / "tokenizer.json";
  if (std::filesystem::exists(file)) text += '\n' + rules(file);
  return sha256(std::as_bytes(std::span(text)));
}

}  // namespace relatum::text
