// The steps of an extraction job, in order.
#include "app/extract_job.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "app/output_path.h"
#include "app/progress_bar.h"
#include "app/retrieval.h"
#include "app/run_record.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/parallel_for.h"
#include "io/json.h"
#include "kernels/cpu.h"
#include "task/pipeline.h"
#include "train/peft.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

class Job {
 public:
  Job(const ExtractOptions& options, Environment& environment)
      : options_(options), environment_(environment) {}

  int run() {
    const auto start = std::chrono::steady_clock::now();
    if (options_.out != "-") check_output_file(options_.out);
    read_adapter_record();
    load_data();
    renderer_.emplace(task::load_style(prompt_), data_.labels);
    engine::SessionOptions session = options_.model.session();
    if (!options_.adapter.empty() && session.base == "auto") session.base = run_.base;
    session_.emplace(options_.model.path(environment_), session);
    if (!session_->model().head()) {
      fail("app.extract", fmt::format("{} is an encoder and writes no text. Use a language model.",
                                      session_->model().info().path));
    }
    if (!options_.adapter.empty()) seat_adapter();
    if (session_->products() == DType::kI8) session_->quantise();
    const std::chrono::duration<double> loading = std::chrono::steady_clock::now() - start;
    loading_seconds_ = loading.count();
    render_prompts();
    task::AnswerOptions answers{task::parse_answer_mode(options_.answer), options_.max_new_tokens,
                                options_.batch_tokens, options_.negligible, options_.scores,
                                chat_};
    auto predictions = task::answer_prompts(*session_, *renderer_, prompts_, answers,
                                            environment_.context());
    environment_.end_progress();
    if (predictions.size() != prompts_.size()) {
      environment_.context().info("interrupted; nothing was written.");
      return kInterrupted;
    }
    for (size_t i = 0; i < neighbours_.references.size(); ++i) {
      predictions[i].neighbours = neighbours_.references[i];
    }
    write(predictions);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    report(predictions, time.count());
    return kDone;
  }

 private:
  // What the run was trained with decides, unless the user says otherwise with --force.
  void read_adapter_record() {
    prompt_ = options_.prompt;
    chat_ = options_.chat;
    neighbours_wanted_ = std::max<int64_t>(1, options_.neighbours);
    if (options_.adapter.empty()) {
      if (prompt_.empty()) fail("app.extract", "--prompt is missing: name a style, e.g. compact.");
      return;
    }
    train::check_adapter_folder(options_.adapter);
    if (fs::exists(fs::path(options_.adapter) / "run.json")) {
      run_ = read_run(options_.adapter);
      has_run_ = true;
      if (prompt_.empty()) prompt_ = run_.prompt;
      if (prompt_ != run_.prompt) mismatch("prompt style", run_.prompt, prompt_);
      chat_ = chat_ || run_.chat;
      if (options_.neighbours == 0) neighbours_wanted_ = run_.neighbours;
    } else {
      run_.base = "auto";
      if (prompt_.empty()) {
        fail("app.extract", fmt::format("{} has no run.json that names a prompt style. Give "
                                        "--prompt.", options_.adapter));
      }
    }
  }

  void mismatch(const char* what, const std::string& trained, const std::string& asked) const {
    if (options_.force) {
      environment_.context().warn(fmt::format("the adapter was trained with {} {}, used with {}.",
                                              what, trained, asked));
      return;
    }
    fail("app.extract", fmt::format("{}: the adapter was trained with {} '{}', not '{}'. Use the "
                                    "same, or --force if it is meant.", options_.adapter, what,
                                    trained, asked));
  }

  void load_data() {
    DataOptions options = options_.data;
    const fs::path kept = fs::path(options_.adapter) / "labels.json";
    const bool from_run = !options_.adapter.empty() && options.labels.empty() && fs::exists(kept);
    if (from_run) options.labels = kept.string();
    data_ = options.load(options_.input, true, environment_);
    if (!options_.index.empty()) settle_labels(data_, options_.index);
    if (data_.labels.empty()) {
      fail("app.extract", fmt::format("{}: no label is known to choose from. Give --labels, a "
                                      "JSON list, or an --index.", data_.name));
    }
  }

  void seat_adapter() {
    if (has_run_ && run_.base_hash != session_->weights_hash()) {
      mismatch("a base whose hash is", run_.base_hash.substr(0, 12),
               session_->weights_hash().substr(0, 12));
    }
    if (has_run_ && run_.base != session_->base()) {
      mismatch("base format", run_.base, session_->base());
    }
    adapter_ = train::load_peft(options_.adapter, session_->model(), session_->compute());
  }

  // An adapter may be used with neighbours though trained without, and the other way round.
  void tell_retrieval() const {
    if (!has_run_ || run_.index.empty() == options_.index.empty()) return;
    environment_.context().info(fmt::format(
        "the adapter was trained {} retrieved examples and is used {} them.",
        run_.index.empty() ? "without" : "with", run_.index.empty() ? "with" : "without"));
  }

  void write(const std::vector<task::Prediction>& predictions) const {
    if (options_.out != "-") return task::write_predictions(options_.out, predictions);
    for (const auto& prediction : predictions) fmt::print("{}\n", task::to_json(prediction));
  }

  void render_prompts() {
    tell_retrieval();
    if (!options_.index.empty()) {
      Retrieval retrieval(options_.index, options_.embedder, options_.model.models, environment_);
      index_hash_ = retrieval.hash();
      if (!run_.index_hash.empty() && run_.index_hash != index_hash_) {
        mismatch("an index whose hash is", run_.index_hash.substr(0, 12),
                 index_hash_.substr(0, 12));
      }
      neighbours_ = retrieval.find(data_.examples, neighbours_wanted_, QueryKind::kTest,
                                   environment_.context());
      if (neighbours_.overlap) {
        environment_.context().info(fmt::format(
            "{} of {} sentences have their own text as nearest neighbour in the index.",
            neighbours_.overlap, data_.examples.size()));
      }
    }
    for (size_t i = 0; i < data_.examples.size(); ++i) {
      std::vector<const task::Example*> nearest;
      if (!neighbours_.examples.empty()) {
        for (const task::Example& example : neighbours_.examples[i]) nearest.push_back(&example);
      }
      prompts_.push_back(renderer_->render(data_.examples[i], nearest));
    }
  }

  void report(const std::vector<task::Prediction>& predictions, double seconds) {
    int64_t unparsed = 0;
    for (const auto& prediction : predictions) unparsed += !prediction.label.has_value();
    environment_.context().info(fmt::format(
        "{} predictions in {} ({:.1f} sentences/s, model loading included), written to {}{}",
        predictions.size(), duration_text(seconds), double(predictions.size()) / seconds,
        options_.out == "-" ? "standard output" : options_.out,
        unparsed ? fmt::format("; {} answers could not be parsed", unparsed) : ""));
    if (options_.out == "-") return;
    nlohmann::json record{
        {"version", RELATUM_VERSION}, {"time", utc_now()}, {"command", environment_.arguments()},
        {"model", options_.model.model}, {"base", session_->base()},
        {"base_hash", session_->weights_hash()}, {"compute", name_of(session_->products())},
        {"cpu", kernels::cpu_summary()}, {"threads", thread_count()},
        {"adapter", options_.adapter}, {"prompt", prompt_}, {"index", options_.index},
        {"index_hash", index_hash_},
        {"neighbours", neighbours_wanted_}, {"data", options_.input}, {"answer", options_.answer},
        {"chat", chat_}, {"max_new_tokens", options_.max_new_tokens},
        {"batch_tokens", options_.batch_tokens}, {"negligible", options_.negligible},
        {"examples", predictions.size()},
        {"unparsed", unparsed}, {"overlap", neighbours_.overlap}, {"seconds", seconds},
        {"loading_seconds", loading_seconds_},
        {"examples_per_s", double(predictions.size()) / seconds},
        {"peak_rss_bytes", peak_rss()}};
    if (has_run_) {
      record["trained"] = {{"prompt", run_.prompt}, {"index", run_.index},
                           {"index_hash", run_.index_hash}, {"neighbours", run_.neighbours},
                           {"base", run_.base}, {"base_hash", run_.base_hash},
                           {"chat", run_.chat}};
    }
    write_file(options_.out + ".run.json", io::dump_json(record, 2) + "\n");
  }

  const ExtractOptions& options_;
  Environment& environment_;
  RunInfo run_;
  double loading_seconds_ = 0;
  bool has_run_ = false, chat_ = false;
  std::string prompt_, index_hash_;
  int64_t neighbours_wanted_ = 1;
  task::Dataset data_;
  std::optional<task::PromptRenderer> renderer_;
  std::optional<engine::Session> session_;
  std::unique_ptr<train::Adapter> adapter_;
  Retrieved neighbours_;
  std::vector<task::Prompt> prompts_;
};

}  // namespace

int extract(const ExtractOptions& options, Environment& environment) {
  options.machine.apply(environment);
  return Job(options, environment).run();
}

}  // namespace relatum::app
