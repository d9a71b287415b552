// What tokenizer_config.json and its older companions add to tokenizer.json.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

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

/// As in transformers, add_bos_token or add_eos_token replace the post-processor's additions.
void apply_additions(const json& config, const std::string& place, TokenizerInfo& info) {
  if (!io::find(config, "add_bos_token") && !io::find(config, "add_eos_token")) return;
  info.before.clear();
  info.after.clear();
  if (io::get_bool(config, "add_bos_token", false, place) && info.special.bos)
    info.before.push_back(*info.special.bos);
  if (io::get_bool(config, "add_eos_token", false, place) && info.special.eos)
    info.after.push_back(*info.special.eos);
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

}  // namespace

void apply_config(const std::filesystem::path& folder, TokenizerInfo& info) {
  const auto map = folder / "special_tokens_map.json";
  if (std::filesystem::exists(map)) apply_names(io::load_json(map), map.string(), info);
  const auto path = folder / "tokenizer_config.json";
  if (std::filesystem::exists(path)) {
    const json config = io::load_json(path);
    apply_names(config, path.string(), info);
    apply_additions(config, path.string(), info);
    info.chat_template = chat_template(config);
  }
  const auto jinja = folder / "chat_template.jinja";
  if (std::filesystem::exists(jinja)) info.chat_template = io::read_text(jinja);
}

}  // namespace relatum::text
