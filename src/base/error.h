// The one exception type: a full sentence that names the place and says what to do next.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace relatum {

/// Thrown for everything a user can cause: bad files, wrong options, a full disk.
/// what() reads "[room.op] subject: expected X, got Y (file, tensor). Try Z."
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence) : std::runtime_error(sentence) {}
};

/// Throws Error("[where] sentence"). `where` is room.op, e.g. "io.gguf".
[[noreturn]] void fail(std::string_view where, const std::string& sentence);

/// Throws Error when a caller's mistake, never reachable from user input, is found.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace relatum

// Checks a programmer's assumption; stays on in release builds, so keep it out of inner loops.
#define RELATUM_CHECK(condition) \
  ((condition) ? (void)0 : ::relatum::check_failed(#condition, __FILE__, __LINE__))
