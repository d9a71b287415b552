// Reads [study], what arms share, [[arm]] and [grid].
#include "app/study_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "app/study_grid.h"
#include "base/error.h"
#include "base/error_sentence.h"
#include "base/known_names.h"
#include "task/metric.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kStudyKeys = {
    "name",     "title",   "question",   "results",       "work", "metric", "seeds",
    "baseline", "holdout", "train-rows", "mixed-compute", "also", "text"};

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

class Reader {
 public:
  explicit Reader(const fs::path& path) { config_.path = path; }

  StudyConfig read() {
    StudyArm common;
    std::vector<TomlItem> arms;
    std::vector<GridAxis> grid;
    const std::vector<TomlItem> items = read_toml(config_.path, "app.study");
    for (const TomlItem& item : items) {
      if (item.key == "study") read_study_table(item);
      else if (item.key == "arm") arms = list_of_tables(item);
      else if (item.key == "grid") grid = read_grid(config_.path, item);
      else take_setting(item, common);
    }
    if (config_.name.empty()) {
      fail("app.study", fmt::format("{}: [study] with a 'name' is missing. Add it: name = \"rank\" "
                                    "names the study in its results file.",
                                    config_.path.string()));
    }
    check_train_rows();
    if (arms.empty() && grid.empty()) {
      fail("app.study", fmt::format("{}: there is neither an [[arm]] nor a [grid], so nothing to "
                                    "compare. Add one.",
                                    config_.path.string()));
    }
    for (const char* stage : {"extract", "evaluate"}) common.tables[stage];
    if (common.top.contains("train")) config_.train = common.top.at("train").text;
    for (const TomlItem& item : arms) config_.arms.push_back(read_arm(item, common));
    if (arms.empty()) config_.arms.push_back(common);
    config_.arms = multiply(config_.path, config_.arms, grid);
    check_names();
    return config_;
  }

 private:
  std::string place(const TomlItem& item) const {
    return fmt::format("{}:{}", config_.path.string(), item.line);
  }

  [[noreturn]] void refuse_kind(const TomlItem& item, const char* wanted) const {
    fail("app.study", fmt::format("{}: '{}' must be {}.", place(item), item.key, wanted));
  }

  std::string text(const TomlItem& item) const {
    const bool whole = item.kind == TomlKind::kValue && item.value.is_string &&
                       !item.value.text.empty();
    if (!whole) refuse_kind(item, "a string that is not empty");
    return item.value.text;
  }

  // Whole, not negative, and small enough for an option.
  uint64_t number(const TomlItem& item, const char* wanted) const {
    const std::string& digits = item.value.text;
    const bool whole = item.kind == TomlKind::kValue && !item.value.is_string && !item.value.flag &&
                       !digits.empty() && digits.size() < 10 &&
                       digits.find_first_not_of("0123456789") == digits.npos;
    if (!whole) refuse_kind(item, wanted);
    return std::stoull(digits);
  }

  std::vector<TomlItem> list_of_tables(const TomlItem& item) const {
    const bool tables = item.kind == TomlKind::kList &&
                        std::ranges::all_of(item.items, [](const TomlItem& each) {
                          return each.kind == TomlKind::kTable;
                        });
    if (!tables) {
      fail("app.study", fmt::format("{}: arms are tables: write [[arm]] above each.", place(item)));
    }
    return item.items;
  }

  void read_study_table(const TomlItem& table) {
    if (table.kind != TomlKind::kTable) refuse_kind(table, "a table: write [study]");
    for (const TomlItem& item : table.items) read_study_key(item);
    if (config_.name.find_first_of("/\\") != std::string::npos || config_.name.starts_with('.')) {
      fail("app.study", fmt::format("{}: the study's name is '{}', and names files. Leave out '/', "
                                    "and a '.' at its beginning.",
                                    place(table), config_.name));
    }
    if (config_.results.empty()) config_.results = config_.name + ".json";
    if (config_.work.empty()) config_.work = "runs/studies/" + config_.name;
    if (config_.title.empty()) config_.title = config_.name;
  }

  void check_metric(const TomlItem& item) const {
    const std::vector<std::string> known = names_of(task::metrics());
    if (std::ranges::find(known, config_.metric) != known.end()) return;
    fail("app.study",
         fmt::format("{}: there is no metric '{}'.{} There are {}.", place(item), config_.metric,
                     did_you_mean(config_.metric, known), fmt::join(known, ", ")));
  }

  void read_study_key(const TomlItem& item) {
    const std::map<std::string, std::string*> texts = {
        {"name", &config_.name},         {"title", &config_.title},
        {"question", &config_.question}, {"results", &config_.results},
        {"work", &config_.work},         {"metric", &config_.metric},
        {"baseline", &config_.baseline}, {"train-rows", &config_.train_rows},
        {"text", &config_.text}};
    if (const auto known = texts.find(item.key); known != texts.end()) {
      *known->second = text(item);
      if (item.key == "metric") check_metric(item);
    } else if (item.key == "seeds") {
      const char* wanted =
          "a list of different whole numbers from 0 to 999999999, such as [1, 2, 3]";
      if (item.kind != TomlKind::kList || item.items.empty()) refuse_kind(item, wanted);
      for (TomlItem each : item.items) {
        each.key = item.key;
        const uint64_t seed = number(each, wanted);
        if (std::ranges::find(config_.seeds, seed) != config_.seeds.end()) {
          refuse_kind(item, wanted);
        }
        config_.seeds.push_back(seed);
      }
    } else if (item.key == "also") {
      const char* wanted = "a list of results files, such as [\"rank.json\"]";
      if (item.kind != TomlKind::kList) refuse_kind(item, wanted);
      for (const TomlItem& each : item.items) {
        if (!each.value.is_string || each.value.text.empty()) refuse_kind(item, wanted);
        config_.also.push_back(each.value.text);
      }
    } else if (item.key == "holdout") {
      config_.holdout = int64_t(number(item, "a whole number of rows from 1 on"));
      if (*config_.holdout == 0) refuse_kind(item, "a whole number of rows from 1 on");
    } else if (item.key == "mixed-compute") {
      if (!item.value.flag) refuse_kind(item, "true or false, without quotes");
      config_.mixed_compute = *item.value.flag;
    } else {
      fail("app.study",
           fmt::format("{}: [study] has no key '{}'.{} Its keys are {}.", place(item), item.key,
                       did_you_mean(item.key, kStudyKeys), fmt::join(kStudyKeys, ", ")));
    }
  }

  StudyArm read_arm(const TomlItem& table, const StudyArm& common) const {
    StudyArm arm = common;
    arm.line = table.line;
    for (const TomlItem& item : table.items) {
      if (item.key == "name") {
        arm.name = arm.written = text(item);
        continue;
      }
      take_setting(item, arm);
      if (item.kind != TomlKind::kTable) {
        arm.own.insert(item.key);
        continue;
      }
      for (const TomlItem& each : item.items) arm.own.insert(item.key + "." + each.key);
    }
    if (arm.name.empty()) {
      fail("app.study", fmt::format("{}: an [[arm]] needs a 'name'. Add name = \"…\", as the table "
                                    "of results is to show it.",
                                    place(table)));
    }
    return arm;
  }

  // A key or a table of stages, for all arms or for one.
  void take_setting(const TomlItem& item, StudyArm& arm) const {
    try {
      apply_setting(config_.path, item, arm);
    } catch (const Error& error) {
      if (arm.name.empty()) throw;
      fail("app.study", fmt::format("arm '{}': {}", arm.name, sentence_of(error)));
    }
  }

  void check_train_rows() const {
    if (config_.train_rows.empty()) return;
    if (!config_.train_rows.starts_with("?")) {
      fail("app.study", fmt::format("{}: 'train-rows' is '{}', and has to be parts alone, such as "
                                    "\"?sample=2000\".",
                                    config_.path.string(), config_.train_rows));
    }
    if (config_.holdout) return;
    fail("app.study", fmt::format("{}: 'train-rows' is cut from the rows that 'holdout' of [study] "
                                  "leaves. Add that, or write the parts behind 'train'.",
                                  config_.path.string()));
  }

  void check_names() const {
    std::vector<std::string> names;
    for (const StudyArm& arm : config_.arms) {
      if (among(names, arm.name)) {
        fail("app.study", fmt::format("{}: two arms are called '{}'. Give each a name of its own.",
                                      config_.path.string(), arm.name));
      }
      names.push_back(arm.name);
    }
  }

  StudyConfig config_;
};

}  // namespace

StudyConfig read_study(const fs::path& path) { return Reader(path).read(); }

}  // namespace relatum::app
