// Reads TACREV's list form and Re-TACRED's object form.
#include "task/relabel.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "task/fields.h"
#include "task/tacred_labels.h"

namespace relatum::task {
namespace {

using nlohmann::json;

void put(Patch& patch, const std::string& id, const std::string& label, const std::string& path) {
  patch.inventory.index(label, fmt::format("{}: id '{}'", path, id));
  const auto [at, fresh] = patch.labels.emplace(id, label);
  if (!fresh && at->second != label) {
    fail("task.relabel", fmt::format("{}: id '{}' has two labels, '{}' and '{}'. Remove one.", path,
                                     printable_start(id), at->second, label));
  }
}

void read_object(const json& object, const std::string& path, Patch& patch) {
  for (const auto& [id, label] : object.items()) {
    if (!label.is_string()) {
      fail("task.relabel", fmt::format("{}: the label of id '{}' is of type {}: expected a string.",
                                       path, id, label.type_name()));
    }
    put(patch, id, label.get<std::string>(), path);
  }
}

void read_list(const json& list, const std::string& path, Patch& patch) {
  int64_t number = 0;
  for (const json& row : list) {
    const std::string place = fmt::format("{}: row {}", path, ++number);
    const std::string id = id_of(row, "id", place);
    if (id.empty()) fail("task.relabel", fmt::format("{} has no 'id'. Add it.", place));
    put(patch, id, io::require_string(row, "relation", place), path);
  }
}

}  // namespace

Patch load_patch(std::string_view relabel) {
  const size_t colon = relabel.find(':');
  const std::string_view kind = relabel.substr(0, colon);
  const std::string path(colon == relabel.npos ? "" : relabel.substr(colon + 1));
  if ((kind != "tacrev" && kind != "retacred") || path.empty()) {
    fail("task.relabel", fmt::format("--relabel {}: expected tacrev:PATCH or retacred:PATCH, where "
                                     "PATCH is the published JSON file.",
                                     relabel));
  }
  Patch patch;
  patch.drops_others = kind == "retacred";
  patch.inventory = Labels(patch.drops_others ? retacred_labels() : tacred_labels());
  const json document = io::load_json(path);
  if (document.is_object()) {
    read_object(document, path, patch);
  } else if (document.is_array()) {
    read_list(document, path, patch);
  }
  if (patch.labels.empty()) {
    fail("task.relabel", fmt::format("{}: expected an object {{id: label}} or a list of {{\"id\", "
                                     "\"relation\"}} with at least one row. Is it the patch?",
                                     path));
  }
  return patch;
}

}  // namespace relatum::task
