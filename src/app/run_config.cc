// Reads the file with toml++ and holds every key to what the commands know.
#include "app/run_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <set>
#include <sstream>

#include "app/environment.h"
#include "app/run_command_line.h"
#include "base/error.h"
#include "base/known_names.h"
#include "io/text_file.h"
#include "io/toml_keys.h"
#include "jobs/finetune_balance.h"
#include "task/prompt.h"
#include "task/spec.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kStages = {"index", "finetune", "extract", "evaluate"};
const std::vector<std::string> kTopKeys = {"out",    "model",  "models", "train",   "test",
                                           "prompt", "labels", "isa",    "threads", "quiet"};

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

RunValue to_value(const toml::node& node, const std::string& place, const std::string& key) {
  if (node.is_table() || node.is_array() || node.is_array_of_tables()) {
    fail("app.run", fmt::format("{}: '{}' must be a number, a string, true or false; a list is "
                                "written as one string, such as \"q_proj,v_proj\".",
                                place, key));
  }
  RunValue value;
  value.line = node.source().begin.line;
  value.flag = node.value_exact<bool>();
  if (const auto string = node.value_exact<std::string>()) {
    value.text = *string;
    value.is_string = true;
    return value;
  }
  std::ostringstream shown;
  node.visit([&](const auto& each) { shown << each; });
  value.text = shown.str();
  return value;
}

std::vector<std::string> without_dashes(const std::vector<std::string>& flags) {
  std::vector<std::string> keys;
  for (const std::string& flag : flags) {
    if (flag != "--help") keys.push_back(flag.substr(2));
  }
  return keys;
}

// A key above the tables: each has one kind.
void check_kind(const RunValue& value, const std::string& place, const std::string& key) {
  if (key == "quiet") {
    if (value.flag) return;
    fail("app.run", fmt::format("{}: 'quiet' must be true or false, without quotes.", place));
  }
  if (key == "threads") {
    if (!value.flag) return;  // the commands' own check says what number it has to be
    fail("app.run", fmt::format("{}: 'threads' must be a number.", place));
  }
  if (value.is_string && !value.text.empty()) return;
  fail("app.run", fmt::format("{}: '{}' must be a string that is not empty.", place, key));
}

// A key of a table: a mere flag of the command is switched on or off, any other has a value. false
// leaves out what the top of the file gives.
void check_flag_kind(const RunValue& value, bool is_switch, const std::string& place,
                     const std::string& key) {
  static const std::set<std::string> kNeverEmpty = {"out",   "data",     "train",
                                                    "model", "embedder", "predictions"};
  if (is_switch && !value.flag) {
    fail("app.run", fmt::format("{}: '{}' must be true or false, without quotes.", place, key));
  }
  if (!is_switch && value.flag.value_or(false)) {
    fail("app.run", fmt::format("{}: '{}' needs a value, not true.", place, key));
  }
  if (value.is_string && value.text.empty() && kNeverEmpty.contains(key)) {
    fail("app.run", fmt::format("{}: '{}' must be a string that is not empty.", place, key));
  }
}

RunTable read_table(const fs::path& path, const std::string& name, const toml::table& given) {
  const std::vector<std::string> keys = without_dashes(flags_of_command(name));
  const std::vector<std::string> switches = without_dashes(switches_of_command(name));
  RunTable table;
  for (const auto& [flag, value] : given) {
    const std::string each(flag.str());
    const std::string line = fmt::format("{}:{}", path.string(), flag.source().begin.line);
    if (!among(keys, each)) {
      fail("app.run", fmt::format("{}: [{}] has no key '{}'.{} Its keys are the flags of "
                                  "`relatum {} --help`.",
                                  line, name, each, did_you_mean(each, keys), name));
    }
    table[each] = to_value(value, line, each);
    check_flag_kind(table[each], among(switches, each), line, each);
  }
  return table;
}

bool looks_like_path(const std::string& value) {
  return value.find('/') != value.npos || value.starts_with('.') || value.starts_with('~');
}

bool is_style(const std::string& name) {
  for (const task::PromptStyle* style : task::prompt_styles()) {
    if (style->name == name) return true;
  }
  return false;
}

}  // namespace

RunConfig::RunConfig(const fs::path& path) : path_(path) {
  const std::string text = io::read_text(path);
  io::check_toml_keys(text, path.string(), "app.run");
  toml::table file;
  try {
    file = toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    fail("app.run", fmt::format("{}:{}: {}. Correct that line.", path.string(),
                                error.source().begin.line, error.description()));
  }
  std::vector<std::string> known = kTopKeys;
  known.insert(known.end(), kStages.begin(), kStages.end());
  for (const auto& [key, node] : file) {
    const std::string name(key.str());
    const std::string where = fmt::format("{}:{}", path.string(), key.source().begin.line);
    if (!among(known, name)) {
      fail("app.run", fmt::format("{}: '{}' is not a key of this file.{} Top keys are {}; tables "
                                  "are {}.",
                                  where, name, did_you_mean(name, known), fmt::join(kTopKeys, ", "),
                                  fmt::join(kStages, ", ")));
    }
    const bool stage = among(kStages, name);
    if (stage != node.is_table()) {
      fail("app.run", stage ? fmt::format("{}: '{}' is a table: write [{}].", where, name, name)
                            : fmt::format("{}: '{}' is a key, not a table: write {} = \"…\" above "
                                          "the first table.",
                                          where, name, name));
    }
    if (!stage) {
      top_[name] = to_value(node, where, name);
      check_kind(top_[name], where, name);
      continue;
    }
    tables_[name] = read_table(path, name, *node.as_table());
  }
  for (const std::string& stage : kStages) {
    if (tables_.contains(stage)) stages_.push_back(stage);
  }
  if (stages_.empty()) {
    fail("app.run", fmt::format("{} asks for no stage. Add a table such as [finetune]; it may be "
                                "empty.",
                                path.string()));
  }
}

bool RunConfig::quiet() const {
  const auto at = top_.find("quiet");
  return at != top_.end() && at->second.flag.value_or(false);
}

std::optional<std::string> RunConfig::text(const std::string& key) const {
  const auto at = top_.find(key);
  if (at == top_.end()) return std::nullopt;
  return at->second.text;
}

std::string RunConfig::require(const std::string& key, const std::string& needed_by) const {
  const auto at = top_.find(key);
  if (at == top_.end()) {
    fail("app.run", fmt::format("{}: '{}' is missing: {} needs it. Add {} = \"…\" above the first "
                                "table.",
                                path_.string(), key, needed_by, key));
  }
  return at->second.text;
}

std::string RunConfig::place(const std::string& stage, const std::string& key) const {
  const RunTable* table = &top_;
  if (!stage.empty()) table = tables_.contains(stage) ? &tables_.at(stage) : nullptr;
  if (!table || !table->contains(key)) return path_.string();
  return fmt::format("{}:{}", path_.string(), table->at(key).line);
}

std::string RunConfig::resolve(const std::string& path) const {
  if (path.empty() || path == "-") return path;
  if (path.starts_with("~/")) {
    return home_folder().string() + path.substr(1);
  }
  if (fs::path(path).is_absolute()) return path;
  // Absolute, so that the same file has one name wherever the program is called.
  return fs::absolute(path_.parent_path() / path).lexically_normal().string();
}

std::string RunConfig::resolve_flag(const std::string& flag, const std::string& value) const {
  static const std::set<std::string> kSpecs = {"data", "train", "dev"};
  static const std::set<std::string> kPaths = {
      "out",    "models",       "labels",        "index",       "adapter", "predictions",
      "report", "init-adapter", "label-weights", "calibration", "types"};
  if (value.empty()) return value;
  if (flag == "label-weights" && !jobs::names_weights_file(value)) return value;
  if (kPaths.contains(flag)) return resolve(value);
  if (kSpecs.contains(flag)) {
    const task::Spec spec = task::parse_spec(value);
    const size_t start = spec.format.empty() ? 0 : spec.format.size() + 1;
    return value.substr(0, start) + resolve(spec.path) + value.substr(start + spec.path.size());
  }
  if (flag == "relabel") {
    const size_t colon = value.find(':');
    if (colon == value.npos) return value;
    return value.substr(0, colon + 1) + resolve(value.substr(colon + 1));
  }
  const bool named = flag == "model" || flag == "embedder";
  if (!named && flag != "prompt") return value;
  if (looks_like_path(value)) return resolve(value);
  // A word: a style's or a model's name where it is one, else a file beside the TOML file. A model
  // of that name wins later, so only what stands beside the file is taken for a path here.
  std::error_code ignored;
  const std::string beside = resolve(value);
  if (flag == "prompt") return is_style(value) || !fs::exists(beside, ignored) ? value : beside;
  const bool elsewhere = !path_.parent_path().empty();
  return elsewhere && fs::exists(beside, ignored) ? beside : value;
}

}  // namespace relatum::app
