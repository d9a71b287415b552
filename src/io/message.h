// Pieces of error sentences: numbers with separators, and names from untrusted files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace relatum::io {

/// 331776 becomes "331,776".
std::string grouped(uint64_t number);
/// base/printable.h's printable_start(), cut after `limit` code points.
std::string printable(std::string_view text, size_t limit = 80);

}  // namespace relatum::io
