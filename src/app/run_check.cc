// Tries the inputs and the settings of the stages.
#include "app/run_check.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "app/options.h"
#include "app/run_data.h"
#include "app/run_outputs.h"
#include "app/run_scoring.h"
#include "app/run_task.h"
#include "app/stage_options.h"
#include "arch/family.h"
#include "base/error.h"
#include "base/error_sentence.h"
#include "jobs/answer_rule.h"
#include "jobs/extract_options.h"
#include "jobs/extract_prompts.h"
#include "jobs/extract_setup.h"
#include "jobs/finetune_classifier.h"
#include "jobs/finetune_method.h"
#include "jobs/finetune_pairs.h"
#include "jobs/finetune_plan.h"
#include "jobs/finetune_rows.h"
#include "jobs/finetune_start.h"
#include "jobs/models_folder.h"
#include "jobs/retrieval.h"
#include "jobs/run_record.h"
#include "jobs/run_states.h"
#include "jobs/style_choice.h"
#include "kernels/cpu.h"
#include "retrieve/store.h"
#include "task/answer_prompts.h"
#include "task/forms.h"
#include "task/join.h"
#include "task/load.h"
#include "task/prompt.h"
#include "train/adapter.h"
#include "train/full_folder.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

class Checks {
 public:
  Checks(const RunConfig& config, const std::vector<RunStage>& stages,
         const Environment& environment)
      : config_(config), stages_(stages), environment_(environment), silent_(environment.host()) {
    silent_.context.log = {};  // the stages will say it
  }

  void run() {
    check_standard_input();
    for (const RunStage& stage : stages_) {
      tell_place(fmt::format("[{}] of {}", stage.name, config_.path().string()),
                 [&] { check(stage); });
    }
    tell_place(config_.path().string(), [&] { check_run_outputs(config_, stages_, environment_); });
  }

 private:
  template <class Check>
  static void tell_place(const std::string& place, const Check& check) {
    try {
      check();
    } catch (const Error& error) {
      fail("app.run", fmt::format("{}: {}", place, sentence_of(error)));
    }
  }

  void check(const RunStage& stage) {
    if (stage.has("compute")) kernels::compute_type(stage.value("compute"));
    if (stage.has("embedder")) check_embedder(stage);
    if (stage.has("prompt")) check_style(stage);
    if (stage.name == "index") index_labels_ = load_stage_data(stage, "data", true).labels;
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
      for (const char* flag : {"data", "train", "dev"}) readers += reads_input(stage, flag);
    }
    if (readers < 2) return;
    fail("app.run", fmt::format("{}: standard input ('-') is asked for {} times, but can be read "
                                "once. Name a file.",
                                config_.path().string(), readers));
  }

  void check_finetune(const RunStage& stage) {
    jobs::FinetuneOptions options = trained_options(stage);
    if (options.folds > 0) {
      fail("app.run",
           "'folds' trains several adapters to judge the settings, and leaves none to go on with. "
           "Use `relatum finetune --folds` for that, and leave it out here.");
    }
    check_run_task(options, stages_);
    jobs::settle_classifier(options, options.model.path(environment_.host()));
    jobs::check_finetune_values(options, silent_.context);
    jobs::check_method_base(options, options.model.path(environment_.host()));
    const auto session = language_model(stage);
    if (!options.init_adapter.empty()) {
      check_start(options, *session);
    } else if (!jobs::trains_all(options)) {
      train::adapter_modules(session->model(), jobs::finetune_adapter(options));
    }
    if (reads_input(stage, "train")) {
      if (options.dev.empty()) return;
      const task::Dataset dev = load_stage_data(stage, "dev", false);
      require_stage_labels(dev, "A dev evaluation");
      if (!options.data.skip_bad_rows) check_answers(stage, dev);
      return;
    }
    const std::optional<jobs::IndexLabels> index = labels_made_here(stage);
    if (made_here(stage)) options.index.clear();  // not there yet
    jobs::FinetuneData data = jobs::load_finetune_data(options, silent_, index ? &*index : nullptr);
    trained_labels_ = data.train.labels;
    check_lengths(options, std::move(data), *session);
  }

  // With what it takes from an adapter that it starts from.
  jobs::FinetuneOptions trained_options(const RunStage& stage) const {
    jobs::FinetuneOptions options = finetune_options(stage.arguments);
    jobs::read_start(options, silent_);
    return options;
  }

  static void check_start(jobs::FinetuneOptions& options, const engine::Session& session) {
    const bool other = !options.start_base_hash.empty() &&
                       options.start_base_hash != session.weights_hash();
    if (other && !options.force) {
      fail("app.run", fmt::format("'init-adapter' is {}, which was trained on another base. Use "
                                  "its base as 'model', or force = true where it is meant.",
                                  options.init_adapter));
    }
    jobs::load_start(options, session);
  }

  // As far as it can be told without neighbours, which are not known yet.
  void check_lengths(jobs::FinetuneOptions options, jobs::FinetuneData data,
                     const engine::Session& session) const {
    const task::PromptStyle style = jobs::training_style(options, session, data.train.labels,
                                                         jobs::entity_types(data));
    if (style.body.needs_example() || options.data.skip_bad_rows) return;
    options.index.clear();
    const task::PromptRenderer renderer(style, data.train.labels);
    jobs::make_finetune_rows(options, data, session, renderer, silent_);
  }

  // The inventory of an index that the run makes and the stage is going to read.
  std::optional<jobs::IndexLabels> labels_made_here(const RunStage& stage) const {
    const RunStage* made = made_here(stage);
    if (!made || reads_input(*made, "data")) return {};
    return jobs::IndexLabels{index_labels_, "[index]"};
  }

  // [index], where the stage is going to read what it makes; else nullptr.
  const RunStage* made_here(const RunStage& stage) const {
    const RunStage* made = find_stage(stages_, "index");
    return made && stage.has("index") && made->result() == stage.value("index") ? made : nullptr;
  }

  // The index that the stage is going to read, made here or not, decides on the labels with it.
  void settle_with_index(const RunStage& stage, task::Dataset& data) const {
    if (const auto index = labels_made_here(stage)) {
      jobs::settle_labels(data, index->labels, index->place);
    } else if (stage.has("index") && !made_here(stage)) {
      jobs::settle_labels(data, stage.value("index"));
    }
  }

  // A threshold of dev data has to come from somewhere.
  static void check_threshold(const jobs::ExtractOptions& extract, const RunStage& trained) {
    const bool judged = trained.has("dev") || trained.has("holdout");
    if (judged || !jobs::needs_kept_threshold(extract)) return;
    fail("app.run",
         "[extract] asks for a threshold that is chosen on dev data, and [finetune] has none. Add "
         "'holdout' or 'dev' below [finetune], or give 'threshold' a number.");
  }

  void check_extract(const RunStage& stage) {
    task::Dataset data = load_stage_data(stage, "data", true);
    const jobs::ExtractOptions output = extract_options(stage.arguments);
    jobs::extract_format(output);
    jobs::check_answer_rule(output);
    if (stage.has("index") && stage.has("no-index")) {
      fail("app.run", "'index' and 'no-index' exclude each other. Give one of them.");
    }
    if (!stage.has("adapter") && !stage.has("prompt")) {
      fail("app.run", "'prompt' is missing: name a style, e.g. compact.");
    }
    if (stage.has("model")) language_model(stage);
    const RunStage* trained = find_stage(stages_, "finetune");
    const bool ours = trained && stage.value("adapter") == trained->result();
    if (ours) {
      if (trained->value("head") == "classifier") jobs::check_classified(output);
      check_threshold(output, *trained);
      if (!stage.has("labels") && trained_labels_) data.labels = *trained_labels_;
      if (!output.data.skip_bad_rows) check_answers(*trained, data);
      check_same(stage, *trained);
    } else if (stage.has("adapter")) {
      check_adapter(stage, data);
    } else {
      for (task::Example& example : data.examples) example.label.reset();  // no gold is needed
      if (!reads_input(stage, "data")) settle_with_index(stage, data);
    }
    const bool known = ours ? stage.has("labels") || trained_labels_ : !reads_input(stage, "data");
    if (!known) return;
    if (data.labels.empty()) {
      fail("app.run",
           "no label is known to choose from. Give 'labels', the path of a JSON list, "
           "or add [index].");
    }
    if (ours && trained_labels_) check_classes(*trained, *trained_labels_, data.labels);
    const auto record = ours ? std::nullopt : record_of(stage);
    const std::string negative = ours     ? task::seen_form(trained->value("negative"))
                                 : record ? record->negative
                                          : "";
    jobs::skipped_label(output, data.labels, negative);
  }

  // Whether rows and their answers will fit the model that is trained here.
  void check_answers(const RunStage& trained, const task::Dataset& data) const {
    jobs::FinetuneOptions options = trained_options(trained);
    jobs::settle_classifier(options, options.model.path(environment_.host()));
    if (data.labels.empty() || jobs::reads_pairs(options)) return;
    const auto session = language_model(trained);
    const task::PromptStyle style = jobs::training_style(options, *session, data.labels, {});
    if (style.body.needs_example()) return;
    const task::PromptRenderer renderer(style, data.labels);
    const jobs::LengthLimit limit{.context = session->model().info().context,
                                  .answer = task::longest_answer(*session, renderer),
                                  .chat = options.chat,
                                  .skip = false,
                                  .file = data.file};
    std::vector<task::Example> examples = data.examples;
    std::erase_if(examples,
                  [&](const task::Example& each) { return asked_otherwise(options, each); });
    for (task::Example& example : examples) example.label.reset();  // no gold is needed
    jobs::make_prompts(*session, renderer, examples, {}, limit);
  }

  // Answers with what was trained otherwise are refused, unless forced.
  void check_same(const RunStage& stage, const RunStage& trained) const {
    const bool own = trained.value("method") == "full" || trained.value("head") == "classifier";
    if (stage.has("force") || own) return;
    const auto base = language_model(trained), asked = language_model(stage);
    const bool same_path = base->model().info().path == asked->model().info().path;
    if (!same_path && base->weights_hash() != asked->weights_hash()) {
      fail("app.run", fmt::format("'model' is {}, but [finetune] trains {}. Use the same, or force "
                                  "= true where it is meant.",
                                  stage.value("model"), trained.value("model")));
    }
    std::string trains = trained.value("base", "auto"), answers = stage.value("base", "auto");
    if (trains == "auto" && trained.value("method") == "lora") trains = "bf16";
    const auto files = arch::ModelFiles::open(base->model().info().path);
    const bool same_base = answers == "auto" ||
                           arch::resolve_base(files, answers) == arch::resolve_base(files, trains);
    if (!same_base) refuse_other("base", answers, arch::resolve_base(files, trains));
    if (!stage.has("prompt")) return;
    const std::string prompt = trained_options(trained).prompt;
    const task::PromptStyle style = jobs::style_for(prompt, base->model().info());
    const bool same_style = task::style_hash(task::load_style(stage.value("prompt"))) ==
                            task::style_hash(style);
    if (!same_style) refuse_other("prompt", stage.value("prompt"), style.name);
  }

  [[noreturn]] static void refuse_other(const char* flag, const std::string& asked,
                                        const std::string& trained) {
    fail("app.run", fmt::format("'{}' is {}, but [finetune] trains with {}. Use the same, or force "
                                "= true where it is meant.",
                                flag, asked, trained));
  }

  // Of the adapter that the stage answers with, where it was there before and has one.
  static std::optional<jobs::RunInfo> record_of(const RunStage& stage) {
    std::error_code ignored;
    const fs::path adapter = stage.value("adapter");
    const bool run = !adapter.empty() && fs::exists(adapter / "run.json", ignored);
    return run ? std::optional(jobs::read_run(adapter)) : std::nullopt;
  }

  // One that was there before; its inventory is that of the answers.
  static void check_adapter(const RunStage& stage, task::Dataset& data) {
    const fs::path adapter = stage.value("adapter");
    std::error_code ignored;
    if (!fs::exists(adapter / "adapter_config.json", ignored) &&
        !fs::exists(train::full_folder(adapter), ignored) && !io::GgufFile::recognise(adapter)) {
      fail("app.run", fmt::format("{} holds no adapter (adapter_config.json is not there). Name "
                                  "the folder of a finished run.",
                                  adapter.string()));
    }
    if (!stage.has("labels") && fs::exists(adapter / "labels.json", ignored)) {
      data.labels = task::load_labels(adapter / "labels.json");
    }
  }

  void check_evaluate(const RunStage& stage) const {
    const task::Dataset gold = load_stage_data(stage, "data", true);
    require_stage_labels(gold, "Evaluation");
    check_sentence_pairs(stages_, gold);
    check_run_scoring(stages_, gold);
    const RunStage* extract = find_stage(stages_, "extract");
    std::error_code ignored;
    const std::string predictions = stage.value("predictions");
    if (extract && predictions == extract->result()) return;
    if (fs::is_regular_file(predictions, ignored)) {
      const bool wrong = stage.value("missing") == "wrong";
      const auto answers = task::read_predictions(predictions, wrong);
      if (!gold.examples.empty()) task::join_predictions(gold, answers, wrong);
      return;
    }
    fail("app.run", fmt::format("there are no predictions at {}. Add [extract], or name a file as "
                                "'predictions'.",
                                predictions));
  }

  // With its tokenizer; nothing of it is decoded.
  std::unique_ptr<engine::Session> language_model(const RunStage& stage) const {
    const auto path = jobs::find_model(stage.value("model"), stage.value("models"),
                                       environment_.host());
    jobs::FinetuneOptions options;
    if (stage.has("head")) options.head = stage.value("head");
    const auto run = record_of(stage);
    if (run && jobs::is_classifier(*run)) options.head = run->head;
    return jobs::open_trained_model(options, path,
                                    {.compute = "f32", .base = "keep", .resident = false});
  }

  void check_embedder(const RunStage& stage) const {
    const auto path = jobs::find_model(stage.value("embedder"), stage.value("models"),
                                       environment_.host());
    if (!jobs::is_run(path)) arch::family(arch::ModelFiles::open(path));
  }

  void check_style(const RunStage& stage) const {
    const task::PromptStyle style = task::load_style(stage.value("prompt"));
    if (!style.body.needs_example() || stage.has("index")) return;
    fail("app.run", fmt::format("the style {} shows a retrieved example, and there is no index. "
                                "Add [index], or use another style.",
                                style.name));
  }

  const RunConfig& config_;
  const std::vector<RunStage>& stages_;
  const Environment& environment_;
  jobs::Host silent_;
  task::Labels index_labels_;                   // of [index]
  std::optional<task::Labels> trained_labels_;  // of [finetune], where its data are in files
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
      fail("app.run",
           fmt::format("{}: [{}] would compute with {} and [{}] with {}, but a run has "
                       "one instruction set. Write isa = \"…\" above the first table.",
                       config.place(odd.name, "isa"), first->name, settled, stage.name, isa));
    }
  }
  return settled;
}

}  // namespace relatum::app
