// A TOML file as a tree of plain values that know their lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::app {

/// One value of a file, as it would stand on a command line.
struct TomlValue {
  std::string text;
  std::optional<bool> flag;  ///< set where the file says true or false
  bool is_string = false;
  int64_t line = 0;
};

enum class TomlKind { kValue, kTable, kList };

/// A key with what stands behind it, or an element of a list, which has no key.
struct TomlItem {
  std::string key;
  int64_t line = 0;
  TomlKind kind = TomlKind::kValue;
  TomlValue value;              ///< of kValue
  std::vector<TomlItem> items;  ///< of a table or a list
};

/// The file's items in the order in which it has them. Throws Error with file and line; `where`
/// stands before it, as in fail().
std::vector<TomlItem> read_toml(const std::filesystem::path& path, std::string_view where);

}  // namespace relatum::app
