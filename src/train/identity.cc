// Compares value by value, so that a refusal can say what differs.
#include "train/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"

namespace relatum::train {
namespace {

const NamedValue* find(const std::vector<NamedValue>& values, const std::string& name) {
  const auto at = std::find_if(values.begin(), values.end(),
                               [&](const NamedValue& each) { return each.name == name; });
  return at == values.end() ? nullptr : &*at;
}

std::string shown(const NamedValue* value) {
  constexpr size_t kLongest = 80;
  if (!value || value->value.empty()) return "nothing";
  if (value->value.size() <= kLongest) return value->value;
  return value->value.substr(0, value->value.find_last_of(' ', kLongest)) + " …";
}

std::string named_difference(const std::vector<NamedValue>& now,
                             const std::vector<NamedValue>& then) {
  std::vector<std::string> names;
  for (const auto* side : {&now, &then}) {
    for (const NamedValue& each : *side) {
      const NamedValue *mine = find(now, each.name), *theirs = find(then, each.name);
      if (each.where_both && !(mine && theirs)) continue;
      if (mine && theirs && *mine == *theirs) continue;
      if (std::find(names.begin(), names.end(), each.name) == names.end()) {
        names.push_back(each.name);
      }
    }
  }
  constexpr size_t kNamed = 3;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamed); ++i) {
    text += fmt::format("{}{} was {} and is now {}", i ? "; " : "", names[i],
                        shown(find(then, names[i])), shown(find(now, names[i])));
  }
  if (names.size() > kNamed) text += fmt::format("; {} more differ", names.size() - kNamed);
  return text;
}

bool reordered(const Identity& now, const Identity& then) {
  auto mine = now.rows, theirs = then.rows;
  if (mine == theirs) return false;
  std::sort(mine.begin(), mine.end());
  std::sort(theirs.begin(), theirs.end());
  return mine == theirs;
}

std::string row_difference(const Identity& now, const Identity& then,
                           std::span<const std::string> row_names) {
  if (now.rows == then.rows) return "";
  if (now.rows.size() != then.rows.size()) {
    return fmt::format("the number of training rows (--train) was {} and is now {}",
                       then.rows.size(), now.rows.size());
  }
  if (reordered(now, then)) return "the training rows (--train) stand in another order";
  size_t first = 0, count = 0;
  for (size_t i = now.rows.size(); i-- > 0;) {
    if (now.rows[i] == then.rows[i]) continue;
    first = i;
    ++count;
  }
  const std::string name = first < row_names.size() ? row_names[first]
                                                    : fmt::format("row {}", first + 1);
  if (count == 1) {
    return fmt::format("of the training rows (--train), {} reads otherwise than it did", name);
  }
  return fmt::format("{} of {} training rows (--train) read otherwise than they did, {} first",
                     count, now.rows.size(), name);
}

}  // namespace

std::string difference(const Identity& now, const Identity& then,
                       std::span<const std::string> row_names) {
  // Labels that were collected from the rows have another order, too, where the rows have.
  if (reordered(now, then)) return row_difference(now, then, row_names);
  std::string text = named_difference(now.given, then.given);
  if (text.empty()) text = row_difference(now, then, row_names);
  if (text.empty()) text = named_difference(now.options, then.options);
  return text;
}

std::string to_text(const std::vector<NamedValue>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const NamedValue& each : values) {
    list.push_back({each.name, each.value});
    if (each.where_both) list.back().push_back(true);
  }
  return io::dump_json(list);
}

std::vector<NamedValue> named_values(const std::string& text, const std::string& place) {
  const nlohmann::json list = io::parse_json(text, place);
  std::vector<NamedValue> values;
  for (const auto& each : list) {
    const bool flagged = each.is_array() && each.size() == 3 && each[2].is_boolean();
    const bool pair = each.is_array() && (each.size() == 2 || flagged) && each[0].is_string() &&
                      each[1].is_string();
    if (!pair) {
      fail("train.state", fmt::format("{}: expected pairs of a name and a value. The file is "
                                      "damaged; start over with --overwrite.",
                                      place));
    }
    values.push_back(
        {each[0].get<std::string>(), each[1].get<std::string>(), flagged && each[2].get<bool>()});
  }
  return values;
}

}  // namespace relatum::train
