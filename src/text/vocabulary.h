// The two-way table of token texts and ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace relatum::text {

/// Tokens by id and ids by token. Ids may have holes (an empty token). Movable, not copyable.
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;

  /// Takes `count` tokens whose largest id is `largest`. Throws Error where ids are negative or
  /// leave so many holes that the file must be broken; `place` names the file.
  Vocabulary(size_t count, int64_t largest, const std::string& place);

  /// Sets the text of `id`. The same text twice: the later id is found, as in Python's and
  /// Hugging Face's tables. Throws Error where the id is out of range.
  void set(int64_t id, std::string_view token, const std::string& place);
  /// Sets a token that the model itself does not know; call after set(). Throws Error where the id
  /// belongs to another token.
  void add(int64_t id, std::string_view token, const std::string& place);

  int32_t size() const { return int32_t(tokens_.size()); }
  std::string_view token(int32_t id) const {
    return id >= 0 && id < size() ? std::string_view(tokens_[size_t(id)]) : std::string_view();
  }
  /// The id of any token, of the model or added. An added one goes first, as it does in text:
  /// Tekken's words may be spelt like its special tokens.
  std::optional<int32_t> find(std::string_view token) const {
    const auto added = find(added_, token);
    return added ? added : find_in_model(token);
  }
  /// The id of a token that words may be built of.
  std::optional<int32_t> find_in_model(std::string_view token) const { return find(ids_, token); }

 private:
  using Ids = std::unordered_map<std::string_view, int32_t>;
  static std::optional<int32_t> find(const Ids& ids, std::string_view token) {
    const auto found = ids.find(token);
    if (found == ids.end()) return std::nullopt;
    return found->second;
  }
  std::string& slot(int64_t id, std::string_view token, const std::string& place);

  std::vector<std::string> tokens_;  // sized once, so the views below stay valid
  Ids ids_, added_;
};

}  // namespace relatum::text
