// The stages of a fine-tuning, in order.
#include "jobs/finetune.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "base/durable.h"
#include "base/folder_lock.h"
#include "jobs/finetune_calibration.h"
#include "jobs/finetune_classifier.h"
#include "jobs/finetune_folder.h"
#include "jobs/finetune_folds.h"
#include "jobs/finetune_inputs.h"
#include "jobs/finetune_method.h"
#include "jobs/finetune_start.h"
#include "jobs/finetune_text.h"
#include "jobs/finetune_training.h"
#include "jobs/run_card.h"
#include "jobs/style_choice.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

// Of a run that makes its folder: another process may have begun one there since it was checked.
void take_folder(const FinetuneOptions& options, const Host& host,
                 std::optional<FolderLock>& lock) {
  if (lock) return;
  create_folders(options.out);
  lock.emplace(options.out);
  check_finetune_folder(options, host);
}

// Each of these is on disk before the next; the state goes once it is no longer needed.
void keep_result(const FinetuneParts& parts, const train::Trainable& trained,
                 const train::TrainResult& result, std::optional<RunCalibration> calibration,
                 const Host& host) {
  const fs::path run(parts.options.out);
  trained.save(run, parts.session.model().info().path);
  if (calibration) keep_calibration(parts, *calibration, host.context);
  write_finetune_record(parts, "done", result, host);
  remove_finetune_state(run);
  write_run_cards(run, base_identity(parts.session.files(), parts.options.model.model),
                  host.context);
}

void tell_stopped(const FinetuneOptions& options, const train::TrainResult& result,
                  const train::Trainer& trainer, const Context& context) {
  if (options.fold) return;  // who runs the folds says how to go on
  context.info(
      fmt::format("stopped at step {} of {}; the state is saved. Continue with `relatum "
                  "finetune --resume --out {}`.",
                  result.steps, trainer.steps(), options.out));
}

}  // namespace

FinetuneResult finetune(const FinetuneOptions& given, const Host& host) {
  const Context& context = host.context;
  FinetuneOptions options = given;
  const std::optional<AdapterStart> start = read_start(options, host);
  const fs::path run(options.out);
  std::optional<FolderLock> lock;
  if (fs::is_directory(run)) lock.emplace(run);
  check_finetune_folder(options, host);
  const fs::path model = options.model.path(host);
  settle_classifier(options, model);
  check_finetune_values(options, context);
  check_method_base(options, model);
  FinetuneData data = load_finetune_data(options, host);
  if (!options.prompt.empty()) task::load_style(options.prompt);  // refused before a model is read
  const auto session = open_trained_model(options, model, finetune_session(options));
  check_same_inputs(options, *session, data);
  if (start) check_start(options, *start, *session, data.train.labels, host);
  const task::PromptRenderer renderer(
      training_style(options, *session, data.train.labels, entity_types(data)), data.train.labels);
  tell_lost_characters(renderer.style(), session->tokenizer(), context);
  tell_undescribed(renderer.style(), renderer.labels(), context);
  const FinetuneRows rows = make_finetune_rows(options, data, *session, renderer, host);
  const std::unique_ptr<train::Trainable> trained = make_trainable(options, *session, data);
  FinetunePlan plan = plan_finetune(options, *session, *trained, rows, context);
  check_free_space(run, plan.needs.disk_bytes);
  const FinetuneParts parts{options, data, rows, plan, renderer, *session, *trained};
  plan.training.given = finetune_identity(parts);
  engine::Worker worker(*session, trained->adapter());
  train::Trainer trainer(worker, *trained, rows.train, plan.training);
  if (options.resume) trainer.resume(finetune_state(run), rows.places);
  if (const std::string told = method_by_option(options, *session); !told.empty()) {
    context.warn(told);
  }
  for (const std::string& line : finetune_plan_lines(parts, trainer)) context.info(line);
  if (context.stopping()) {
    context.info("interrupted before the training began; nothing was changed.");
    return {};
  }
  take_folder(options, host, lock);
  begin_finetune_run(parts);
  write_finetune_record(parts, "running", trainer.so_far(), host);
  session->prepare_training();
  const train::TrainResult result = run_training(parts, worker, trainer, context);
  std::optional<RunCalibration> calibration;
  const bool ended = result.finished && calibrate_run(parts, worker, context, calibration) &&
                     (!options.fold || answer_fold(parts, worker, context));
  if (!ended) {
    write_finetune_record(parts, "interrupted", result, host);
    tell_stopped(options, result, trainer, context);
    return {false, result};
  }
  keep_result(parts, *trained, result, std::move(calibration), host);
  for (const std::string& line : finetune_result_lines(parts, result)) context.info(line);
  if (const std::string doubt = finetune_doubt(parts); !doubt.empty()) context.warn(doubt);
  return {true, result};
}

}  // namespace relatum::jobs
