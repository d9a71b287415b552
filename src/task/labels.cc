// Looks labels up, names unknown ones, and keeps labels.json.
#include "task/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "io/json.h"
#include "task/forms.h"

namespace relatum::task {

Labels::Labels(std::vector<std::string> names, std::string_view place) {
  const std::string where = place.empty() ? "" : fmt::format("{}: ", place);
  for (const std::string& name : names) {
    if (name.empty()) fail("task.labels", where + "a label is empty. Remove it from the list.");
    if (find(name)) {
      fail("task.labels", fmt::format("{}label '{}' stands twice in the list. Remove one.", where,
                                      printable_start(name)));
    }
    add(name);
  }
}

std::optional<int64_t> Labels::find(std::string_view label) const {
  const auto at = index_.find(label);
  if (at == index_.end()) return std::nullopt;
  return at->second;
}

int64_t Labels::index(std::string_view label, std::string_view place) const {
  if (const auto found = find(label)) return *found;
  fail("task.labels", fmt::format("{}: {}", place, unknown_label(*this, label)));
}

int64_t Labels::add(const std::string& label) {
  const auto [at, fresh] = index_.emplace(label, size());
  if (fresh) names_.push_back(label);
  return at->second;
}

Labels Labels::less(std::span<const std::string> names) const {
  Labels rest;
  for (const std::string& label : names_) {
    if (std::ranges::find(names, label) != names.end()) continue;
    rest.describe(rest.add(label), description(*find(label)));
  }
  rest.rewritten_ = rewritten_;
  return rest;
}

const std::string& Labels::description(int64_t index) const {
  static const std::string kNone;
  const auto at = descriptions_.find(name(index));
  return at == descriptions_.end() ? kNone : at->second;
}

void Labels::describe(int64_t index, const std::string& description) {
  if (description.empty()) descriptions_.erase(name(index));
  else descriptions_[name(index)] = description;
}

Labels with_descriptions(Labels labels, const Labels& more) {
  for (int64_t i = 0; i < labels.size(); ++i) {
    const auto known = more.find(labels.name(i));
    if (known && labels.description(i).empty()) labels.describe(i, more.description(*known));
  }
  return labels;
}

std::string descriptions_hash(const Labels& labels) {
  if (!labels.described()) return "";
  std::string text;
  for (int64_t i = 0; i < labels.size(); ++i) {
    text += labels.name(i) + '\0' + labels.description(i) + '\n';
  }
  return sha256(std::as_bytes(std::span(text)));
}

std::optional<std::string> negative_label(const Labels& labels) {
  for (const char* name : {"no_relation", "Other"}) {
    if (labels.find(name)) return name;
  }
  return std::nullopt;
}

std::string unlisted_label(const Labels& labels, std::string_view label) {
  return fmt::format("label '{}' is not among the inventory's {} labels.{}", printable_start(label),
                     labels.size(), did_you_mean(label, labels.names()));
}

std::string unknown_label(const Labels& labels, std::string_view label) {
  const std::string sentence = unlisted_label(labels, label);
  return sentence + (sentence.ends_with('?') ? " Else set the inventory with --labels."
                                             : " Set the inventory with --labels, or correct the "
                                               "label.");
}

namespace {

/// The last label may not look like an earlier one that has other bytes.
void check_twin(const std::vector<std::string>& names, const std::vector<std::string>& written,
                const std::string& place) {
  for (size_t i = 0; i + 1 < names.size(); ++i) {
    if (names[i] == names.back() && written[i] != written.back()) {
      fail("task.labels", fmt::format("{}: labels {} and {}, '{}', differ only by blanks or "
                                      "Unicode forms. Remove one.",
                                      place, i + 1, names.size(), printable_start(names.back())));
    }
  }
}

}  // namespace

Labels load_labels(const std::filesystem::path& path) {
  const std::string place = path.string();
  const nlohmann::json file = io::load_json(path);
  const bool described = file.is_object();
  if ((!file.is_array() && !described) || file.empty()) {
    fail("task.labels",
         fmt::format("{}: expected a JSON list of labels, such as [\"a\", \"b\"], or an object "
                     "from label to description, got {}. Write the labels as a list of strings.",
                     place, file.empty() ? "an empty one" : file.type_name()));
  }
  std::vector<std::string> names, written, rewritten, descriptions;
  const auto take = [&](const std::string& label) {
    written.push_back(label);
    names.push_back(seen_form(label));
    if (names.back() != label) rewritten.push_back(label);
    check_twin(names, written, place);
  };
  if (described) {  // once more, for the file's order
    const auto ordered = nlohmann::ordered_json::parse(read_file(path));
    for (const auto& item : ordered.items()) {
      take(item.key());
      descriptions.push_back(seen_form(io::require_string(file, item.key(), place)));
    }
  }
  for (const auto& item : described ? nlohmann::json::array() : file) {
    if (!item.is_string()) {
      fail("task.labels", fmt::format("{}: label {} is of type {}: expected a string.", place,
                                      names.size() + 1, item.type_name()));
    }
    take(item.get<std::string>());
  }
  Labels labels(std::move(names), place);
  for (size_t i = 0; i < descriptions.size(); ++i) labels.describe(int64_t(i), descriptions[i]);
  labels.set_rewritten(std::move(rewritten));
  return labels;
}

void save_labels(const std::filesystem::path& path, const Labels& labels) {
  if (!labels.described()) return write_file(path, io::dump_json(labels.names(), 1) + "\n");
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (int64_t i = 0; i < labels.size(); ++i) object[labels.name(i)] = labels.description(i);
  write_file(path,
             object.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace relatum::task
