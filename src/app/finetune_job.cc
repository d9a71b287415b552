// The steps of a fine-tuning job, in order.
#include "app/finetune_job.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "app/output_path.h"
#include "app/progress_bar.h"
#include "app/retrieval.h"
#include "app/run_log.h"
#include "app/run_record.h"
#include "base/error.h"
#include "base/parallel_for.h"
#include "io/json.h"
#include "kernels/cpu.h"
#include "task/evaluate.h"
#include "task/holdout.h"
#include "task/pipeline.h"
#include "train/estimate.h"
#include "train/peft.h"
#include "train/state.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
constexpr double kGigabyte = 1e9;

class Job {
 public:
  Job(const FinetuneOptions& options, Environment& environment)
      : options_(options), environment_(environment), run_(options.out) {}

  int run() {
    check_folder();
    load_data();
    renderer_.emplace(task::load_style(options_.prompt), train_data_.labels);
    session_.emplace(options_.model.path(environment_), options_.model.session());
    require_causal();
    find_neighbours();
    build_rows();
    adapter_.emplace(session_->model(), session_->compute(), adapter_config(),
                     options_.training.seed);
    training_ = options_.training;
    training_.batch.share = !options_.no_share;
    int64_t& micro = training_.batch.micro_tokens;
    micro = training_.batch.batch_tokens;
    if (options_.micro_tokens > 0) micro = std::min(micro, options_.micro_tokens);
    training_.schedule = train::parse_shape(options_.schedule);
    fit_memory();
    announce();
    if (!options_.resume) clear_folder();
    task::save_labels(run_ / "labels.json", train_data_.labels);
    write_record("running", {});
    return train_and_save();
  }

 private:
  const Context& context() const { return environment_.context(); }

  void check_folder() const {
    check_output_folder(run_);
    const bool recorded = fs::exists(run_ / "run.json"), state = fs::exists(state_path());
    if (options_.resume && !state) {
      const bool done = recorded && read_run(run_).status == "done";
      fail("app.finetune", fmt::format("{} holds {}.", run_.string(),
                                       done ? "a finished run: there is nothing left to resume"
                                            : "no state to go on from. Leave out --resume, or use "
                                              "--force to start anew"));
    }
    if ((recorded || state) && !options_.resume && !options_.force) {
      fail("app.finetune", fmt::format("{} holds a run already. Use {}--force to replace it, or "
                                       "another --out.", run_.string(),
                                       state ? "--resume to go on with it, " : ""));
    }
    if (options_.holdout > 0 && !options_.dev.empty()) {
      fail("app.finetune", "--dev and --holdout exclude each other. Give one of them.");
    }
  }

  // What a replaced run left would otherwise stand beside the new record.
  void clear_folder() const {
    for (const char* name : {"adapter_model.safetensors", "adapter_config.json", "state"}) {
      fs::remove_all(run_ / name);
    }
  }

  fs::path state_path() const { return run_ / "state" / "state.safetensors"; }

  void load_data() {
    train_data_ = options_.data.load(options_.train, true, environment_);
    if (!options_.dev.empty()) {
      DataOptions dev = options_.data;
      dev_data_ = dev.load(options_.dev, false, environment_);
    } else if (options_.holdout > 0) {
      hold_out();
    }
    if (!options_.index.empty()) settle_labels(train_data_, options_.index);
    join_labels();
    for (const auto* data : {&train_data_, &dev_data_}) {
      for (const task::Example& example : data->examples) {
        if (example.label) continue;
        fail("app.finetune", fmt::format("{}: example '{}' has no label. Training and dev data "
                                         "need one in each row.", data->name, example.id));
      }
    }
  }

  // One inventory for both. A label that only dev has joins an open inventory, though it is never
  // trained; a closed one refuses it.
  void join_labels() {
    for (const task::Example& example : dev_data_.examples) {
      if (!example.label || train_data_.labels.find(*example.label)) continue;
      if (!train_data_.open_labels) {
        const auto place = fmt::format("{}:{}", dev_data_.name, example.line);
        train_data_.labels.index(*example.label, place);
      }
      context().warn(fmt::format("{}:{}: no training example has the label '{}'.", dev_data_.name,
                                 example.line, *example.label));
      train_data_.labels.add(*example.label);
    }
    dev_data_.labels = train_data_.labels;
  }

  void hold_out() {
    const auto split = task::hold_out(train_data_.examples, options_.holdout,
                                      options_.training.seed);
    dev_data_ = train_data_;
    dev_data_.examples.clear();
    std::vector<task::Example> kept;
    for (const int64_t i : split.kept) kept.push_back(train_data_.examples[size_t(i)]);
    for (const int64_t i : split.held_out) {
      dev_data_.examples.push_back(train_data_.examples[size_t(i)]);
    }
    train_data_.examples = std::move(kept);
  }

  void require_causal() {
    if (session_->model().head()) return;
    fail("app.finetune", fmt::format("{} is an encoder and writes no text. Use a language model.",
                                     session_->model().info().path));
  }

  void find_neighbours() {
    if (options_.index.empty()) {
      if (!renderer_->style().uses_example()) return;
      context().info("No --index: the prompts carry no retrieved example.");
      return;
    }
    Retrieval retrieval(options_.index, options_.embedder, options_.model.models, environment_);
    index_hash_ = retrieval.hash();
    train_neighbours_ = retrieval.find(train_data_.examples, options_.neighbours,
                                       QueryKind::kTraining, context());
    dev_neighbours_ = retrieval.find(dev_data_.examples, options_.neighbours,
                                     QueryKind::kTraining, context());
  }

  task::Prompt render(const task::Dataset& data, const Retrieved& neighbours, size_t i) const {
    std::vector<const task::Example*> nearest;
    if (!neighbours.examples.empty()) {
      for (const task::Example& example : neighbours.examples[i]) nearest.push_back(&example);
    }
    return renderer_->render(data.examples[i], nearest);
  }

  void build_rows() {
    for (size_t i = 0; i < train_data_.examples.size(); ++i) {
      const task::Prompt prompt = render(train_data_, train_neighbours_, i);
      train::TrainRow row;
      row.tokens = task::prompt_row(*session_, prompt, options_.chat);
      row.prompt_length = int64_t(row.tokens.size());
      const auto completion = engine::completion_tokens(session_->tokenizer(), prompt.completion);
      row.tokens.insert(row.tokens.end(), completion.begin(), completion.end());
      check_length(row, train_data_.examples[i]);
      rows_.push_back(std::move(row));
    }
    for (size_t i = 0; i < dev_data_.examples.size(); ++i) {
      dev_prompts_.push_back(render(dev_data_, dev_neighbours_, i));
    }
  }

  void check_length(const train::TrainRow& row, const task::Example& example) const {
    const int64_t limit = session_->model().info().context;
    if (int64_t(row.tokens.size()) <= limit) return;
    fail("app.finetune", fmt::format("{}:{}: example '{}' takes {} tokens with its prompt, the "
                                     "model's context is {}. Use a shorter prompt style, or leave "
                                     "the row out.", train_data_.name, example.line, example.id,
                                     row.tokens.size(), limit));
  }

  train::AdapterConfig adapter_config() const {
    train::AdapterConfig config = options_.adapter;
    if (options_.targets != "all-linear") {
      std::string rest = options_.targets;
      for (size_t comma; (comma = rest.find(',')) != std::string::npos;) {
        config.targets.push_back(rest.substr(0, comma));
        rest = rest.substr(comma + 1);
      }
      config.targets.push_back(rest);
    }
    return config;
  }

  train::EstimateOptions estimate_options() const {
    const int64_t evaluated = dev_prompts_.empty() ? 0 : task::AnswerOptions{}.batch_tokens;
    return {training_.batch, training_.epochs, training_.checkpoint, training_.seed, evaluated,
            held_bytes_, peak_rss()};
  }

  void fit_memory() {
    held_bytes_ = current_rss();
    if (!options_.memory) return;
    const auto fitting = train::fit_memory(session_->model(), *adapter_, session_->compute(),
                                           rows_, estimate_options(), int64_t(options_.memory));
    if (!fitting) {
      fail("app.finetune", fmt::format("training does not fit in {:.2f} GB, however little is "
                                       "kept. Use more --memory{}.",
                                       double(options_.memory) / kGigabyte,
                                       options_.model.low_memory ? "" : ", or --low-memory"));
    }
    if (fitting->checkpoint && !training_.checkpoint) {
      context().info(fmt::format("to stay below {:.2f} GB, layers are computed again in the "
                                 "backward pass, {} tokens at a time.",
                                 double(options_.memory) / kGigabyte,
                                 fitting->batch.micro_tokens));
    }
    training_.batch = fitting->batch;
    training_.checkpoint = fitting->checkpoint;
  }

  void announce() {
    const arch::ModelInfo& info = session_->model().info();
    const auto needs =
        train::estimate(session_->model(), *adapter_, session_->compute(), rows_,
                        estimate_options());
    const double rate = train::measure_gemm_rate(session_->compute());
    constexpr double kUsualShare = 0.6;  // of the product's rate that whole steps reach
    context().info(fmt::format(
        "{}: {:.1f} M parameters ({} layers, width {}), base {}, products in {} on {}",
        fs::path(info.path).filename().string(), double(info.parameters) / 1e6, info.layers,
        info.width, session_->base(), name_of(session_->compute()), kernels::cpu_summary()));
    context().info(fmt::format("{} training and {} dev examples, {} labels, style {}, {} trained "
                               "numbers (rank {})", rows_.size(), dev_prompts_.size(),
                               train_data_.labels.size(), options_.prompt,
                               adapter_->values().size(), adapter_->config().rank));
    context().info(fmt::format("needs about {:.1f} GB of memory, {:.0f} MB of disk and {} for {} "
                               "epochs of {} tokens",
                               double(needs.memory_bytes) / kGigabyte,
                               double(needs.disk_bytes) / 1e6,
                               duration_text(needs.flops / (rate * kUsualShare)),
                               training_.epochs,
                               needs.tokens / std::max<int64_t>(1, training_.epochs)));
    estimate_ = needs;
    gemm_rate_ = rate;
  }

  double evaluate(int64_t step) {
    const auto predictions =
        task::answer_prompts(*session_, *renderer_, dev_prompts_, {}, context());
    if (context().stopping()) return -1;  // not logged: it is done again after --resume
    const auto report = task::evaluate(dev_data_, predictions, {.samples = 0});
    log_.write({{"step", step}, {"dev_f1", report.official.scores->f1},
                {"dev_accuracy", report.accuracy}});
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
    smooth_loss_ = smooth_loss_ == 0 ? r.loss : 0.95 * smooth_loss_ + 0.05 * r.loss;
    context().report({"training", double(r.step), double(r.steps), "steps",
                      fmt::format("loss {:.3f}, {:.0f} tokens/s", smooth_loss_, rate)});
  }

  int train_and_save() {
    train::Trainer trainer(*session_, *adapter_, rows_, training_);
    std::optional<int64_t> resumed;
    if (options_.resume) {
      trainer.resume(state_path());
      resumed = train::load_state(state_path(), adapter_->values().size()).step;
    }
    log_.open(run_ / "log.jsonl", resumed);
    train::TrainHooks hooks;
    hooks.state = state_path();
    hooks.on_step = [this](const train::StepReport& report) { on_step(report); };
    if (!dev_prompts_.empty()) hooks.evaluate = [this](int64_t step) { return evaluate(step); };
    const train::TrainResult result = trainer.run(hooks, context());
    environment_.end_progress();
    if (!result.finished) {
      write_record("interrupted", result);
      context().info(fmt::format("stopped at step {} of {}; the state is saved. Go on with the "
                                 "same command and --resume.", result.steps, trainer.steps()));
      return kInterrupted;
    }
    train::save_peft(run_, *adapter_, session_->model().info().path);
    write_record("done", result);
    fs::remove_all(run_ / "state");
    report(result);
    return kDone;
  }

  void report(const train::TrainResult& result) const {
    const double seconds = std::max(1e-9, result.seconds);
    const double share = estimate_.flops * double(result.tokens) /
                         double(std::max<int64_t>(1, estimate_.tokens)) / seconds / gemm_rate_;
    context().info(fmt::format("trained {} steps in {}: {:.0f} tokens/s, {:.1f} examples/s, {:.0f} "
                               "% of this machine's product rate, at most {:.1f} GB of memory",
                               result.steps, duration_text(seconds),
                               double(result.tokens) / seconds, double(result.examples) / seconds,
                               100 * share, double(peak_rss()) / kGigabyte));
    if (result.best_metric) {
      context().info(fmt::format("best dev F1 {:.2f} at step {}; that adapter was kept{}",
                                 100 * *result.best_metric, result.best_step,
                                 result.early ? " (ended early for want of gain)" : ""));
    }
    context().info(fmt::format("adapter written to {}", run_.string()));
  }

  void write_record(const char* status, const train::TrainResult& r) {
    const FinetuneOptions& o = options_;
    const double seconds = std::max(1e-9, r.seconds);
    nlohmann::json record{
        {"status", status}, {"version", RELATUM_VERSION}, {"time", utc_now()},
        {"command", environment_.arguments()}, {"method", o.method}, {"model", o.model.model},
        {"base", session_->base()}, {"base_hash", session_->weights_hash()},
        {"compute", name_of(session_->compute())}, {"cpu", kernels::cpu_summary()},
        {"threads", thread_count()}, {"train", o.train}, {"dev", o.dev}, {"holdout", o.holdout},
        {"relabel", o.data.relabel}, {"labels_file", o.data.labels}, {"prompt", o.prompt},
        {"index", o.index}, {"index_hash", index_hash_}, {"embedder", o.embedder},
        {"neighbours", o.neighbours},
        {"chat", o.chat}, {"rank", o.adapter.rank}, {"alpha", o.adapter.alpha},
        {"dropout", o.adapter.dropout}, {"targets", o.targets},
        {"rslora", o.adapter.rank_stabilised}, {"epochs", training_.epochs},
        {"lr", training_.learning_rate}, {"schedule", o.schedule}, {"warmup", training_.warmup},
        {"weight_decay", training_.weight_decay}, {"clip", training_.clip},
        {"batch_tokens", training_.batch.batch_tokens},
        {"micro_tokens", training_.batch.micro_tokens}, {"share", training_.batch.share},
        {"checkpoint", training_.checkpoint}, {"seed", training_.seed},
        {"eval_every", training_.eval_every}, {"save_every", training_.save_every},
        {"patience", training_.patience}, {"examples", rows_.size()}, {"steps", r.steps},
        {"tokens", r.tokens}, {"seconds", r.seconds},
        {"tokens_per_s", double(r.tokens) / seconds},
        {"examples_per_s", double(r.examples) / seconds}, {"peak_rss_bytes", peak_rss()},
        {"estimated_bytes", estimate_.memory_bytes},
        {"gemm_flops_per_s", gemm_rate_}, {"final_loss", r.last_loss}};
    record["best_dev_f1"] = r.best_metric ? nlohmann::json(*r.best_metric) : nlohmann::json();
    record["best_step"] = r.best_step;
    write_run(run_, record);
  }

  const FinetuneOptions& options_;
  Environment& environment_;
  fs::path run_;
  task::Dataset train_data_, dev_data_;
  std::optional<task::PromptRenderer> renderer_;
  std::optional<engine::Session> session_;
  std::optional<train::Adapter> adapter_;
  train::TrainOptions training_;
  Retrieved train_neighbours_, dev_neighbours_;
  std::vector<train::TrainRow> rows_;
  std::vector<task::Prompt> dev_prompts_;
  train::Estimate estimate_;
  int64_t held_bytes_ = 0;
  double gemm_rate_ = 0, smooth_loss_ = 0;
  std::string index_hash_;
  RunLog log_;
};

}  // namespace

int finetune(const FinetuneOptions& options, Environment& environment) {
  options.machine.apply(environment);
  return Job(options, environment).run();
}

}  // namespace relatum::app
