// Regular expressions of tokenizer.json (Oniguruma's dialect), run by ICU.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::text {

/// A compiled expression or, with `literal`, a plain text to look for. ICU's classes are those of
/// its own Unicode version, so characters newer than 15.0 may be matched otherwise than by the
/// reference.
class IcuPattern {
 public:
  /// `place` names the file, `part` what is not supported ("pre-tokenizer"). Throws Error for an
  /// expression that ICU refuses or is known to read differently.
  IcuPattern(const std::string& expression, bool literal, std::string place,
             const std::string& part);
  ~IcuPattern();
  IcuPattern(IcuPattern&&) noexcept;

  struct Match {
    size_t begin, end;  ///< in bytes; may be empty
  };
  /// All matches in valid UTF-8, from left to right. Throws Error where the
  /// expression takes too long.
  std::vector<Match> find(std::string_view text) const;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace relatum::text
