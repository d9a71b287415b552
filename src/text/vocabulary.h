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

  int32_t size() const { return static_cast<int32_t>(tokens_.size()); }
  std::string_view token(int32_t id) const {
    return id >= 0 && id < size() ? std::string_view(tokens_[size_t(id)]) : std::string_view();
  }
  std::optional<int32_t> find(std::string_view token) const {
    const auto found = ids_.find(token);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::vector<std::string> tokens_;  // sized once, so the views in ids_ stay valid
  std::unordered_map<std::string_view, int32_t> ids_;
};

}  // namespace relatum::text
