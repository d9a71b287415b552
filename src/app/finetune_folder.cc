// Looks first, writes later.
#include "app/finetune_folder.h"

#include <fmt/format.h>

#include "app/output_path.h"
#include "app/run_record.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "retrieve/store.h"

namespace relatum::app {

namespace fs = std::filesystem;

fs::path finetune_state(const fs::path& run) { return run / "state" / "state.safetensors"; }

void check_finetune_folder(const FinetuneOptions& options) {
  const fs::path run(options.out);
  check_output_folder(run);
  if (retrieve::is_store(run)) {
    fail("app.finetune", fmt::format("{} holds an index. Use another --out for the run.",
                                     run.string()));
  }
  CommandInputs inputs;
  for (const std::string& spec : {options.train, options.dev}) inputs.add_data(spec);
  inputs.add_options(options.data);
  for (const char* name : {"run.json", "labels.json", "adapter_model.safetensors",
                           "adapter_config.json", "state/state.safetensors"}) {
    check_output_file(run / name);
    check_new_file(run / name, inputs, true);
  }
  const bool recorded = fs::exists(run / "run.json"), state = fs::exists(finetune_state(run));
  if (options.resume && options.force) {
    fail("app.finetune", "--resume goes on with a run, --force replaces it. Give one of them.");
  }
  if (options.resume && !state) {
    if (recorded && read_run(run).status == "done") {
      fail("app.finetune", fmt::format("{} holds a finished run: there is nothing left to resume.",
                                       run.string()));
    }
    fail("app.finetune", fmt::format("{} holds no state to go on from. Leave out --resume, or use "
                                     "--force to start anew.", run.string()));
  }
  if ((recorded || state) && !options.resume && !options.force) {
    fail("app.finetune", fmt::format("{} holds a run already. Use {}--force to replace it, or "
                                     "another --out.", run.string(),
                                     state ? "--resume to go on with it, " : ""));
  }
}

void check_free_space(const fs::path& run, int64_t bytes) {
  std::error_code error;
  fs::path there = fs::absolute(run);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  const fs::space_info space = fs::space(there, error);
  if (error || space.available >= uint64_t(bytes)) return;
  fail("app.finetune", fmt::format("cannot write {}: {} has {:.1f} MB free, the run needs about "
                                   "{:.1f} MB for its adapter and state. Free some space, or use "
                                   "another --out.", run.string(),
                                   there.string(), double(space.available) / 1e6,
                                   double(bytes) / 1e6));
}

void begin_finetune_run(const FinetuneParts& parts) {
  if (parts.options.resume) return;  // its files are those of the same run
  const fs::path run(parts.options.out);
  for (const char* name : {"adapter_model.safetensors", "adapter_config.json", "prompt.txt",
                           "answers.json", "state"}) {
    fs::remove_all(run / name);
  }
  const task::PromptRenderer& renderer = parts.renderer;
  task::save_labels(run / "labels.json", renderer.labels());
  if (renderer.style().from_file) {
    write_file(run / "prompt.txt", task::style_text(renderer.style()));
  }
  if (renderer.answers() != renderer.labels().names()) {
    task::save_answers(run / "answers.json",
                       task::pair_words(renderer.labels(), renderer.answers()));
  }
}

}  // namespace relatum::app
