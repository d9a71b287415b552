// Tokenises a style's own texts, and its characters one by one.
#include "task/lost_characters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/printable.h"
#include "base/utf8.h"

namespace relatum::task {
namespace {

bool has_unknown(const std::vector<int32_t>& ids, const text::Tokenizer& tokenizer) {
  const auto unknown = tokenizer.special().unk;
  return unknown && std::find(ids.begin(), ids.end(), *unknown) != ids.end();
}

// Between letters, as the ends of a text are trimmed by many tokenizers.
bool is_gone(std::string_view character, const text::Tokenizer& tokenizer) {
  if (character == " ") return false;
  const std::vector<int32_t> ids = tokenizer.encode(fmt::format("a{}b", character));
  if (has_unknown(ids, tokenizer)) return false;  // which decode() leaves out
  std::string rest = tokenizer.decode(ids);
  std::erase(rest, ' ');
  return rest == "ab";
}

void add_once(std::string_view character, std::vector<std::string>& characters) {
  if (std::find(characters.begin(), characters.end(), character) != characters.end()) return;
  characters.emplace_back(character);
}

std::string shown(const std::string& character) {
  if (character == "\n") return "the line break";
  if (character == "\t") return "the tab";
  return fmt::format("'{}'", printable(character));
}

// "'a', 'b' and 'c' become unknown tokens"
std::string clause(const std::vector<std::string>& characters, const char* one, const char* many) {
  constexpr size_t kNamed = 8;
  const size_t count = characters.size(), named = std::min(count, kNamed);
  std::vector<std::string> names;
  for (size_t i = 0; i < named; ++i) names.push_back(shown(characters[i]));
  if (count > named) names.push_back(fmt::format("{} more", count - named));
  const std::string last = names.back();
  names.pop_back();
  const std::string list = names.empty() ? last
                                         : fmt::format("{} and {}", fmt::join(names, ", "), last);
  return fmt::format("{} {}", list, count == 1 ? one : many);
}

// The built-in style that asks alike and loses nothing.
std::string instead_of(const PromptStyle& style, const text::Tokenizer& tokenizer) {
  const PromptStyle other = load_style(style.uses_labels() ? "one-line" : "one-line-nolist");
  if (!lost_characters(other, tokenizer).empty()) return "a template without them";
  return fmt::format("--prompt {}, or a template without them", other.name);
}

}  // namespace

LostCharacters lost_characters(const PromptStyle& style, const text::Tokenizer& tokenizer) {
  LostCharacters lost;
  for (const std::string& text : style.body.own_texts()) {
    const bool unknown = has_unknown(tokenizer.encode(text), tokenizer);
    for_code_points(text, [&](int32_t, std::string_view character) {
      if (unknown && has_unknown(tokenizer.encode(character), tokenizer)) {
        add_once(character, lost.unknown);
      } else if (is_gone(character, tokenizer)) {
        add_once(character, lost.gone);
      }
    });
  }
  return lost;
}

std::string lost_characters_warning(const PromptStyle& style, const text::Tokenizer& tokenizer) {
  const LostCharacters lost = lost_characters(style, tokenizer);
  if (lost.empty()) return "";
  std::vector<std::string> clauses;
  if (!lost.unknown.empty()) {
    clauses.push_back(clause(lost.unknown, "becomes the unknown token", "become unknown tokens"));
  }
  if (!lost.gone.empty()) clauses.push_back(clause(lost.gone, "is lost", "are lost"));
  return fmt::format("style {}: with this model's vocabulary {}. Use {}.", style.name,
                     fmt::join(clauses, " and "), instead_of(style, tokenizer));
}

}  // namespace relatum::task
