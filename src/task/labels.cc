// Looks labels up, names unknown ones, and keeps labels.json.
#include "task/labels.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
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
  const nlohmann::json list = io::load_json(path);
  if (!list.is_array() || list.empty()) {
    fail("task.labels",
         fmt::format("{}: expected a JSON list of labels, such as [\"a\", \"b\"], "
                     "got {}. Write the labels as a list of strings.",
                     path.string(), list.is_array() ? "an empty one" : list.type_name()));
  }
  std::vector<std::string> names, written, rewritten;
  for (const auto& item : list) {
    if (!item.is_string()) {
      fail("task.labels", fmt::format("{}: label {} is of type {}: expected a string.",
                                      path.string(), names.size() + 1, item.type_name()));
    }
    written.push_back(item.get<std::string>());
    names.push_back(seen_form(written.back()));
    if (names.back() != written.back()) rewritten.push_back(written.back());
    check_twin(names, written, path.string());
  }
  Labels labels(std::move(names), path.string());
  labels.set_rewritten(std::move(rewritten));
  return labels;
}

void save_labels(const std::filesystem::path& path, const Labels& labels) {
  write_file(path, io::dump_json(labels.names(), 1) + "\n");
}

}  // namespace relatum::task
