// Looks first, writes later.
#include "jobs/finetune_folder.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "jobs/card_file.h"
#include "jobs/finetune_folds.h"
#include "jobs/finetune_started.h"
#include "jobs/output_path.h"
#include "jobs/run_record.h"
#include "retrieve/store.h"
#include "task/type_constraints.h"
#include "train/full_folder.h"

namespace relatum::jobs {

namespace fs = std::filesystem;

namespace {

// What a run consists of, beside its record and its state.
constexpr const char* kFiles[] = {"labels.json",          "adapter_model.safetensors",
                                  "adapter_config.json",  "answers.json",
                                  "prompt.txt",           "types.json",
                                  "calibration.json",     "classifier.safetensors",
                                  "entities.safetensors", "log.jsonl"};

// A folder that something else is read from, or that holds a model, never becomes a run.
void check_not_read(const FinetuneOptions& options, const Host& host) {
  const fs::path run(options.out);
  std::error_code ignored;
  std::vector<fs::path> folders{options.index, options.init_adapter};
  folders.push_back(options.model.path(host));
  for (const fs::path& folder : folders) {
    for (const fs::path& place : {run, train::full_folder(run)}) {
      if (folder.empty() || !fs::equivalent(place, folder, ignored)) continue;
      fail("jobs.finetune",
           fmt::format("{} is read by this command. Use another --out for the run.",
                       place.string()));
    }
  }
  if (!fs::exists(run / "config.json", ignored)) return;
  fail("jobs.finetune", fmt::format("{} holds a config.json, as a model's folder does. Use another "
                                    "--out for the run.",
                                    run.string()));
}

// The folder of a model that a new run replaces goes as a whole.
void check_card(const fs::path& run) {
  const fs::path model = train::full_folder(run);
  if (!has_other_card(model)) return;
  fail("jobs.finetune",
       fmt::format("{} was written by somebody, or changed by hand, and a new run replaces that "
                   "folder. Move it away first, or use another --out.",
                   card_file_of(model).string()));
}

bool same_place(const fs::path& one, const fs::path& other) {
  std::error_code ignored;
  return fs::equivalent(one, other, ignored);
}

// Of a folder without a record: whose files these are nobody can tell.
void check_not_foreign(const fs::path& run) {
  std::error_code ignored;
  for (const char* name : kFiles) {
    if (!fs::is_regular_file(run / name, ignored)) continue;
    fail("jobs.finetune", fmt::format("{} holds {}, but no run.json that says which run it is of. "
                                      "Use another --out, or --overwrite to replace it.",
                                      run.string(), name));
  }
  if (!fs::exists(train::full_folder(run), ignored)) return;
  fail("jobs.finetune",
       fmt::format("{} is there, but no run.json that says which run it is of. Use "
                   "another --out, or --overwrite to replace it.",
                   train::full_folder(run).string()));
}

}  // namespace

fs::path finetune_state(const fs::path& run) { return run / "state" / "state.safetensors"; }

void remove_finetune_state(const fs::path& run) {
  fs::remove(finetune_state(run));
  std::error_code not_empty;  // what else lies there is not ours
  fs::remove(run / "state", not_empty);
}

void check_finetune_folder(const FinetuneOptions& options, const Host& host) {
  const fs::path run(options.out);
  check_output_folder(run);
  if (retrieve::is_store(run)) {
    fail("jobs.finetune",
         fmt::format("{} holds an index. Use another --out for the run.", run.string()));
  }
  if (fs::exists(folds_record(run))) {
    fail("jobs.finetune", fmt::format("{} holds the folds of a cross-validation. Use another --out "
                                      "for the run.",
                                      run.string()));
  }
  CommandInputs inputs;
  for (const std::string& spec : {options.train, options.dev}) inputs.add_data(spec);
  inputs.add_options(options.data);
  // A run that goes on may read the template that it keeps, which it does not write again.
  const bool kept = options.resume && same_place(options.prompt, run / "prompt.txt");
  if (!kept) inputs.files.push_back(options.prompt);
  check_not_read(options, host);
  for (const char* name : kFiles) {
    // A log may go to a pipe or a device; everything else is replaced by renaming.
    const bool device = fs::exists(run / name) && !fs::is_regular_file(run / name);
    if (!device || name != std::string("log.jsonl")) check_new_file(run / name, inputs, true);
  }
  for (const char* name : {"run.json", "state/state.safetensors"}) {
    check_new_file(run / name, inputs, true);
  }
  const bool recorded = fs::exists(run / "run.json"), state = fs::exists(finetune_state(run));
  check_resume(options);
  if ((recorded || state) && !options.resume && !options.overwrite) {
    fail("jobs.finetune", fmt::format("{} holds a run already. Use {}--overwrite to replace it, or "
                                      "another --out.",
                                      run.string(), state ? "--resume to go on with it, " : ""));
  }
  if (!recorded && !state && !options.overwrite) check_not_foreign(run);
  if (!options.resume) check_card(run);
}

void check_free_space(const fs::path& run, int64_t bytes) {
  std::error_code error;
  fs::path there = fs::absolute(run);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  const fs::space_info space = fs::space(there, error);
  if (error || space.available >= uint64_t(bytes)) return;
  fail("jobs.finetune",
       fmt::format("cannot write {}: {} has {:.1f} MB free, the run needs about "
                   "{:.1f} MB for what it trains and its state. Free some space, or use "
                   "another --out.",
                   run.string(), there.string(), double(space.available) / 1e6,
                   double(bytes) / 1e6));
}

void begin_finetune_run(const FinetuneParts& parts) {
  if (parts.options.fold && parts.options.fold->begun) parts.options.fold->begun();
  if (parts.options.resume) return;  // its files are those of the same run
  const fs::path run(parts.options.out);
  for (const char* name :
       {"adapter_model.safetensors", "adapter_config.json", "prompt.txt", "answers.json",
        "types.json", "calibration.json", "classifier.safetensors", "entities.safetensors"}) {
    fs::remove(run / name);
  }
  remove_card(run);
  train::remove_full(run);
  remove_finetune_state(run);
  const task::PromptRenderer& renderer = parts.renderer;
  task::save_labels(run / "labels.json", renderer.labels());
  const task::TypeConstraints types = parts.data.types
                                          ? *parts.data.types
                                          : task::learn_types(parts.data.train.examples);
  if (!types.empty()) types.save(run / "types.json");
  if (renderer.style().from_file) {
    write_file(run / "prompt.txt", task::style_text(renderer.style()));
  }
  if (renderer.answers() != renderer.labels().names()) {
    task::save_answers(run / "answers.json",
                       task::pair_words(renderer.labels(), renderer.answers()));
  }
}

}  // namespace relatum::jobs
