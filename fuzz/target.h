// A fuzzer's target: bytes of a stranger go in, and nothing but relatum::Error may come out.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string_view>

#include "base/error.h"

namespace relatum::fuzz {

using Bytes = std::span<const std::byte>;

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// One kind of input; one file in fuzz/targets is one target, and one fuzzer.
struct Target {
  std::string_view name;
  /// Reads the bytes, then touches everything that was handed out. Whether they were taken: Error
  /// is caught, any other exception passes and is a finding.
  bool (*run)(Bytes bytes);
};

/// All targets; generated from the folder.
std::span<const Target* const> targets();

/// Runs `action`; false where it throws Error. A failed check of ours is an Error that no input may
/// cause (RELATUM_CHECK): it is a finding, too.
template <class Action>
bool accepts(const Action& action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    const std::string_view sentence = error.what();
    if (sentence.starts_with("[internal]")) throw std::logic_error(error.what());
    return false;
  }
}

/// What a reader promises of all that it hands out; a broken promise is a finding.
inline void require(bool kept, const char* promise) {
  if (!kept) throw std::logic_error(promise);
}

}  // namespace relatum::fuzz
