// What an Error says, for sentences that name another place.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace relatum {

/// what() without the "[room.op] " that fail() puts in front.
inline std::string sentence_of(const Error& error) {
  const std::string_view all = error.what();
  const size_t room = all.starts_with('[') ? all.find("] ") : all.npos;
  return std::string(room == all.npos ? all : all.substr(room + 2));
}

}  // namespace relatum
