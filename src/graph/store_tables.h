// The tables of a graph's SQLite file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relatum::graph {

/// "RLGR": what PRAGMA application_id says of our files.
inline constexpr int64_t kApplication = 0x524c4752;
inline constexpr int64_t kStoreVersion = 1;

/// Statements that make all tables in the database of this name ("main"), and mark it as ours.
std::string make_tables(std::string_view database);

}  // namespace relatum::graph
