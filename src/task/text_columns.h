// Tables and sentences for a terminal of 100 columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relatum::task {

/// A name of exactly `width` code points, safe for a terminal: filled up with blanks, or cut and
/// ended by "…".
std::string padded(std::string_view name, int64_t width);

/// A sentence in lines of at most 100 columns, each behind two blanks; cut between words. Ends with
/// a line end.
std::string wrapped(std::string_view sentence);

}  // namespace relatum::task
