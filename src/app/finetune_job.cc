// The stages of a fine-tuning job, in order. All that can be refused is refused before the first
// step, and nothing is written before that.
#include "app/finetune_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "app/finetune_folder.h"
#include "app/next_command.h"
#include "app/progress_bar.h"
#include "app/run_log.h"
#include "app/run_record.h"
#include "app/running_mean.h"
#include "base/atomic_file.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "kernels/cpu.h"
#include "task/evaluate.h"
#include "task/pipeline.h"
#include "train/peft.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
constexpr double kGigabyte = 1e9;

class Job {
 public:
  Job(const FinetuneOptions& options, Environment& environment)
      : options_(options), environment_(environment), run_(options.out) {}

  int run() {
    if (fs::is_directory(run_)) lock_.emplace(run_);
    check_options();
    data_ = load_finetune_data(options_, environment_);
    check_negative();
    renderer_.emplace(task::load_style(options_.prompt), data_.train.labels);
    session_.emplace(options_.model.path(environment_), options_.model.session());
    require_causal();
    rows_ = make_finetune_rows(options_, data_, *session_, *renderer_, environment_);
    adapter_.emplace(session_->model(), session_->compute(), finetune_adapter(options_),
                     options_.training.seed);
    plan_ = plan_finetune(options_, *session_, *adapter_, rows_, context());
    check_free_space(run_, plan_.needs.disk_bytes);
    plan_.training.given = finetune_identity(parts());
    worker_.emplace(*session_, &adapter_->set());
    trainer_.emplace(*worker_, *adapter_, rows_.train, plan_.training);
    if (options_.resume) trainer_->resume(finetune_state(run_), rows_.places);
    announce();
    if (context().stopping()) {
      context().info("interrupted before the training began; nothing was changed.");
      return kInterrupted;
    }
    take_folder();
    begin_finetune_run(parts());
    write_record("running", trainer_->so_far());
    return train_and_save();
  }

 private:
  const Context& context() const { return environment_.context(); }
  FinetuneParts parts() { return {options_, data_, rows_, plan_, *renderer_, *session_}; }

  void check_options() const {
    check_finetune_folder(options_, environment_);
    if (options_.holdout > 0 && !options_.dev.empty()) {
      fail("app.finetune", "--dev and --holdout exclude each other. Give one of them.");
    }
    check_finetune_values(options_, context());
  }

  // Of a run that makes its folder: another command may have begun one there since it was checked.
  void take_folder() {
    if (lock_) return;
    create_folders(run_);
    lock_.emplace(run_);
    check_finetune_folder(options_, environment_);
  }

  void check_negative() const {
    if (!options_.negative) return;
    data_.train.labels.index(*options_.negative, "--negative");
    if (data_.dev.examples.empty()) {
      context().warn("--negative has no effect without --dev or --holdout.");
    }
  }

  void require_causal() {
    if (session_->model().head()) return;
    fail("app.finetune", fmt::format("{} is an encoder and writes no text. Use a language model.",
                                     session_->model().info().path));
  }

  void announce() {
    const arch::ModelInfo& info = session_->model().info();
    const train::TrainOptions& training = plan_.training;
    constexpr double kUsualShare = 0.6;  // of the product's rate that whole steps reach
    context().info(fmt::format(
        "{}: {:.1f} M parameters ({} layers, width {}), base {}, products in {} on {}",
        fs::path(info.path).filename().string(), double(info.parameters) / 1e6, info.layers,
        info.width, session_->base(), name_of(session_->compute()), kernels::cpu_summary()));
    context().info(fmt::format("{} and {}, {}, style {}, {} trained numbers (rank {})",
                               counted(int64_t(rows_.train.size()), "training example"),
                               counted(int64_t(rows_.dev.size()), "dev example"),
                               counted(data_.train.labels.size(), "label"), options_.prompt,
                               adapter_->values().size(), adapter_->config().rank));
    if (rows_.dev.empty()) {
      context().info("the adapter of the last step will be kept (--dev or --holdout keeps the best "
                     "on dev instead).");
    }
    tell_rare_labels();
    context().info(fmt::format(
        "{} per epoch, {} in {}: up to {} tokens each{}", counted(plan_.epoch_steps, "step"),
        trainer_->steps(), counted(training.epochs, "epoch"), training.batch.batch_tokens,
        options_.batch_tokens ? "" : " (chosen from the data; --batch-tokens sets it)"));
    context().info(fmt::format("needs about {:.1f} GB of memory, {:.0f} MB of disk and, on an "
                               "otherwise idle machine, {} for {} of {} tokens",
                               double(plan_.needs.memory_bytes) / kGigabyte,
                               double(plan_.needs.disk_bytes) / 1e6,
                               duration_text(plan_.needs.flops / (plan_.gemm_rate * kUsualShare)),
                               counted(training.epochs, "epoch"),
                               plan_.needs.tokens / std::max<int64_t>(1, training.epochs)));
    if (!options_.resume) return;
    context().info(fmt::format("continuing after step {} of {}.", trainer_->counters().step,
                               trainer_->steps()));
  }

  // As docs/your-data.md says: fewer than ten sentences of a label teach little.
  void tell_rare_labels() const {
    constexpr int64_t kFew = 10;
    std::map<std::string, int64_t> counts;
    for (const task::Example& example : data_.train.examples) ++counts[*example.label];
    const auto rarest = std::ranges::min_element(
        counts, {}, [](const auto& entry) { return entry.second; });
    const int64_t rare = std::ranges::count_if(
        counts, [](const auto& entry) { return entry.second < kFew; });
    if (!rare) return;
    context().info(fmt::format("fewer than {} training examples: {} of {} labels, '{}' with {} "
                               "among them. More sentences of these will help most.", kFew, rare,
                               counts.size(), rarest->first, rarest->second));
  }

  double evaluate(int64_t step) {
    const task::AnswerOptions answers{.chat = options_.chat};
    const auto predictions =
        task::answer_prompts(*worker_, *renderer_, rows_.dev, answers, context());
    if (context().stopping()) return -1;  // not logged: it is done again after --resume
    const auto report =
        task::evaluate(data_.dev, predictions, {.negative = options_.negative, .samples = 0});
    log_.write({{"step", step}, {"dev_f1", report.official.scores->f1},
                {"dev_metric", report.official.name}, {"dev_accuracy", report.accuracy}});
    context().info(fmt::format("step {}: dev F1 {:.2f} ({}), accuracy {:.2f}", step,
                               100 * report.official.scores->f1, report.official.name,
                               100 * report.accuracy));
    return report.official.scores->f1;
  }

  void on_step(const train::StepReport& r) {
    const double rate = double(r.tokens) / r.seconds;
    log_.write({{"step", r.step}, {"epoch", r.epoch}, {"loss", r.loss}, {"lr", r.learning_rate},
                {"grad_norm", r.grad_norm}, {"tokens_per_s", rate},
                {"examples_per_s", double(r.examples) / r.seconds}});
    context().report({"training", double(r.step), double(r.steps), "steps",
                      fmt::format("loss {:.3f}, {:.0f} tokens/s", loss_.add(r.loss), rate)});
  }

  int train_and_save() {
    const train::TrainCounters& at = trainer_->counters();
    log_.open(run_ / "log.jsonl", options_.resume ? std::optional(at.step) : std::nullopt,
              at.evaluation_due);
    train::TrainHooks hooks;
    hooks.state = finetune_state(run_);
    hooks.on_step = [this](const train::StepReport& report) { on_step(report); };
    if (!rows_.dev.empty()) hooks.evaluate = [this](int64_t step) { return evaluate(step); };
    session_->prepare_training();
    const train::TrainResult result = trainer_->run(hooks, context());
    environment_.end_progress();
    if (!result.finished) {
      write_record("interrupted", result);
      context().info(fmt::format("stopped at step {} of {}; the state is saved. Continue with "
                                 "the same command and --resume.", result.steps,
                                 trainer_->steps()));
      return kInterrupted;
    }
    // Each of these is on disk before the next; the state goes once it is no longer needed.
    train::save_peft(run_, *adapter_, session_->model().info().path);
    write_record("done", result);
    remove_finetune_state(run_);
    report(result);
    return kDone;
  }

  void report(const train::TrainResult& result) const {
    const double seconds = std::max(1e-9, result.seconds);
    const double share = plan_.needs.flops * double(result.tokens) /
                         double(std::max<int64_t>(1, plan_.needs.tokens)) / seconds /
                         plan_.gemm_rate;
    context().info(fmt::format("trained {} in {}: {:.0f} tokens/s, {:.1f} examples/s, {:.0f} "
                               "% of this machine's product rate, at most {:.1f} GB of memory",
                               counted(result.steps, "step"), duration_text(seconds),
                               double(result.tokens) / seconds, double(result.examples) / seconds,
                               100 * share, double(peak_rss()) / kGigabyte));
    if (result.early) context().info("stopped early: dev F1 no longer improved (--patience).");
    if (result.best_metric) {
      context().info(fmt::format("best dev F1 {:.2f} at step {} of {}: that adapter was kept.",
                                 100 * *result.best_metric, result.best_step, result.steps));
    }
    context().info(fmt::format("adapter written to {}", run_.string()));
    context().info(fmt::format("next: {}", extract_command(options_)));
  }

  void write_record(const char* status, const train::TrainResult& result) {
    write_run(run_, finetune_record(parts(), status, result, environment_));
  }

  const FinetuneOptions& options_;
  Environment& environment_;
  fs::path run_;
  std::optional<FolderLock> lock_;
  FinetuneData data_;
  std::optional<task::PromptRenderer> renderer_;
  std::optional<engine::Session> session_;
  FinetuneRows rows_;
  std::optional<train::Adapter> adapter_;
  FinetunePlan plan_;
  std::optional<engine::Worker> worker_;
  std::optional<train::Trainer> trainer_;
  RunningMean loss_;
  RunLog log_;
};

}  // namespace

int finetune(const FinetuneOptions& options, Environment& environment) {
  options.machine.apply(environment);
  return Job(options, environment).run();
}

}  // namespace relatum::app
