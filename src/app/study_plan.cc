// Plans each cell as `run` would plan it, twice: results have names that settings decide.
#include "app/study_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "app/run_check.h"
#include "app/run_command_line.h"
#include "app/run_data.h"
#include "app/run_plan.h"
#include "app/stage_description.h"
#include "app/stage_options.h"
#include "app/study_arm_names.h"
#include "app/study_embedder.h"
#include "app/study_facts.h"
#include "app/study_merge.h"
#include "app/study_unused.h"
#include "base/error.h"
#include "base/error_sentence.h"
#include "base/parallel_for.h"
#include "jobs/models_folder.h"
#include "jobs/study_perplexity.h"
#include "jobs/study_results.h"
#include "jobs/study_split.h"
#include "kernels/cpu.h"
#include "task/forms.h"
#include "tensor/dtype.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
using jobs::StageFacts;

constexpr size_t kNameLength = 16;  // of a key, in names of folders

TomlValue string_value(const std::string& text) {
  TomlValue value;
  value.text = text;
  value.is_string = true;
  return value;
}

// For what its paths mean.
RunConfig empty_run(const StudyConfig& config) {
  return RunConfig(config.path, {}, std::map<std::string, RunTable>{});
}

template <class Work>
auto within_arm(const std::string& arm, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    fail("app.study", fmt::format("arm '{}': {}", arm, sentence_of(error)));
  }
}

class Planner {
 public:
  Planner(const StudyConfig& config, Environment& environment)
      : config_(config), environment_(environment), work_(study_path(config, config.work)) {}

  jobs::Study plan() {
    jobs::Study study;
    study.name = config_.name;
    study.title = config_.title;
    study.question = config_.question;
    study.results = study_path(config_, config_.results);
    study.work = work_;
    for (const std::string& each : config_.also) study.also.push_back(study_path(config_, each));
    if (!config_.text.empty()) study.text = study_path(config_, config_.text);
    const std::string text = jobs::StudyPerplexity(study.text).hash();
    settle_machine();
    for (const StudyArm& arm : config_.arms) {
      for (jobs::StudyCell& cell : cells_of(arm)) study.cells.push_back(std::move(cell));
      check_machine(study.cells.back());
    }
    for (jobs::StudyCell& cell : study.cells) cell.text = text;
    return study;
  }

  std::vector<jobs::StudyCell> cells_of(const StudyArm& arm) {
    return within_arm(arm.name, [&] {
      std::vector<jobs::StudyCell> cells;
      const StudyArm whole = with_rows(arm);
      for (const auto& seed : seeds_of(arm)) cells.push_back(cell_of(whole, seed));
      return cells;
    });
  }

  /// The first cell of an arm as `run` plans it, with its configuration.
  std::pair<RunConfig, std::vector<RunStage>> as_run(const StudyArm& arm) {
    StudyArm whole = with_rows(arm);
    // A run that is not there yet: what else can be wrong with the index shows with any model.
    if (embedding_arm(config_, whole)) whole.tables["index"]["embedder"] = whole.top["model"];
    RunConfig config = run_config(whole, seeds_of(arm)[0]);
    std::vector<RunStage> stages = plan_run(config);
    return {std::move(config), std::move(stages)};
  }

  void settle_machine() {
    const RunTable& top = config_.arms.at(0).top;  // the same in all: arms may not change it
    environment_.set_quiet(top.contains("quiet") && top.at("quiet").flag.value_or(false));
    kernels::set_isa(top.contains("isa") ? top.at("isa").text : "auto");
    if (!top.contains("threads")) return;
    const std::string& threads = top.at("threads").text;
    const bool number = !threads.empty() && threads.size() < 5 &&
                        threads.find_first_not_of("0123456789") == threads.npos;
    if (number && std::stoi(threads) > 0) set_thread_count(std::stoi(threads));
  }

 private:
  std::vector<std::optional<uint64_t>> seeds_of(const StudyArm& arm) const {
    if (!arm.tables.contains("finetune") || config_.seeds.empty()) return {std::nullopt};
    return {config_.seeds.begin(), config_.seeds.end()};
  }

  // The arm on the rows of the study: those held out, and parts ("?sample=50") of those that stay.
  StudyArm with_rows(StudyArm arm) {
    const bool parts = arm.top.contains("train") && arm.top.at("train").text.starts_with("?");
    if (!config_.holdout) {
      if (!parts) return arm;  // a test of parts alone names no file, which is refused as such
      fail("app.study",
           fmt::format("{}:{}: a 'train' of parts alone ('{}') is cut from the rows "
                       "that 'holdout' of [study] leaves. Add that, or name the data.",
                       config_.path.string(), arm.top.at("train").line, arm.top.at("train").text));
    }
    const bool cut = arm.top.contains("test") && arm.top.at("test").text.starts_with("?");
    if (arm.top.contains("test") && !cut) {
      fail("app.study",
           fmt::format("{}:{}: 'test' and 'holdout' of [study] exclude each other, but "
                       "for a 'test' of parts of the rows held out, such as "
                       "\"?without=Other\". Leave one of them out.",
                       config_.path.string(), arm.top.at("test").line));
    }
    const std::string spec = parts ? whole_train() : train_of(arm);
    const jobs::StudySplit& split = split_of(spec, arm);
    const std::string kept = "jsonl:" + split.train.string();
    arm.top["train"] = string_value(kept + (parts ? arm.top.at("train").text : config_.train_rows));
    cues_[arm.name] = kept;
    const std::string asked = cut ? arm.top.at("test").text : "";
    arm.top["test"] = string_value("jsonl:" + split.held_out.string() + asked);
    if (!arm.top.contains("labels")) arm.top["labels"] = string_value(split.labels.string());
    RunTable& evaluate = arm.tables["evaluate"];
    const bool named = evaluate.contains("official") || !config_.metric.empty();
    if (!named && !split.official.empty()) evaluate["official"] = string_value(split.official);
    return arm;
  }

  std::string train_of(const StudyArm& arm) const {
    if (arm.top.contains("train")) return arm.top.at("train").text;
    fail("app.study", fmt::format("{}: 'holdout' of [study] needs 'train', the data to hold rows "
                                  "out of. Add train = \"…\" above the first table.",
                                  config_.path.string()));
  }

  // What an arm's parts are cut from: the train of an arm that names data.
  std::string whole_train() const {
    if (!config_.train.empty()) return config_.train;
    fail("app.study", fmt::format("{}: a 'train' of parts alone needs the data that they are cut "
                                  "from. Add train = \"…\" above the first table.",
                                  config_.path.string()));
  }

  const jobs::StudySplit& split_of(const std::string& spec, const StudyArm& arm) {
    const RunConfig paths = empty_run(config_);
    const std::string labels = arm.top.contains("labels")
                                   ? paths.resolve_flag("labels", arm.top.at("labels").text)
                                   : "";
    const auto known = splits_.find(spec + '\0' + labels);
    if (known != splits_.end()) return known->second;
    jobs::DataChoice reading;
    reading.labels = labels;
    jobs::StudySplit split = jobs::split_training(paths.resolve_flag("train", spec), reading,
                                                  *config_.holdout, work_, environment_.host());
    return splits_.emplace(spec + '\0' + labels, std::move(split)).first->second;
  }

  RunConfig run_config(const StudyArm& arm, std::optional<uint64_t> seed) const {
    RunTable top = arm.top;
    top["out"] = string_value(work_.string());
    top.erase("quiet");
    std::map<std::string, RunTable> tables = arm.tables;
    if (seed) {
      TomlValue value;
      value.text = std::to_string(*seed);
      tables.at("finetune")["seed"] = value;
    }
    RunTable& evaluate = tables["evaluate"];
    for (const char* flag : {"data", "limit", "labels", "relabel", "skip-bad-rows"}) {
      const RunTable& extract = tables["extract"];
      if (extract.contains(flag) && !evaluate.contains(flag)) evaluate[flag] = extract.at(flag);
    }
    if (!config_.metric.empty() && !evaluate.contains("official")) {
      evaluate["official"] = string_value(config_.metric);
    }
    return RunConfig(config_.path, std::move(top), std::move(tables));
  }

  // Where a stage's result lies decides nothing, so its name can follow from what does: planned
  // once to see that, and again with these names.
  jobs::StudyCell cell_of(const StudyArm& arm, std::optional<uint64_t> seed) {
    jobs::StudyCell cell;
    cell.arm = arm.name;
    cell.copies = arm.copies;
    for (const ArmAxis& axis : arm.axes) cell.axes.push_back(axis.value);
    cell.seed = seed;
    if (const auto cues = cues_.find(arm.name); cues != cues_.end()) cell.cues = cues->second;
    StudyArm placed = arm;
    std::map<std::string, std::string> made;  // what a result is known by before it is there
    if (const StudyArm* other = embedding_arm(config_, arm)) {
      const jobs::StudyCell embeds = cell_of(with_rows(*other), seed);
      cell.embeds = embeds.finetune;
      made[cell.embeds->out] = jobs::study_key({{"finetune", embeds.facts.at("finetune")}});
      placed.tables.at("index")["embedder"] = string_value(cell.embeds->out);
    }
    for (const RunStage& stage : plan_run(run_config(placed, seed))) {
      const StageFacts facts = facts_of(stage, made);
      cell.facts[stage.name] = facts;
      if (stage.name == "evaluate") continue;
      const std::string key = jobs::study_key({{stage.name, facts}});
      made[stage.result()] = key;
      const bool answers = stage.name == "extract";
      const fs::path out = work_ / fmt::format("{}-{}{}", answers ? "answers" : stage.name,
                                               key.substr(0, kNameLength), answers ? ".jsonl" : "");
      placed.tables.at(stage.name)["out"] = string_value(out.string());
    }
    cell.key = jobs::study_key(cell.facts);
    take_options(plan_run(run_config(placed, seed)), cell);
    return cell;
  }

  StageFacts facts_of(const RunStage& stage, const std::map<std::string, std::string>& made) {
    const auto hash = [&](const fs::path& path) {
      const auto known = made.find(path.string());
      if (known != made.end()) return known->second;
      auto& content = contents_[path.string()];
      if (content.empty()) content = content_hash(path);
      if (content.empty()) {
        fail("app.study", fmt::format("[{}] reads {}, and there is no such file, or folder with "
                                      "files that are known. Check the path.",
                                      stage.name, path.string()));
      }
      return content;
    };
    for (const char* flag : {"data", "train", "dev"}) {
      if (!reads_input(stage, flag)) continue;
      fail("app.study", fmt::format("[{}] reads standard input ('-'), which can be read once, and "
                                    "every cell reads its data. Name a file.",
                                    stage.name));
    }
    const FindModel named = named_models(environment_);
    const auto find = [&](const std::string& name, const std::string& models) {
      return made.contains(name) ? fs::path(name) : named(name, models);
    };
    const nlohmann::json described = describe_stage(stage, find, hash);
    StageFacts facts;
    if (stage.name != "evaluate") facts.defaults = defaults_of(stage.name);
    for (const auto& [flag, value] : facts.defaults) {
      if (!stage.has(flag) && !kLeftOut.contains(flag)) facts.settings[flag] = value;
    }
    for (const auto& [flag, value] : described.at("settings").items()) {
      facts.settings[flag] = value.get<std::string>();
    }
    for (const auto& [flag, input] : described.at("inputs").items()) {
      const std::string parts = input.at("parts").get<std::string>();
      facts.inputs[flag] = input.at("sha256").get<std::string>() +
                           (parts.empty() ? "" : " " + parts);
    }
    if (stage.name == "evaluate") return facts;
    if (stage.name == "finetune") {
      settle_facts(finetune_options(stage.arguments), environment_.host(), facts);
    }
    facts.settings["isa"] = kernels::isa() == kernels::Isa::kAvx512 ? "avx512" : "avx2";
    const std::string compute = stage.value("compute", stage.name == "index" ? "f32" : "auto");
    facts.settings["compute"] = compute == "int8"
                                    ? compute
                                    : std::string(name_of(kernels::compute_type(compute)));
    return facts;
  }

  const std::map<std::string, std::string>& defaults_of(const std::string& stage) {
    auto& known = defaults_[stage];
    if (known.empty()) known = defaults_of_command(stage);
    return known;
  }

  void take_options(const std::vector<RunStage>& stages, jobs::StudyCell& cell) const {
    for (const RunStage& stage : stages) {
      if (stage.name == "index") cell.index = index_of(stage, cell);
      if (stage.name == "finetune") cell.finetune = finetune_options(stage.arguments);
      if (stage.name == "extract") cell.extract = extract_options(stage.arguments);
      if (stage.name != "evaluate") continue;
      cell.gold = stage.value("data");
      cell.reading.relabel = stage.value("relabel");
      cell.reading.labels = stage.value("labels");
      cell.reading.skip_bad_rows = stage.has("skip-bad-rows");
      if (stage.has("limit")) cell.reading.limit = std::stoll(stage.value("limit"));
      if (stage.has("negative")) cell.scores.negative = task::seen_form(stage.value("negative"));
      if (stage.has("official")) cell.scores.official = stage.value("official");
      cell.scores.missing_is_wrong = stage.value("missing") == "wrong";
    }
  }

  jobs::IndexOptions index_of(const RunStage& stage, const jobs::StudyCell& cell) const {
    jobs::IndexOptions options = index_options(stage.arguments);
    options.embedder = cell.embeds ? fs::path(cell.embeds->out)
                                   : jobs::find_model(stage.value("embedder"),
                                                      stage.value("models"), environment_.host());
    return options;
  }

  // Figures of other products are other figures: a table that mixes them compares machines.
  void check_machine(const jobs::StudyCell& cell) {
    for (const auto& [stage, facts] : cell.facts) {
      if (stage == "evaluate" || stage == "index") continue;
      const std::string compute = facts.settings.at("compute");
      const auto [first, fresh] = computes_.emplace(stage, std::pair(cell.arm, compute));
      if (fresh || config_.mixed_compute || first->second.second == compute) continue;
      fail("app.study",
           fmt::format("{}: [{}] of arm '{}' would compute in {} and that of arm '{}' in {}. Give "
                       "all arms the same 'compute', or write mixed-compute = true below [study] "
                       "where that is meant.",
                       config_.path.string(), stage, first->second.first, first->second.second,
                       cell.arm, compute));
    }
  }

  // Of options that have defaults, those that decide no figure.
  inline static const std::set<std::string> kLeftOut = {"threads", "isa", "quiet", "models", "out"};

  const StudyConfig& config_;
  Environment& environment_;
  const fs::path work_;
  std::map<std::string, jobs::StudySplit> splits_;
  std::map<std::string, std::string> cues_;                              // by arm
  std::map<std::string, std::string> contents_;                          // hashes of files, by path
  std::map<std::string, std::map<std::string, std::string>> defaults_;   // by stage
  std::map<std::string, std::pair<std::string, std::string>> computes_;  // by stage: arm, type
};

}  // namespace

std::filesystem::path study_path(const StudyConfig& config, const std::string& path) {
  return empty_run(config).resolve(path);
}

jobs::Study plan_study(StudyConfig& config, Environment& environment) {
  settle_baseline(config, false);
  Planner planner(config, environment);
  jobs::Study study = planner.plan();
  for (const std::string& line : merge_copies(config, study.cells)) {
    environment.context().info(line);
  }
  drop_unused(config, study.cells, [&](const StudyArm& arm) { return planner.cells_of(arm); });
  settle_baseline(config, true);
  study.baseline = config.baseline;
  check_embedding_arms(config);
  refuse_equal(config, study.cells);
  warn_of_unused(config, environment.context());
  return study;
}

void check_study(const StudyConfig& config, const jobs::Study& study, Environment& environment) {
  jobs::StudyResults results(study.results, study.name);
  results.take_others(study);
  Planner planner(config, environment);
  for (const StudyArm& arm : config.arms) {
    const bool open = std::ranges::any_of(study.cells, [&](const jobs::StudyCell& cell) {
      return cell.arm == arm.name && !results.find(cell);
    });
    if (!open) continue;
    within_arm(arm.name, [&] {
      const auto [run, stages] = planner.as_run(arm);
      check_run(run, stages, environment);
      return 0;
    });
  }
}

}  // namespace relatum::app
