// The added tokens of a Hugging Face folder, from all of its files. Not for other rooms.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/added_tokens.h"

namespace relatum::text {

/// Takes together what Hugging Face's loader takes together (facts: tokenization_utils_base.py and
/// tokenization_utils_tokenizers.py of transformers 5.24): the tokenizer's own added tokens;
/// added_tokens_decoder of tokenizer_config.json, or without it added_tokens.json and
/// special_tokens_map.json; then tokens that have a role (eos_token, …) and the additional special
/// ones. A token that the model lacks gets the next free id, as there.
class AddedTokens {
 public:
  /// `model` has the model's own tokens and ids, `largest` the largest of these.
  AddedTokens(std::unordered_map<std::string, int64_t> model, int64_t largest);

  /// One of the tokenizer's own file. Throws Error with `place` where two entries contradict.
  void add_own(AddedToken token, const std::string& place);
  /// All that the other files of the folder name. Throws Error naming file and token where a file
  /// gives a token another id than it gets.
  void add_folder(const std::filesystem::path& folder);

  const std::vector<AddedToken>& tokens() const { return tokens_; }
  /// The largest id of all, of the model or added.
  int64_t largest() const { return largest_; }

 private:
  void add_decoder(const nlohmann::json& decoder, const std::string& place);
  void add_map(const nlohmann::json& ids, const nlohmann::json& roles, const std::string& place);
  void check_map(const nlohmann::json& ids, const std::string& place) const;
  void add_roles(const nlohmann::json& config, const std::string& place);
  void add_role(const nlohmann::json& value, const std::string& place);
  void add(AddedToken token, int64_t wanted, const std::string& place);

  std::unordered_map<std::string, int64_t> model_;
  int64_t largest_model_, largest_;
  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string, int64_t> ids_;  // of tokens_
};

/// {"content", "special", "normalized", "single_word", "lstrip", "rstrip"}, without an id.
AddedToken parse_added_token(const nlohmann::json& value, bool special_by_default,
                             const std::string& place);

}  // namespace relatum::text
