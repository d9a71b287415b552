// Chooses the loader by what lies at the path.
#include <fmt/format.h>

#include "base/error.h"
#include "text/loaders.h"

namespace relatum::text {

std::vector<int32_t> Tokenizer::encode_with_special(std::string_view text) const {
  std::vector<int32_t> ids = info_.before;
  const std::vector<int32_t> inner = encode(text);
  ids.insert(ids.end(), inner.begin(), inner.end());
  ids.insert(ids.end(), info_.after.begin(), info_.after.end());
  return ids;
}

int32_t checked_id(int64_t id, const Vocabulary& vocabulary, const std::string& what,
                   const std::string& place) {
  if (id < 0 || id >= vocabulary.size()) {
    fail("text.load", fmt::format("{}: {} is {}, expected a token's id from 0 to {}. The file is "
                                  "broken: fetch it again.",
                                  place, what, id, vocabulary.size() - 1));
  }
  return int32_t(id);
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& gguf_or_folder) {
  if (std::filesystem::is_directory(gguf_or_folder)) return load_folder_tokenizer(gguf_or_folder);
  return load_gguf_tokenizer(gguf_or_folder);
}

}  // namespace relatum::text
