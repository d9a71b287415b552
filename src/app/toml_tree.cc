// Parses with toml++, which keeps tables sorted by key; places give back the file's order.
#include "app/toml_tree.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <tuple>

#include "base/error.h"
#include "io/text_file.h"
#include "io/toml_keys.h"

namespace relatum::app {
namespace {

TomlItem to_item(const toml::node& node);

std::vector<TomlItem> items_of(const toml::table& table) {
  using Placed = std::pair<std::tuple<uint32_t, uint32_t>, TomlItem>;
  std::vector<Placed> placed;
  for (const auto& [key, node] : table) {
    TomlItem item = to_item(node);
    item.key = std::string(key.str());
    const auto begin = key.source().begin;
    item.line = item.value.line = begin.line;
    placed.emplace_back(std::tuple(begin.line, begin.column), std::move(item));
  }
  std::ranges::stable_sort(placed, {}, [](const Placed& each) { return each.first; });
  std::vector<TomlItem> items;
  for (Placed& each : placed) items.push_back(std::move(each.second));
  return items;
}

TomlItem to_item(const toml::node& node) {
  TomlItem item;
  item.line = item.value.line = node.source().begin.line;
  if (const toml::table* table = node.as_table()) {
    item.kind = TomlKind::kTable;
    item.items = items_of(*table);
  } else if (const toml::array* list = node.as_array()) {
    item.kind = TomlKind::kList;
    for (const toml::node& each : *list) item.items.push_back(to_item(each));
  } else if (const auto string = node.value_exact<std::string>()) {
    item.value.text = *string;
    item.value.is_string = true;
  } else if (const auto number = node.value_exact<double>()) {
    item.value.text = fmt::format("{}", *number);  // the fewest digits that say it
  } else {
    item.value.flag = node.value_exact<bool>();
    std::ostringstream shown;
    node.visit([&](const auto& each) { shown << each; });
    item.value.text = shown.str();
  }
  return item;
}

}  // namespace

std::vector<TomlItem> read_toml(const std::filesystem::path& path, std::string_view where) {
  const std::string text = io::read_text(path);
  io::check_toml_keys(text, path.string(), where);
  try {
    return items_of(toml::parse(text, path.string()));
  } catch (const toml::parse_error& error) {
    fail(where, fmt::format("{}:{}: {}. Correct that line.", path.string(),
                            error.source().begin.line, error.description()));
  }
}

}  // namespace relatum::app
