// Joins the file's top keys with each table, and has every command line parsed.
#include "app/run_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/run_command_line.h"
#include "base/error.h"
#include "base/error_sentence.h"
#include "jobs/run_record.h"

namespace relatum::app {
namespace {

using Values = std::map<std::string, std::string>;

class Planner {
 public:
  explicit Planner(const RunConfig& config) : config_(config) {
    out_ = config.resolve(config.require("out", "run"));
  }

  std::vector<RunStage> plan() {
    for (const std::string& name : config_.stages()) {
      RunStage stage;
      stage.name = name;
      take_defaults(stage);
      take_table(stage);
      parse(stage);
      stages_.push_back(std::move(stage));
    }
    return stages_;
  }

 private:
  std::string place(const char* name) const {
    return (std::filesystem::path(out_) / name).string();
  }

  void take(Values& values, const char* flag, const std::string& key, const std::string& stage) {
    values[flag] = config_.resolve_flag(flag, config_.require(key, "[" + stage + "]"));
  }
  void take_optional(Values& values, const char* flag) {
    if (const auto text = config_.text(flag)) values[flag] = config_.resolve_flag(flag, *text);
  }
  bool own(const std::string& stage, const char* flag) const {
    return config_.table(stage).contains(flag);
  }

  // What the top of the file and the earlier stages say.
  void take_defaults(RunStage& stage) {
    Values& values = stage.values;
    const std::string& name = stage.name;
    const auto known = flags_of_command(name);
    for (const char* flag : {"models", "labels", "isa", "threads"}) {
      const bool takes = std::find(known.begin(), known.end(), std::string("--") + flag) !=
                         known.end();
      if (takes) take_optional(values, flag);
    }
    if (config_.quiet()) values["quiet"] = "";
    if (name == "index" && !own(name, "data")) take(values, "data", "train", name);
    if (name == "finetune" && !own(name, "train")) take(values, "train", "train", name);
    const bool asks = name == "finetune" || name == "extract";
    if (asks && !own(name, "model")) take_model(values, name);
    if (asks) take_optional(values, "prompt");
    if (asks) take_index(values);
    if ((name == "extract" || name == "evaluate") && !own(name, "data")) {
      take(values, "data", "test", name);
    }
    if (name == "index") values["out"] = place("index");
    if (name == "finetune") values["out"] = place("run");
    if (name == "extract") values["out"] = place("predictions.jsonl");
    const RunStage* trained = find_stage(stages_, "finetune");
    if (name == "extract" && trained) {
      values["adapter"] = trained->result();
      const bool classifies = trained->value("head") == "classifier";
      // The run has its own, or knows it.
      if (trained->value("method") == "full" || classifies) values.erase("model");
    }
    if (name != "evaluate") return;
    const RunStage* answered = find_stage(stages_, "extract");
    values["predictions"] = answered ? answered->result() : place("predictions.jsonl");
    values["report"] = place("report.html");
    take_origin(values, answered);
  }

  // What the report shows beside the answers: the run and the index that they are of.
  void take_origin(Values& values, const RunStage* answered) const {
    const RunStage* trained = find_stage(stages_, "finetune");
    if (!answered) return;
    if (trained && answered->value("adapter") == trained->result()) {
      values["adapter"] = trained->result();
    }
    for (const char* flag : {"index", "embedder"}) {
      if (answered->has(flag)) values[flag] = answered->value(flag);
    }
  }

  // An adapter that was there before may know its model, or have one of its own.
  void take_model(Values& values, const std::string& name) {
    const auto& table = config_.table(name);
    const auto adapter = table.find("adapter");
    if (name != "extract" || adapter == table.end() || adapter->second.flag) {
      return take(values, "model", "model", name);
    }
    const std::filesystem::path run = config_.resolve_flag("adapter", adapter->second.text);
    std::error_code ignored;
    if (!std::filesystem::exists(run / "run.json", ignored)) {
      return take(values, "model", "model", name);
    }
    if (!jobs::has_own_model(jobs::read_run(run))) take_optional(values, "model");
  }

  void take_index(Values& values) const {
    const RunStage* index = find_stage(stages_, "index");
    if (!index) return;
    values["index"] = index->result();
    if (index->has("embedder")) values["embedder"] = index->value("embedder");
  }

  void take_table(RunStage& stage) const {
    for (const auto& [flag, value] : config_.table(stage.name)) {
      if (value.flag && !*value.flag) {
        stage.values.erase(flag);
      } else {
        stage.values[flag] = value.flag ? "" : config_.resolve_flag(flag, value.text);
      }
    }
    if (stage.has("no-index") && !own(stage.name, "index")) {  // not even the one made here
      stage.values.erase("index");
      if (!own(stage.name, "embedder")) stage.values.erase("embedder");
    }
    stage.arguments = {stage.name};
    for (const auto& [flag, value] : stage.values) {
      stage.arguments.push_back("--" + flag);
      const auto given = config_.table(stage.name).find(flag);
      const bool mere = flag == "quiet" ||
                        (given != config_.table(stage.name).end() && given->second.flag);
      if (!mere) stage.arguments.push_back(value);
    }
  }

  // Names the line of the key that the command's own sentence is about: one of the stage's table,
  // or of the top of the file.
  void parse(const RunStage& stage) const {
    try {
      parse_command(stage.arguments);
    } catch (const Error& error) {
      const std::string sentence = sentence_of(error);
      for (const std::string& table : {stage.name, std::string()}) {
        for (const auto& [flag, value] : table.empty() ? config_.top() : config_.table(table)) {
          if (sentence.find("--" + flag + ":") == sentence.npos) continue;
          fail("app.run", fmt::format("{}: {}", config_.place(table, flag), sentence));
        }
      }
      fail("app.run", fmt::format("[{}] of {}: {}", stage.name, config_.path().string(), sentence));
    }
  }

  const RunConfig& config_;
  std::string out_;
  std::vector<RunStage> stages_;
};

}  // namespace

std::string RunStage::value(const std::string& flag, const std::string& fallback) const {
  const auto at = values.find(flag);
  return at == values.end() ? fallback : at->second;
}

void RunStage::set(const std::string& flag) {
  if (!values.emplace(flag, "").second) return;
  arguments.push_back("--" + flag);
}

void RunStage::unset(const std::string& flag) {
  if (!values.erase(flag)) return;
  std::erase(arguments, "--" + flag);
}

std::string RunStage::result() const { return value(name == "evaluate" ? "report" : "out"); }

const RunStage* find_stage(const std::vector<RunStage>& stages, const std::string& name) {
  for (const RunStage& stage : stages) {
    if (stage.name == name) return &stage;
  }
  return nullptr;
}

std::vector<RunStage> plan_run(const RunConfig& config) { return Planner(config).plan(); }

}  // namespace relatum::app
