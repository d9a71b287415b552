// Regular expressions in Python's dialect, as configuration files of Python programs hold them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace relatum::text {

/// A compiled expression of Python's `re` for short texts such as modules' names, run by ICU with
/// a time limit, so that an expression from a stranger's file cannot run for ever.
class PythonPattern {
 public:
  /// `place` names the file and key in errors. Throws Error for an expression that cannot be read
  /// and for what the two dialects read differently ("(?P=name)", conditions).
  PythonPattern(std::string_view expression, std::string place);
  ~PythonPattern();
  PythonPattern(PythonPattern&&) noexcept;
  PythonPattern& operator=(PythonPattern&&) noexcept;

  /// re.fullmatch(expression, text). Throws Error where the time limit is reached.
  bool matches_whole(std::string_view text) const;
  /// re.match(expression, text): from the start, not necessarily to the end. Gives what group 1
  /// holds in `group`, where one is asked for.
  bool matches_start(std::string_view text, std::string* group = nullptr) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace relatum::text
