// The stages of an extraction, in order. All that can be refused is refused before a model answers.
#include "app/extract_job.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/extract_data.h"
#include "app/extract_setup.h"
#include "app/output.h"
#include "app/output_path.h"
#include "app/progress_bar.h"
#include "base/atomic_file.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/parallel_for.h"
#include "io/json.h"
#include "kernels/cpu.h"
#include "task/pipeline.h"
#include "task/prediction_table.h"
#include "text/chat.h"
#include "train/peft.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Job {
 public:
  Job(const ExtractOptions& options, Environment& environment)
      : options_(options), environment_(environment) {}

  int run() {
    settle_output();
    setup_ = settle_extract(options_, environment_);
    check_output();
    data_ = load_extract_data(options_, setup_, environment_);
    settle_filter();
    renderer_.emplace(setup_.style, data_.labels,
                      words_for(setup_, data_.labels, environment_.context()),
                      setup_.words.value_or(task::AnswerWords{}));
    open_model();
    if (!options_.adapter.empty()) load_adapter();
    const nn::LoraSet* pairs = adapter_ ? &adapter_->set() : nullptr;
    const bool integers = session_->products() == DType::kI8;
    if (integers) session_->quantise(pairs);
    worker_.emplace(*session_, integers ? nullptr : pairs);
    loading_seconds_ = seconds_since(start_);
    made_ = make_extract_prompts(options_, setup_, data_, *renderer_, *session_, environment_);
    auto answered = answer();
    environment_.end_progress();
    if (answered.size() != made_.prompts.size()) {
      environment_.context().info("interrupted; nothing was written.");
      return kInterrupted;
    }
    const auto predictions = in_order(std::move(answered));
    const int64_t omitted = write(predictions);
    report(predictions, omitted, seconds_since(start_));
    return kDone;
  }

 private:
  bool to_stdout() const { return options_.out == "-"; }

  void settle_output() {
    format_ = extract_format(options_);
    if (options_.negative && !options_.skip_negative) {
      environment_.context().warn("--negative has no effect without --skip-negative.");
    }
  }

  void check_output() const {
    if (to_stdout()) return;
    CommandInputs inputs;
    inputs.add_data(options_.input);
    inputs.add_options(options_.data);
    const auto model = find_model(setup_.model, setup_.models, environment_);
    inputs.files.insert(inputs.files.end(), {model, options_.prompt});
    inputs.folders = {options_.adapter, setup_.index, model};
    check_new_file(options_.out, inputs, options_.overwrite);
    check_new_file(options_.out + ".run.json", inputs, true);
  }

  void settle_filter() {
    filter_.min_probability = options_.min_probability;
    filter_.negative =
        skipped_label(options_, data_.labels, setup_.run ? setup_.run->negative : "");
  }

  void open_model() {
    engine::SessionOptions session = options_.model.session();
    session.base = setup_.base;
    session_.emplace(find_model(setup_.model, setup_.models, environment_), session);
    if (!session_->model().head()) {
      fail("app.extract", fmt::format("{} is an encoder and writes no text. Use a language model.",
                                      session_->model().info().path));
    }
  }

  void load_adapter() {
    if (setup_.run && setup_.run->base_hash != session_->weights_hash()) {
      tell_mismatch(options_, environment_, "a base whose hash is",
                    setup_.run->base_hash.substr(0, 12), session_->weights_hash().substr(0, 12));
    }
    if (setup_.run && setup_.run->base != session_->base()) {
      tell_mismatch(options_, environment_, "base format", setup_.run->base, session_->base());
    }
    if (setup_.run) check_base_settings(*setup_.run);
    adapter_ = train::load_peft(options_.adapter, session_->model(), session_->compute());
  }

  void check_base_settings(const RunInfo& run) {
    const auto settings = session_->settings();
    for (const auto& [key, trained] : run.base_network) {
      const auto now = settings.find(key);
      if (now == settings.end() || now->second == trained) continue;  // not read, or the same
      tell_mismatch(options_, environment_, fmt::format("a base whose {} is", key), trained,
                    now->second);
    }
    if (setup_.chat && !run.chat_hash.empty() &&
        run.chat_hash != text::chat_hash(session_->tokenizer())) {
      tell_mismatch(options_, environment_, "a chat template whose hash is",
                    run.chat_hash.substr(0, 12),
                    text::chat_hash(session_->tokenizer()).substr(0, 12));
    }
    const std::string tokenizer = session_->tokenizer_hash();
    if (run.tokenizer_hash.empty() || run.tokenizer_hash == tokenizer) return;
    tell_mismatch(options_, environment_, "a tokenizer whose hash is",
                  run.tokenizer_hash.substr(0, 12), tokenizer.substr(0, 12));
  }

  std::vector<task::Prediction> answer() {
    if (made_.prompts.empty()) return {};
    const task::AnswerOptions answers{task::parse_answer_mode(options_.answer),
                                      options_.max_new_tokens, options_.batch_tokens,
                                      options_.negligible, options_.scores, setup_.chat};
    return task::answer_prompts(*worker_, *renderer_, made_.prompts, answers,
                                environment_.context());
  }

  // One prediction per example; rows that were too long have no label.
  std::vector<task::Prediction> in_order(std::vector<task::Prediction> answered) const {
    std::vector<task::Prediction> predictions(data_.examples.size());
    for (size_t i = 0; i < predictions.size(); ++i) predictions[i].id = data_.examples[i].id;
    for (size_t i = 0; i < answered.size(); ++i) {
      predictions[made_.rows[i]] = std::move(answered[i]);
    }
    for (size_t i = 0; i < made_.neighbours.references.size(); ++i) {
      predictions[i].neighbours = made_.neighbours.references[i];
    }
    return predictions;
  }

  int64_t write(const std::vector<task::Prediction>& predictions) const {
    Output output(options_.out);
    const int64_t omitted =
        task::write_predictions(format_, data_.examples, predictions, filter_,
                                [&](std::string_view text) { output.write(text); });
    output.commit();
    return omitted;
  }

  void report(const std::vector<task::Prediction>& predictions, int64_t omitted,
              double seconds) const {
    int64_t unparsed = -made_.too_long;
    for (const auto& prediction : predictions) unparsed += !prediction.label.has_value();
    const Context& context = environment_.context();
    context.info(fmt::format("{} answered in {} ({:.1f} a second, model loading included), "
                             "written to {}", counted(int64_t(predictions.size()), "sentence"),
                             duration_text(seconds), double(predictions.size()) / seconds,
                             output_name(options_.out)));
    if (unparsed) context.info(fmt::format("answers that could not be parsed: {}", unparsed));
    if (omitted) context.info(fmt::format("answers left out of the output: {}", omitted));
    if (to_stdout()) return;
    write_file(options_.out + ".run.json",
               io::dump_json(record(predictions.size(), omitted, unparsed, seconds), 2) + "\n");
  }

  nlohmann::json record(size_t count, int64_t omitted, int64_t unparsed, double seconds) const {
    nlohmann::json record{
        {"version", RELATUM_VERSION}, {"time", utc_now()}, {"command", environment_.arguments()},
        {"model", setup_.model}, {"base", session_->base()},
        {"base_hash", session_->weights_hash()}, {"compute", name_of(session_->products())},
        {"cpu", kernels::cpu_summary()}, {"threads", thread_count()},
        {"adapter", options_.adapter}, {"prompt", setup_.prompt},
        {"prompt_hash", task::style_hash(setup_.style)}, {"index", setup_.index},
        {"index_hash", made_.index_hash}, {"neighbours", setup_.neighbours},
        {"data", options_.input}, {"answer", options_.answer}, {"chat", setup_.chat},
        {"max_new_tokens", options_.max_new_tokens}, {"batch_tokens", options_.batch_tokens},
        {"negligible", options_.negligible}, {"min_probability", options_.min_probability},
        {"examples", count}, {"unparsed", unparsed}, {"too_long", made_.too_long},
        {"left_out", omitted}, {"overlap", made_.neighbours.overlap}, {"seconds", seconds},
        {"loading_seconds", loading_seconds_}, {"examples_per_s", double(count) / seconds},
        {"peak_rss_bytes", peak_rss()}};
    if (setup_.run) {
      const RunInfo& run = *setup_.run;
      record["trained"] = {{"prompt", run.prompt}, {"prompt_hash", run.prompt_hash},
                           {"index", run.index}, {"index_hash", run.index_hash},
                           {"neighbours", run.neighbours}, {"base", run.base},
                           {"base_hash", run.base_hash}, {"chat", run.chat}};
    }
    return record;
  }

  const ExtractOptions& options_;
  Environment& environment_;
  Clock::time_point start_ = Clock::now();
  double loading_seconds_ = 0;
  task::PredictionFormat format_ = task::PredictionFormat::kJsonl;
  task::PredictionFilter filter_;
  ExtractSetup setup_;
  task::Dataset data_;
  std::optional<task::PromptRenderer> renderer_;
  std::optional<engine::Session> session_;
  std::unique_ptr<train::Adapter> adapter_;
  std::optional<engine::Worker> worker_;
  ExtractPrompts made_;
};

}  // namespace

task::PredictionFormat extract_format(const ExtractOptions& o) {
  const auto format = o.format.empty() ? task::prediction_format_of(o.out)
                                       : task::parse_prediction_format(o.format);
  if (o.scores && format != task::PredictionFormat::kJsonl) {
    fail("app.extract", "--scores needs --format jsonl: a table has no place for the labels' "
                        "probabilities.");
  }
  for (const auto& [flag, value] : {std::pair("--min-probability", o.min_probability),
                                    std::pair("--negligible", o.negligible)}) {
    if (!std::isfinite(value)) fail("app.extract", fmt::format("{} is not a number.", flag));
  }
  if (o.answer == "free" && o.min_probability > 0) {
    fail("app.extract", "--min-probability needs an --answer that has probabilities: scored, "
                        "shares or constrained.");
  }
  return format;
}

std::optional<std::string> skipped_label(const ExtractOptions& o, const task::Labels& labels,
                                         const std::string& of_run) {
  if (!o.skip_negative) return std::nullopt;
  if (o.negative) {
    labels.index(*o.negative, "--negative");
    return o.negative;
  }
  if (!of_run.empty()) return of_run;
  if (const auto usual = task::negative_label(labels)) return usual;
  fail("app.extract", "--skip-negative: none of the labels is called no_relation or Other. Name "
                      "the one that means no relation with --negative.");
}

int extract(const ExtractOptions& options, Environment& environment) {
  options.machine.apply(environment);
  return Job(options, environment).run();
}

}  // namespace relatum::app
