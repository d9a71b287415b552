// Cuts lists and texts of JSON, and counts what is cut.
#include "page/limits.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/printable.h"
#include "base/utf8.h"

namespace relatum::page {
namespace {

constexpr size_t kMost = 300;    // entries of a list or an object
constexpr int64_t kName = 300;   // code points of a name or value
constexpr int64_t kText = 2000;  // of a sentence: excerpts are shorter, and their spans stay places

std::string start_of(const std::string& text, int64_t most = kName) {
  const std::string_view start = utf8_slice(text, 0, most);
  return start.size() < text.size() ? std::string(start) + "…" : text;
}

}  // namespace

std::string Shortened::text(nlohmann::ordered_json data) {
  for (auto& [key, value] : data.items()) shorten(value, key);
  data["left_out"] = left_out;
  return data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void Shortened::shorten(nlohmann::ordered_json& value, const std::string& path) {
  using nlohmann::ordered_json;
  if (value.is_string()) {
    value = start_of(value.get_ref<const std::string&>(), path.ends_with("text") ? kText : kName);
    return;
  }
  if (!value.is_structured()) return;
  const size_t all = value.size();
  if (all > kMost) {
    left_out.push_back(fmt::format("{}: {} of {} entries", path, grouped(kMost), grouped(all)));
  }
  if (value.is_array()) {
    if (all > kMost) value.erase(value.begin() + ptrdiff_t(kMost), value.end());
    for (ordered_json& each : value) shorten(each, path + "[]");
    return;
  }
  ordered_json kept = ordered_json::object();
  for (auto& [key, inner] : value.items()) {
    if (kept.size() == kMost) break;
    shorten(inner, path + "." + printable_start(key, 40));
    kept[start_of(key)] = std::move(inner);
  }
  value = std::move(kept);
}

}  // namespace relatum::page
