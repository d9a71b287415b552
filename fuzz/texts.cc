// Uses of a tokenizer, and what has to hold for each.
#include "texts.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "text/chat.h"
#include "text/tokenizer_hash.h"

namespace relatum::fuzz {

void require_utf8(const std::string& text) {
  bool valid = true;
  try {
    nlohmann::json(text).dump();  // the only check that is not our own code
  } catch (const nlohmann::json::exception&) {
    valid = false;
  }
  require(valid, "texts that are handed out are UTF-8");
}

void use_tokenizer(const text::Tokenizer& tokenizer, std::string_view text) {
  const auto check = [&](const std::vector<int32_t>& ids) {
    for (const int32_t id : ids) {
      require(id >= 0 && id < tokenizer.vocab_size(), "ids lie in the vocabulary");
    }
    require_utf8(tokenizer.decode(ids));
  };
  const text::DataRange middle{text.size() / 3, text.size() / 2};
  check(tokenizer.encode(text));
  check(tokenizer.encode(text, {&middle, 1}));
  check(tokenizer.encode_data(text));
  check(tokenizer.encode_with_special(text));
  text::tokenizer_hash(tokenizer);
  accepts([&] {
    const text::ChatTemplate chat = text::ChatTemplate::of(tokenizer);
    const text::DataRange all{0, text.size()};
    const text::ChatText wrapped = text::apply_chat(chat, text,
                                                    {&all, text.empty() ? size_t{0} : size_t{1}});
    for (const text::DataRange& range : wrapped.data) {
      require(range.begin < range.end && range.end <= wrapped.text.size(),
              "ranges of data lie in the wrapped message");
    }
    check(tokenizer.encode(wrapped.text, wrapped.data));
  });
}

}  // namespace relatum::fuzz
