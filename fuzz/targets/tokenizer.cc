// A tokenizer's folder: tokenizer.json (or, where there is no brace, vocab.txt), then
// tokenizer_config.json, special_tokens_map.json, added_tokens.json and a text to encode.
#include "text/tokenizer.h"

#include "../memory.h"
#include "../texts.h"

namespace relatum::fuzz {
namespace {

constexpr std::string_view kText =
    "Ana Ruiz's <|im_start|>visit, 1985\u20132007:\n\n  na\u00efve [SEP] caf\u00e9s \U0001f600\t!";

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  const auto [vocabulary, config, map, added, rest] = parts_of<5>(bytes);
  const auto put = [](const char* name, Bytes part, bool there) {
    if (there) folder.write(name, part);
    else folder.remove(name);
  };
  const bool table = text_of(vocabulary).find('{') != std::string_view::npos;
  put("tokenizer.json", vocabulary, table);
  put("vocab.txt", vocabulary, !table);
  put("tokenizer_config.json", config, !config.empty());
  put("special_tokens_map.json", map, !map.empty());
  put("added_tokens.json", added, !added.empty());
  const std::string_view text = rest.empty() ? kText : text_of(rest);
  return accepts([&] { use_tokenizer(*text::load_tokenizer(folder.path()), text); });
}

}  // namespace

const Target& target_tokenizer() {
  static const Target target{"tokenizer", run};
  return target;
}

}  // namespace relatum::fuzz
