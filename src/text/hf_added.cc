// Where a folder's files name added tokens, in the reference's order.
#include "text/hf_added.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::text {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kRoles[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                  "pad_token", "cls_token", "mask_token"};
constexpr const char* kMore[] = {"extra_special_tokens", "additional_special_tokens"};

int64_t checked_number(int64_t id, const std::string& token, const std::string& place) {
  if (id >= 0 && id <= INT32_MAX) return id;
  fail("text.json", fmt::format("{}: the added token '{}' has the id {}, expected 0 or more and "
                                "no more than {}.",
                                place, printable_start(token), id, INT32_MAX));
}

json load_if_there(const fs::path& file) {
  if (!fs::exists(file)) return json::object();
  json value = io::load_json(file);
  if (value.is_object()) return value;
  fail("text.json", fmt::format("{}: expected a JSON object.", file.string()));
}

}  // namespace

AddedToken parse_added_token(const json& value, bool special_by_default, const std::string& place) {
  AddedToken token;
  token.content = io::require_string(value, "content", place);
  token.special = io::get_bool(value, "special", special_by_default, place);
  token.normalized = io::get_bool(value, "normalized", !token.special, place);
  token.single_word = io::get_bool(value, "single_word", false, place);
  token.lstrip = io::get_bool(value, "lstrip", false, place);
  token.rstrip = io::get_bool(value, "rstrip", false, place);
  return token;
}

AddedTokens::AddedTokens(std::unordered_map<std::string, int64_t> model, int64_t largest)
    : model_(std::move(model)), largest_model_(largest), largest_(largest) {}

void AddedTokens::add_own(AddedToken token, const std::string& place) {
  if (const auto own = model_.find(token.content); own != model_.end()) {
    token.id = int32_t(std::min<int64_t>(own->second, INT32_MAX));
  }
  const auto [known, fresh] = ids_.emplace(token.content, token.id);
  if (!fresh && known->second != token.id) {
    fail("text.json", fmt::format("{}: the added token '{}' has two ids, {} and {}. Correct the "
                                  "file.",
                                  place, printable_start(token.content), known->second, token.id));
  }
  largest_ = std::max<int64_t>(largest_, token.id);
  if (fresh) tokens_.push_back(std::move(token));
}

void AddedTokens::add(AddedToken token, int64_t wanted, const std::string& place) {
  if (token.content.empty()) return;  // as the reference
  int64_t id = 0;
  if (const auto known = ids_.find(token.content); known != ids_.end()) {
    id = known->second;
  } else if (const auto own = model_.find(token.content); own != model_.end()) {
    id = own->second;
  } else {
    id = largest_ + 1;
  }
  if (wanted >= 0 && wanted != id) {
    fail("text.json", fmt::format("{}: the token '{}' is given the id {}, but with the folder's "
                                  "other files it has the id {}. Make the files agree.",
                                  place, printable_start(token.content), wanted, id));
  }
  token.id = int32_t(checked_number(id, token.content, place));
  largest_ = std::max(largest_, id);
  if (ids_.emplace(token.content, id).second) tokens_.push_back(std::move(token));
}

/// {"128": {"content": …}, …}, by id.
void AddedTokens::add_decoder(const json& decoder, const std::string& place) {
  std::map<int64_t, AddedToken> by_id;
  for (const auto& [key, value] : decoder.items()) {
    int64_t id = -1;
    const char* end = key.data() + key.size();
    if (const auto read = std::from_chars(key.data(), end, id); read.ptr != end || key.empty()) {
      fail("text.json", fmt::format("{}: '{}' in added_tokens_decoder is no id. Correct the key.",
                                    place, printable_start(key)));
    }
    AddedToken token = parse_added_token(value, false, place);
    checked_number(id, token.content, place);
    by_id.emplace(id, std::move(token));
  }
  for (auto& [id, token] : by_id) add(std::move(token), id, place);
}

/// added_tokens.json: {"<token>": id}; those with a role are special.
void AddedTokens::add_map(const json& ids, const json& roles, const std::string& place) {
  std::set<std::string> special;
  const auto note = [&](const json& value) {
    if (value.is_string()) special.insert(value.get<std::string>());
    const json* content = io::find(value, "content");
    if (content && content->is_string()) special.insert(content->get<std::string>());
  };
  for (const char* role : kRoles) {
    if (const json* value = io::find(roles, role)) note(*value);
  }
  for (const char* list : kMore) {
    const json* values = io::find(roles, list);
    if (values && values->is_structured()) std::for_each(values->begin(), values->end(), note);
  }
  std::map<int64_t, std::string> by_id;
  for (const auto& [token, value] : ids.items()) {
    const int64_t id = checked_number(io::require_int(ids, token, place), token, place);
    if (by_id.emplace(id, token).second) continue;
    fail("text.json", fmt::format("{}: '{}' and '{}' have the same id {}. Correct the file.", place,
                                  printable_start(by_id[id]), printable_start(token), id));
  }
  for (const auto& [id, token] : by_id) {
    const bool is_special = special.contains(token);
    add({.content = token, .special = is_special, .normalized = !is_special}, id, place);
  }
}

/// Beside added_tokens_decoder the file may only repeat what is known.
void AddedTokens::check_map(const json& ids, const std::string& place) const {
  for (const auto& [token, value] : ids.items()) {
    const int64_t id = io::require_int(ids, token, place);
    const auto added = ids_.find(token), own = model_.find(token);
    if (added != ids_.end() ? added->second == id : own != model_.end() && own->second == id) {
      continue;
    }
    fail("text.json", fmt::format("{}: the token '{}' with the id {} is not what "
                                  "tokenizer_config.json and tokenizer.json say. Make the files "
                                  "agree.",
                                  place, printable_start(token), id));
  }
}

void AddedTokens::add_role(const json& value, const std::string& place) {
  if (value.is_string()) {
    return add({.content = value.get<std::string>(), .special = true}, -1, place);
  }
  if (!value.is_object()) return;
  AddedToken token = parse_added_token(value, true, place);
  token.special = true;
  add(std::move(token), -1, place);
}

void AddedTokens::add_roles(const json& config, const std::string& place) {
  for (const char* role : kRoles) {
    if (const json* value = io::find(config, role)) add_role(*value, place);
  }
  for (const char* list : kMore) {
    const json* values = io::find(config, list);
    if (!values || !values->is_structured()) continue;
    for (const json& value : *values) add_role(value, place);
  }
}

void AddedTokens::add_folder(const fs::path& folder) {
  const fs::path config_path = folder / "tokenizer_config.json";
  const fs::path map_path = folder / "special_tokens_map.json";
  const fs::path added_path = folder / "added_tokens.json";
  const json config = load_if_there(config_path);
  const json map = load_if_there(map_path);
  const json ids = load_if_there(added_path);
  if (const json* decoder = io::find(config, "added_tokens_decoder")) {
    add_decoder(*decoder, config_path.string());
    check_map(ids, added_path.string());  // the reference does not read it then
    add_roles(config, config_path.string());
    return;
  }
  json roles = config;
  roles.update(map);
  add_map(ids, roles, added_path.string());
  add_roles(roles, fs::exists(map_path) ? map_path.string() : config_path.string());
}

}  // namespace relatum::text
