// The record's keys as flags.
#include "jobs/finetune_started.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "io/json.h"
#include "jobs/finetune_folder.h"
#include "jobs/finetune_folds.h"
#include "jobs/run_record.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

enum class Kind { kText, kNumber, kSwitch, kSwitchOff };

struct Key {
  const char *key, *flag;
  Kind kind;
};

// What decides a run and stands in every record. Tokens at once are not among them: they are part
// of the plan, which reads them itself.
constexpr Key kKeys[] = {{"model", "model", Kind::kText},
                         {"models", "models", Kind::kText},
                         {"method", "method", Kind::kText},
                         {"base", "base", Kind::kText},
                         {"compute", "compute", Kind::kText},
                         {"train", "train", Kind::kText},
                         {"dev", "dev", Kind::kText},
                         {"holdout", "holdout", Kind::kNumber},
                         {"relabel", "relabel", Kind::kText},
                         {"labels_file", "labels", Kind::kText},
                         {"prompt", "prompt", Kind::kText},
                         {"label_list", "label-list", Kind::kText},
                         {"negative", "negative", Kind::kText},
                         {"pairs", "pairs", Kind::kText},
                         {"index", "index", Kind::kText},
                         {"embedder", "embedder", Kind::kText},
                         {"neighbours", "neighbours", Kind::kNumber},
                         {"example_choice", "examples", Kind::kText},
                         {"chat", "chat", Kind::kSwitch},
                         {"rank", "rank", Kind::kNumber},
                         {"alpha", "alpha", Kind::kNumber},
                         {"dropout", "dropout", Kind::kNumber},
                         {"targets", "targets", Kind::kText},
                         {"rslora", "rslora", Kind::kSwitch},
                         {"epochs", "epochs", Kind::kNumber},
                         {"lr", "lr", Kind::kNumber},
                         {"schedule", "schedule", Kind::kText},
                         {"warmup", "warmup", Kind::kNumber},
                         {"weight_decay", "weight-decay", Kind::kNumber},
                         {"clip", "clip", Kind::kNumber},
                         {"batch_tokens", "batch-tokens", Kind::kNumber},
                         {"share", "no-share", Kind::kSwitchOff},
                         {"checkpoint", "checkpoint", Kind::kSwitch},
                         {"seed", "seed", Kind::kNumber},
                         {"eval_every", "eval-every", Kind::kNumber},
                         {"save_every", "save-every", Kind::kNumber},
                         {"patience", "patience", Kind::kNumber}};

std::string number_text(const json& record, const char* key, const std::string& place) {
  const double number = io::require_double(record, key, place);
  const json& value = record.at(key);
  return value.is_number_integer() ? io::dump_json(value) : fmt::format("{}", number);
}

void take_key(const json& record, const Key& key, const std::string& place, Words& words) {
  if (!io::find(record, key.key)) return;
  if (key.kind == Kind::kText) {
    const std::string text = io::require_string(record, key.key, place);
    if (!text.empty()) words.emplace(key.flag, text);
  } else if (key.kind == Kind::kNumber) {
    words.emplace(key.flag, number_text(record, key.key, place));
  } else if (io::require_bool(record, key.key, place) == (key.kind == Kind::kSwitch)) {
    words.emplace(key.flag, "");
  }
}

// Keys of options that were not given say what was settled, which for some is no option's value.
void take_keys(const json& record, const std::string& place, Words& words) {
  const bool starts_elsewhere = words.contains("init-adapter");
  const bool index = !io::get_string(record, "index", "", place).empty();
  const bool automatic = io::get_bool(record, "batch_tokens_automatic", false, place);
  std::set<std::string> passed;
  if (starts_elsewhere) passed.insert({"rank", "alpha", "dropout", "targets", "rslora"});
  if (!index) passed.insert({"neighbours", "examples"});
  if (automatic) passed.insert("batch-tokens");
  const bool joint = io::get_string(record, "task", "", place) == "joint";
  const bool reads_states = io::get_string(record, "head", "", place) == "classifier" ||
                            (io::find(record, "entities") && !joint);
  if (reads_states) passed.insert("prompt");  // no style that could be named
  // Named by the data, or the usual one, where it is not among the options.
  if (io::find(record, "options")) passed.insert("negative");
  // Versions that kept no options wrote qlora whatever the base, which decides it now.
  const bool full = io::get_string(record, "method", "", place) == "full";
  if (!io::find(record, "options") && !full) passed.insert("method");
  for (const Key& key : kKeys) {
    if (!passed.contains(key.flag)) take_key(record, key, place, words);
  }
}

// Of records without "options": what no key has stands in the command line, where it was one of
// this command.
Words typed(const json& record, const std::string& place) {
  static const std::set<std::string> kSwitches = {"--skip-bad-rows", "--low-memory"};
  static const std::set<std::string> kValues = {"--limit", "--memory", "--threads", "--isa"};
  Words words;
  if (!io::find(record, "command")) return words;
  const std::vector<std::string> line = io::require_strings(record, "command", place);
  if (line.size() < 2 || line[1] != "finetune") return words;
  for (size_t i = 2; i < line.size(); ++i) {
    const size_t equals = line[i].find('=');
    const std::string flag = line[i].substr(0, equals);
    if (kSwitches.contains(flag)) words[flag.substr(2)] = "";
    if (!kValues.contains(flag)) continue;
    if (equals != flag.npos && equals < line[i].size()) {
      words[flag.substr(2)] = line[i].substr(equals + 1);
    } else if (i + 1 < line.size()) {
      words[flag.substr(2)] = line[++i];
    }
  }
  return words;
}

void take_places(const json& record, const fs::path& run, const std::string& place,
                 StartedWith& started) {
  const auto add = [&](const char* flag, const fs::path& path) {
    if (!path.empty()) started.elsewhere[flag].push_back(path.string());
  };
  add("model", io::get_string(record, "model_path", "", place));
  add("index", io::get_string(record, "index_path", "", place));
  const std::string beside = io::get_string(record, "index_beside", "", place);
  if (!beside.empty()) add("index", run / beside);
  add("prompt", run / "prompt.txt");
}

fs::path folder_above(const fs::path& run) {
  return fs::absolute(run).lexically_normal().parent_path();
}

}  // namespace

StartedWith started_with(const fs::path& run) {
  StartedWith started;
  const bool folds = fs::exists(folds_record(run));
  started.record = folds ? folds_record(run) : run / "run.json";
  if (!folds) read_run(run);  // its version, and that it is one
  const json record = io::load_json(started.record);
  const std::string place = started.record.string();
  if (!folds && io::find(record, "fold")) {
    fail("jobs.finetune", fmt::format("{} is one of several folds. Go on with them all: --resume "
                                      "--out {}.",
                                      run.string(), folder_above(run).string()));
  }
  if (const json* options = io::find(record, "options")) {
    for (const auto& [flag, value] : io::require_object(record, "options", place).items()) {
      started.given[flag] = io::require_string(*options, flag, place);
    }
    started.words = started.given;
  } else {
    started.words = typed(record, place);
  }
  started.directory = io::get_string(record, "directory", "", place);
  started.micro_tokens = io::get_int(record, "micro_tokens", 0, place);
  started.force = io::get_bool(record, "init_adapter_force", false, place);
  take_keys(record, place, started.words);
  take_places(record, run, place, started);
  return started;
}

bool begun_without_state(const fs::path& run) {
  if (fs::exists(finetune_state(run)) || fs::exists(folds_record(run))) return false;
  if (!fs::exists(run / "run.json")) return false;
  const std::string status = read_run(run).status;
  return status == "running" || status == "interrupted";
}

void check_resume(const FinetuneOptions& options) {
  if (!options.resume) return;
  const fs::path run(options.out);
  if (options.overwrite) {
    fail("jobs.finetune", "--resume continues a run, --overwrite replaces it. Give one of them.");
  }
  if (fs::exists(finetune_state(run)) || fs::exists(folds_record(run))) return;
  const bool recorded = fs::exists(run / "run.json");
  if (recorded && read_run(run).status == "done") {
    fail("jobs.finetune",
         fmt::format("{} holds a finished run: there is nothing left to resume.", run.string()));
  }
  fail("jobs.finetune", fmt::format("{} holds no state to go on from. Leave out --resume, or use "
                                    "--overwrite to start over.",
                                    run.string()));
}

}  // namespace relatum::jobs
