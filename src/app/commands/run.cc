// relatum run: index, fine-tuning, extraction and evaluation from one file into one folder.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/environment.h"
#include "app/run_check.h"
#include "app/run_command_line.h"
#include "app/run_config.h"
#include "app/run_plan.h"
#include "app/run_stages.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/part_file.h"
#include "kernels/cpu.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHelp =
    "A file such as:\n\n"
    "  out = \"runs/semeval\"\n"
    "  model = \"smollm2-135m-instruct\"\n"
    "  train = \"semeval2010:TRAIN_FILE.TXT\"\n"
    "  test = \"semeval2010:TEST_FILE_FULL.TXT\"\n"
    "  prompt = \"roles-nolist\"\n"
    "  [index]            # omit for no retrieval\n"
    "  embedder = \"all-minilm-l6-v2\"\n"
    "  [finetune]         # keys are the command's flags; true turns a flag on\n"
    "  holdout = 800\n"
    "  epochs = 3\n"
    "  [extract]\n"
    "  scores = true\n"
    "  [evaluate]\n\n"
    "writes OUT/{config.toml,index,run,predictions.jsonl,report.html,stages.json}.\n\n"
    "Other keys above the first table: models, labels, and for all stages isa, threads, quiet.\n"
    "Paths are relative to the folder of the file. Every file and every setting is checked\n"
    "before the first stage. Run it again after an interruption or a change: stages whose\n"
    "settings and inputs are the same (compared by content) are skipped, an interrupted\n"
    "fine-tuning continues where it stopped, and every stage from the first changed one on is\n"
    "run again. [evaluate] always runs.";

class Runner {
 public:
  Runner(const RunConfig& config, bool overwrite, Environment& environment)
      : config_(config), overwrite_(overwrite), environment_(environment),
        out_(config.resolve(config.require("out", "run"))) {}

  int run() {
    std::vector<RunStage> stages = plan_run(config_);
    kernels::set_isa(settle_isa(config_, stages));
    check_run(config_, stages, environment_);
    RunStages record(out_);
    refuse_foreign(stages, record);
    record.save();  // before the copy, which is known for this program's by the record beside it
    write_file(out_ / "config.toml", read_file(config_.path()));
    bool redo = overwrite_;
    for (RunStage& stage : stages) {
      const StageState state = redo ? StageState::kChanged : record.state(stage, environment_);
      if (state == StageState::kFinished && stage.name != "evaluate") {
        tell(fmt::format("{}: finished before with the same settings and inputs; skipped.",
                         stage.name));
        continue;
      }
      redo = true;
      prepare(stage, state);
      if (const int status = work(stage, record)) return status;
    }
    return kDone;
  }

 private:
  // What somebody else left is not replaced unasked, and not found out after an hour.
  void refuse_foreign(const std::vector<RunStage>& stages, const RunStages& record) const {
    if (overwrite_) return;
    std::error_code ignored;
    const fs::path copy = out_ / "config.toml", list = out_ / "stages.json";
    if (fs::exists(copy, ignored) && !fs::exists(list, ignored) &&
        !fs::equivalent(copy, config_.path(), ignored)) {
      fail("app.run", fmt::format("{} already exists, and no stages.json beside it says that a "
                                  "run wrote it. Use another 'out', or --overwrite to replace it.",
                                  copy.string()));
    }
    for (const RunStage& stage : stages) {
      if (!record.foreign(stage)) continue;
      fail("app.run", fmt::format("{} already exists, and {} does not say how it was made. Use "
                                  "another 'out', or --overwrite to replace it.",
                                  stage.result(), list.string()));
    }
  }

  // Whether something is gone on with or replaced is told by the record; the file's own flags for
  // it would contradict that in a later call.
  static void prepare(RunStage& stage, StageState state) {
    std::error_code ignored;
    for (const char* flag : {"resume", "overwrite"}) stage.unset(flag);
    // The same as overwrite there, but where an adapter of another base is started from.
    const bool start = stage.has("init-adapter") && state != StageState::kStopped;
    if (stage.name == "finetune" && !start) stage.unset("force");
    if (state == StageState::kStopped) return stage.set("resume");
    const bool part = stage.name == "extract" &&
                      fs::exists(PartFile::path_for(stage.result()), ignored);
    if (part || fs::exists(stage.result(), ignored)) stage.set("overwrite");
  }

  // A stage before may have been quiet, or not, for itself.
  void tell(const std::string& line) const {
    environment_.set_quiet(config_.quiet());
    environment_.context().info(line);
  }

  int work(const RunStage& stage, RunStages& record) {
    std::string line = "> relatum";
    for (const std::string& argument : stage.arguments) line += " " + argument;
    tell(line);
    record.begin(stage, environment_);
    const int status = parse_command(stage.arguments)(environment_);
    if (status == kDone) record.finish(stage);
    return status;
  }

  const RunConfig& config_;
  const bool overwrite_;
  Environment& environment_;
  const fs::path out_;
};

Action define(CLI::App& app) {
  const auto path = std::make_shared<std::string>();
  const auto overwrite = std::make_shared<bool>(false);
  app.add_option("config", *path, "TOML file")->required();
  app.add_flag("--overwrite", *overwrite, "Run all stages again and replace what OUT holds");
  app.footer(kHelp);
  return [path, overwrite](Environment& environment) {
    const RunConfig config(*path);
    return Runner(config, *overwrite, environment).run();
  };
}

}  // namespace

const Command& command_run() {
  static const Command command{"run", "Run every stage from one file into one folder", define};
  return command;
}

}  // namespace relatum::app
