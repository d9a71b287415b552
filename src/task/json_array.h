// Walks the elements of one big JSON array without holding all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace relatum::task {

/// One element as text, and the line that it starts on.
struct JsonElement {
  std::string_view text;
  int64_t line = 0;
  int64_t number = 0;  ///< from 1
};

/// What is wrong with an array or object, without a full stop, and the line; no sentence where
/// nothing is.
struct JsonFault {
  int64_t line = 0;
  std::string sentence;
  explicit operator bool() const { return !sentence.empty(); }
};

/// Calls `each` for every element of the array that `text` holds. Elements are only cut apart, not
/// checked.
JsonFault walk_json_array(std::string_view text,
                          const std::function<void(const JsonElement&)>& each);

/// The same for an object: calls `each` with every key (as it is written, without its quotes) and
/// its value.
JsonFault walk_json_object(
    std::string_view text,
    const std::function<void(std::string_view key, const JsonElement& value)>& each);

}  // namespace relatum::task
