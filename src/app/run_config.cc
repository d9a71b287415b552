// Holds every key of the file to what the commands know.
#include "app/run_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "app/environment.h"
#include "app/run_command_line.h"
#include "base/error.h"
#include "base/known_names.h"
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

const TomlValue& plain_value(const TomlItem& item, const std::string& place) {
  if (item.kind == TomlKind::kValue) return item.value;
  fail("app.run", fmt::format("{}: '{}' must be a number, a string, true or false; a list is "
                              "written as one string, such as \"q_proj,v_proj\".",
                              place, item.key));
}

std::vector<std::string> without_dashes(const std::vector<std::string>& flags) {
  std::vector<std::string> keys;
  for (const std::string& flag : flags) {
    if (flag != "--help") keys.push_back(flag.substr(2));
  }
  return keys;
}

// A key above the tables: each has one kind.
void check_kind(const TomlValue& value, const std::string& place, const std::string& key) {
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
void check_flag_kind(const TomlValue& value, bool is_switch, const std::string& place,
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

const std::vector<std::string>& run_stages() { return kStages; }
const std::vector<std::string>& run_top_keys() { return kTopKeys; }

TomlValue top_value(const fs::path& path, const TomlItem& item) {
  const std::string place = fmt::format("{}:{}", path.string(), item.line);
  if (item.kind == TomlKind::kTable) {
    fail("app.run", fmt::format("{}: '{}' is a key, not a table: write {} = \"…\" above "
                                "the first table.",
                                place, item.key, item.key));
  }
  const TomlValue& value = plain_value(item, place);
  check_kind(value, place, item.key);
  return value;
}

RunTable stage_table(const fs::path& path, const TomlItem& item) {
  const std::string& name = item.key;
  if (item.kind != TomlKind::kTable) {
    fail("app.run",
         fmt::format("{}:{}: '{}' is a table: write [{}].", path.string(), item.line, name, name));
  }
  const std::vector<std::string> keys = without_dashes(flags_of_command(name));
  const std::vector<std::string> switches = without_dashes(switches_of_command(name));
  RunTable table;
  for (const TomlItem& each : item.items) {
    const std::string line = fmt::format("{}:{}", path.string(), each.line);
    if (!among(keys, each.key)) {
      fail("app.run", fmt::format("{}: [{}] has no key '{}'.{} Its keys are the flags of "
                                  "`relatum {} --help`.",
                                  line, name, each.key, did_you_mean(each.key, keys), name));
    }
    const TomlValue& value = plain_value(each, line);
    check_flag_kind(value, among(switches, each.key), line, each.key);
    table[each.key] = value;
  }
  return table;
}

RunConfig::RunConfig(const fs::path& path) : path_(path) {
  std::vector<std::string> known = kTopKeys;
  known.insert(known.end(), kStages.begin(), kStages.end());
  for (const TomlItem& item : read_toml(path, "app.run")) {
    if (!among(known, item.key)) {
      fail("app.run", fmt::format("{}:{}: '{}' is not a key of this file.{} Top keys are {}; "
                                  "tables are {}.",
                                  path.string(), item.line, item.key, did_you_mean(item.key, known),
                                  fmt::join(kTopKeys, ", "), fmt::join(kStages, ", ")));
    }
    if (among(kStages, item.key)) {
      tables_[item.key] = stage_table(path, item);
    } else {
      top_[item.key] = top_value(path, item);
    }
  }
  order_stages();
  if (stages_.empty()) {
    fail("app.run", fmt::format("{} asks for no stage. Add a table such as [finetune]; it may be "
                                "empty.",
                                path.string()));
  }
}

RunConfig::RunConfig(fs::path path, RunTable top, std::map<std::string, RunTable> tables)
    : path_(std::move(path)), top_(std::move(top)), tables_(std::move(tables)) {
  order_stages();
}

void RunConfig::order_stages() {
  for (const std::string& stage : kStages) {
    if (tables_.contains(stage)) stages_.push_back(stage);
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
