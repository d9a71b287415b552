// What tokenizer_config.json and its older companions add to tokenizer.json.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "io/text_file.h"
#include "text/loaders.h"

namespace relatum::text {
namespace {

using nlohmann::json;

/// A token named as a string or as {"content": …}.
std::optional<int32_t> named_token(const json& config, std::string_view key,
                                   const Vocabulary& vocabulary, const std::string& place) {
  const json* value = io::find(config, key);
  if (!value) return std::nullopt;
  if (value->is_object()) value = &io::require(*value, "content", place);
  if (!value->is_string()) return std::nullopt;
  return vocabulary.find(value->get_ref<const std::string&>());
}

void apply_names(const json& config, const std::string& place, TokenizerInfo& info) {
  const auto take = [&](std::string_view key, std::optional<int32_t>& slot) {
    if (const auto id = named_token(config, key, info.vocabulary, place)) slot = id;
  };
  take("bos_token", info.special.bos);
  take("eos_token", info.special.eos);
  take("unk_token", info.special.unk);
  take("pad_token", info.special.pad);
  take("cls_token", info.special.cls);
  take("sep_token", info.special.sep);
}

/// As in transformers, add_bos_token and add_eos_token each replace what the post-processor adds
/// on its side.
void apply_additions(const json& config, const std::string& place, TokenizerInfo& info) {
  if (io::find(config, "add_bos_token")) {
    info.before.clear();
    if (io::get_bool(config, "add_bos_token", false, place) && info.special.bos) {
      info.before.push_back(*info.special.bos);
    }
  }
  if (io::find(config, "add_eos_token")) {
    info.after.clear();
    if (io::get_bool(config, "add_eos_token", false, place) && info.special.eos) {
      info.after.push_back(*info.special.eos);
    }
  }
}

/// A string, or a list of {"name", "template"} whose "default" counts.
std::string chat_template(const json& config) {
  const json* value = io::find(config, "chat_template");
  if (!value) return "";
  if (value->is_string()) return value->get<std::string>();
  if (!value->is_array()) return "";
  for (const json& entry : *value) {
    const json* name = io::find(entry, "name");
    const json* text = io::find(entry, "template");
    if (name && text && *name == "default" && text->is_string()) return text->get<std::string>();
  }
  return "";
}

[[noreturn]] void contradiction(const std::string& place, const char* key, const json& here,
                                const char* other, const json& there) {
  fail("text.config", fmt::format("{}: '{}' is {}, but tokenizer.json has {} = {}. Make the two "
                                  "agree.",
                                  place, key, io::dump_json(here), other, io::dump_json(there)));
}

/// BERT's settings stand in both files; null or absent ones are no word against the other.
void check_bert(const json& config, const json& normalizer, const std::string& place) {
  constexpr std::pair<const char*, const char*> kPairs[] = {
      {"do_lower_case", "lowercase"},
      {"strip_accents", "strip_accents"},
      {"tokenize_chinese_chars", "handle_chinese_chars"}};
  for (const auto& [key, other] : kPairs) {
    const json* here = io::find(config, key);
    const json* there = io::find(normalizer, other);
    if (here && there && *here != *there) contradiction(place, key, *here, other, *there);
  }
  // Accents go with the case where the normaliser does not say.
  const json* here = io::find(config, "strip_accents");
  const json lowercase = io::get_bool(normalizer, "lowercase", true, place);
  if (here && !io::find(normalizer, "strip_accents") && *here != lowercase) {
    contradiction(place, "strip_accents", *here, "lowercase", lowercase);
  }
}

}  // namespace

void check_config(const std::filesystem::path& folder, const json& root) {
  const auto path = folder / "tokenizer_config.json";
  if (!std::filesystem::exists(path)) return;
  const std::string place = path.string();
  const json config = io::load_json(path);
  if (io::get_bool(config, "split_special_tokens", false, place)) {
    fail("text.config", fmt::format("{}: 'split_special_tokens' is set, which is not supported: "
                                    "templates write special tokens. Set it to false.",
                                    place));
  }
  const json* normalizer = io::find(root, "normalizer");
  if (normalizer && io::get_string(*normalizer, "type", "", place) == "BertNormalizer") {
    check_bert(config, *normalizer, place);
  }
  const json* steps = io::find(root, "pre_tokenizer");
  const json* prefix = io::find(config, "add_prefix_space");
  if (!steps || !prefix || io::get_string(*steps, "type", "", place) != "ByteLevel") return;
  const json* there = io::find(*steps, "add_prefix_space");
  if (there && *there != *prefix) {
    contradiction(place, "add_prefix_space", *prefix, "add_prefix_space", *there);
  }
}

void apply_config(const std::filesystem::path& folder, TokenizerInfo& info) {
  const auto map_path = folder / "special_tokens_map.json";
  const auto path = folder / "tokenizer_config.json";
  const bool has_map = std::filesystem::exists(map_path);
  const json config = std::filesystem::exists(path) ? io::load_json(path) : json::object();
  const json map = has_map ? io::load_json(map_path) : json::object();
  // As in transformers: the older file counts unless there is a table of added tokens.
  const bool newer = io::find(config, "added_tokens_decoder");
  if (newer) apply_names(map, map_path.string(), info);
  apply_names(config, path.string(), info);
  if (!newer) apply_names(map, map_path.string(), info);
  apply_additions(config, path.string(), info);
  info.chat_template = chat_template(config);
  const auto jinja = folder / "chat_template.jinja";
  if (std::filesystem::exists(jinja)) info.chat_template = io::read_text(jinja);
}

}  // namespace relatum::text
