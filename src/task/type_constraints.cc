// A label counts as allowed once one row had it: thresholds would forbid what is merely rare.
#include "task/type_constraints.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/known_names.h"
#include "io/json.h"
#include "task/forms.h"

namespace relatum::task {

using nlohmann::json;

void TypeConstraints::learn(const Example& example) {
  if (example.head.type.empty() || example.tail.type.empty()) return;
  const std::vector<std::string> labels = gold_labels(example);
  if (labels.empty()) return;
  allowed_[{example.head.type, example.tail.type}].insert(labels.begin(), labels.end());
}

std::set<std::string> TypeConstraints::types() const {
  std::set<std::string> types;
  for (const auto& [pair, labels] : allowed_) types.insert({pair.first, pair.second});
  return types;
}

std::vector<bool> TypeConstraints::mask(const Example& example, const Labels& labels,
                                        const std::optional<std::string>& negative) const {
  const auto known = allowed_.find({example.head.type, example.tail.type});
  if (known == allowed_.end()) return {};
  std::vector<bool> allowed(size_t(labels.size()), false);
  bool any = false;
  for (int64_t i = 0; i < labels.size(); ++i) {
    const std::string& label = labels.name(i);
    allowed[size_t(i)] = known->second.contains(label) || label == negative;
    any = any || allowed[size_t(i)];
  }
  return any ? allowed : std::vector<bool>{};
}

void TypeConstraints::check_labels(const Labels& labels, const std::string& file) const {
  for (const auto& [types, allowed] : allowed_) {
    for (const std::string& label : allowed) {
      if (labels.find(label)) continue;
      fail("task.types", fmt::format("{}: of {} and {}: {}", file, types.first, types.second,
                                     unknown_name("label", label, labels.names())));
    }
  }
}

TypeConstraints TypeConstraints::load(const std::filesystem::path& path) {
  const std::string place = path.string();
  TypeConstraints constraints;
  const json file = io::load_json(path);
  for (const json& each : io::require_array(file, "pairs", place)) {
    const std::pair types = {seen_form(io::require_string(each, "head", place)),
                             seen_form(io::require_string(each, "tail", place))};
    if (types.first.empty() || types.second.empty()) {
      fail("task.types", fmt::format("{}: a pair has an empty type. Name both types.", place));
    }
    if (constraints.allowed_.contains(types)) {
      fail("task.types", fmt::format("{}: the pair of {} and {} stands there twice. Join its "
                                     "labels.",
                                     place, types.first, types.second));
    }
    std::set<std::string>& allowed = constraints.allowed_[types];
    for (const std::string& label : io::require_strings(each, "labels", place)) {
      allowed.insert(seen_form(label));
    }
  }
  return constraints;
}

void TypeConstraints::save(const std::filesystem::path& path) const {
  nlohmann::ordered_json pairs = nlohmann::ordered_json::array();
  for (const auto& [types, labels] : allowed_) {
    pairs.push_back({{"head", types.first}, {"tail", types.second}, {"labels", labels}});
  }
  const nlohmann::ordered_json all = {{"pairs", pairs}};
  write_file(path, all.dump(1) + "\n");
}

TypeConstraints learn_types(std::span<const Example> examples) {
  TypeConstraints constraints;
  for (const Example& example : examples) constraints.learn(example);
  return constraints;
}

}  // namespace relatum::task
