// Tries the inputs and the settings of the stages.
#include "app/run_check.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "app/finetune_plan.h"
#include "app/models_folder.h"
#include "app/options.h"
#include "app/output_path.h"
#include "app/run_lengths.h"
#include "arch/family.h"
#include "base/error.h"
#include "kernels/cpu.h"
#include "retrieve/store.h"
#include "task/holdout.h"
#include "task/load.h"
#include "task/prompt.h"
#include "train/adapter.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

class Checks {
 public:
  Checks(const RunConfig& config, const std::vector<RunStage>& stages,
         const Environment& environment)
      : config_(config), stages_(stages), environment_(environment) {}

  void run() {
    check_standard_input();
    for (const RunStage& stage : stages_) {
      try {
        check(stage);
      } catch (const Error& error) {
        const std::string sentence = error.what();
        const size_t room = sentence.find("] ");
        fail("app.run", fmt::format("[{}] of {}: {}", stage.name, config_.path().string(),
                                    room == sentence.npos ? sentence : sentence.substr(room + 2)));
      }
    }
  }

 private:
  void check(const RunStage& stage) {
    check_outputs(stage);
    if (stage.has("compute")) kernels::compute_type(stage.value("compute"));
    if (stage.has("embedder")) check_embedder(stage);
    if (stage.has("prompt")) check_style(stage);
    if (stage.name == "index") load(stage, "data", true);
    if (stage.name == "finetune") check_finetune(stage);
    if (stage.name == "extract") check_extract(stage);
    if (stage.name == "evaluate") check_evaluate(stage);
    if (stage.has("index") && !find_stage(stages_, "index")) {
      retrieve::load_store(stage.value("index"));
    }
  }

  // It can be read once.
  void check_standard_input() const {
    int readers = 0;
    for (const RunStage& stage : stages_) {
      for (const char* flag : {"data", "train", "dev"}) {
        const std::string spec = stage.value(flag);
        readers += !spec.empty() && task::parse_spec(spec).path == "-";
      }
    }
    if (readers < 2) return;
    fail("app.run", fmt::format("{}: standard input ('-') is asked for {} times, but can be read "
                                "once. Name a file.", config_.path().string(), readers));
  }

  void check_outputs(const RunStage& stage) const {
    const std::string out = stage.result();
    if (out.empty()) return;
    if (out == "-") {
      if (stage.name != "extract" || !find_stage(stages_, "evaluate")) return;
      fail("app.run", "predictions go to standard output, where [evaluate] cannot read them. Name "
                      "a file as 'out'.");
    }
    const bool folder = stage.name == "index" || stage.name == "finetune";
    folder ? check_output_folder(out) : check_output_file(out);
    if (stage.name == "index") retrieve::check_store_target(out);
    for (const RunStage& other : stages_) {
      for (const char* flag : {"data", "train", "dev"}) {
        if (!other.has(flag)) continue;
        std::error_code ignored;
        const std::string input = task::parse_spec(other.value(flag)).path;
        if (!fs::equivalent(input, out, ignored)) continue;
        fail("app.run", fmt::format("{} is read as data and would be replaced. Name another "
                                    "output.", out));
      }
    }
  }

  task::Dataset load(const RunStage& stage, const char* flag, bool main) const {
    task::LoadOptions options;
    options.relabel = stage.value("relabel");
    options.skip_bad_rows = stage.has("skip-bad-rows");
    options.keep_unknown_labels = stage.name == "extract" || stage.name == "evaluate";
    if (main && stage.has("limit")) options.limit = std::stoll(stage.value("limit"));
    if (stage.has("labels")) options.labels = task::load_labels(stage.value("labels"));
    const std::string spec = stage.value(flag);
    if (task::parse_spec(spec).path == "-") return {};  // the stage itself reads it
    return task::load_dataset(spec, options);
  }

  void require_labels(const task::Dataset& data, const char* what) const {
    for (const task::Example& example : data.examples) {
      if (example.label) continue;
      fail("app.run", fmt::format("{}: example '{}' has no label. {} needs one in each row.",
                                  data.name, example.id, what));
    }
  }

  void check_finetune(const RunStage& stage) {
    task::Dataset data = load(stage, "train", true);
    const bool skips = stage.has("skip-bad-rows");
    if (!skips) require_labels(data, "Training");
    if (stage.has("dev") && stage.has("holdout") && stage.value("holdout") != "0") {
      fail("app.run", "'dev' and 'holdout' exclude each other. Give one of them.");
    }
    const bool from_input = task::parse_spec(stage.value("train")).path == "-";
    if (stage.value("holdout", "0") != "0" && !from_input) {
      task::hold_out(data.examples, std::stoll(stage.value("holdout")),
                     uint64_t(std::stoll(stage.value("seed", "1"))));
    }
    const auto session = language_model(stage);
    train::adapter_modules(session->model(), adapter_config(stage));
    if (!skips) check_run_lengths(stage, data, *session);
    if (!stage.has("dev")) return;
    const task::Dataset dev = load(stage, "dev", false);
    if (skips) return;
    require_labels(dev, "A dev evaluation");
    check_run_lengths(stage, dev, *session);
  }

  static train::AdapterConfig adapter_config(const RunStage& stage) {
    train::AdapterConfig config;
    if (stage.has("rank")) config.rank = std::stoll(stage.value("rank"));
    if (stage.has("alpha")) config.alpha = std::stod(stage.value("alpha"));
    if (stage.has("dropout")) config.dropout = std::stod(stage.value("dropout"));
    config.targets = target_names(stage.value("targets", "all-linear"));
    return config;
  }

  void check_extract(const RunStage& stage) {
    task::Dataset data = load(stage, "data", true);
    if (stage.has("model")) language_model(stage);
    const RunStage* trained = find_stage(stages_, "finetune");
    if (trained && stage.value("adapter") == trained->result()) {
      if (!stage.has("skip-bad-rows")) {
        if (!stage.has("labels")) data.labels = load(*trained, "train", true).labels;
        check_run_lengths(*trained, data, *language_model(*trained));
      }
      for (const char* flag : {"prompt", "base"}) {
        const bool same = !stage.has(flag) || stage.value(flag) == trained->value(flag) ||
                          (stage.value(flag) == "auto") || !trained->has(flag);
        if (same || stage.has("force")) continue;
        fail("app.run", fmt::format("'{}' is {}, but [finetune] trains with {}. Use the same, or "
                                    "force = true where it is meant.", flag, stage.value(flag),
                                    trained->value(flag)));
      }
    } else if (stage.has("adapter")) {
      const fs::path adapter = stage.value("adapter");
      std::error_code ignored;
      if (!fs::exists(adapter / "adapter_config.json", ignored)) {
        fail("app.run", fmt::format("{} holds no adapter (adapter_config.json is not there). Name "
                                    "the folder of a finished run.", adapter.string()));
      }
    }
  }

  void check_evaluate(const RunStage& stage) const {
    require_labels(load(stage, "data", true), "Evaluation");
    if (find_stage(stages_, "extract")) return;
    std::error_code ignored;
    const std::string predictions = stage.value("predictions");
    if (fs::is_regular_file(predictions, ignored)) return;
    fail("app.run", fmt::format("there are no predictions at {}. Add [extract], or name a file as "
                                "'predictions'.", predictions));
  }

  // With its tokenizer; nothing of it is decoded.
  std::unique_ptr<engine::Session> language_model(const RunStage& stage) const {
    const auto path = find_model(stage.value("model"), stage.value("models"), environment_);
    auto session = std::make_unique<engine::Session>(
        path, engine::SessionOptions{.compute = "f32", .base = "keep", .resident = false});
    if (!session->model().head()) {
      fail("app.run", fmt::format("{} is an encoder and writes no text. Use a language model.",
                                  path.string()));
    }
    return session;
  }

  void check_embedder(const RunStage& stage) const {
    const auto path = find_model(stage.value("embedder"), stage.value("models"), environment_);
    arch::family(arch::ModelFiles::open(path));
  }

  void check_style(const RunStage& stage) const {
    const task::PromptStyle style = task::load_style(stage.value("prompt"));
    if (!style.body.needs_example() || stage.has("index")) return;
    fail("app.run", fmt::format("the style {} shows a retrieved example, and there is no index. "
                                "Add [index], or use another style.", style.name));
  }

  const RunConfig& config_;
  const std::vector<RunStage>& stages_;
  const Environment& environment_;
};

}  // namespace

void check_run(const RunConfig& config, const std::vector<RunStage>& stages,
               const Environment& environment) {
  Checks(config, stages, environment).run();
}

std::string settle_isa(const RunConfig& config, const std::vector<RunStage>& stages) {
  const bool wide = kernels::isa() == kernels::Isa::kAvx512;
  const RunStage* first = nullptr;
  std::string settled = "auto";
  for (const RunStage& stage : stages) {
    if (stage.name == "evaluate") continue;  // it multiplies nothing
    std::string isa = stage.value("isa", "auto");
    if (isa == "auto") isa = wide ? "avx512" : "avx2";
    if (!first) {
      first = &stage;
      settled = isa;
    } else if (isa != settled) {
      const RunStage& odd = stage.has("isa") ? stage : *first;
      fail("app.run", fmt::format("{}: [{}] would compute with {} and [{}] with {}, but a run has "
                                  "one instruction set. Write isa = \"…\" above the first table.",
                                  config.place(odd.name, "isa"), first->name, settled, stage.name,
                                  isa));
    }
  }
  return settled;
}

}  // namespace relatum::app
