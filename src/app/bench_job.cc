// Times the engine's own passes on rows of a text or of random tokens, and the products alone.
#include "app/bench_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/parallel_for.h"
#include "base/rng.h"
#include "base/stopwatch.h"
#include "engine/inputs.h"
#include "io/json.h"
#include "io/npy.h"
#include "jobs/output_path.h"
#include "jobs/process_facts.h"
#include "kernels/cpu.h"
#include "kernels/rows.h"
#include "nn/loss.h"
#include "tensor/buffer.h"
#include "train/adapter.h"
#include "train/estimate.h"
#include "train/trainer.h"

namespace relatum::app {
namespace {

constexpr int64_t kAnswer = 4;  // tokens of a row that training predicts
constexpr int64_t kGiven = 8;   // tokens that the decoded stream begins with

// One kind of work: what a second of it does.
struct Rate {
  double tokens_per_s = 0;
  double share = 0;     // of the measured product rate, the model's own products alone
  double products = 0;  // of the time, those products take, measured alone
};

class Bench {
 public:
  Bench(const BenchOptions& options, Environment& environment)
      : options_(options), environment_(environment),
        session_(options.model.path(environment.host()), options.model.session()) {
    if (!session_.model().head()) {
      fail("app.bench", fmt::format("{} is an encoder and writes no text. Use a language model.",
                                    session_.model().info().path));
    }
    if (integers()) session_.quantise(nullptr);
    make_rows();
  }

  int run() {
    tell(0, "products");
    peak_ = train::measure_gemm_rate(session_.products());
    tell(1, "prefill");
    prefill_ = measure_prefill();
    tell(2, "decoding");
    decoding_ = measure_decoding();
    tell(3, "training");
    if (trains()) training_ = measure_training();
    tell(4, "");
    peak_ = std::max(peak_, train::measure_gemm_rate(session_.products()));
    for (Rate* rate : {&prefill_, &training_}) rate->share /= peak_;
    environment_.end_progress();
    if (environment_.interrupted()) return kInterrupted;
    if (!options_.logits.empty()) write_logits();
    print();
    return kDone;
  }

 private:
  void write_logits() const {
    AtomicFile file(options_.logits);
    io::write_npy({logits_.data(), 1, int64_t(logits_.size())},
                  [&](std::string_view bytes) { file.write(bytes); });
    file.commit();
  }

  bool integers() const { return session_.products() == DType::kI8; }
  bool trains() const { return !integers() && !options_.skip_training; }

  void tell(int stage, const char* name) const {
    environment_.context().report({"measuring", double(stage), 4, "stages", name});
  }

  // The text's tokens over and over, or random ones.
  int32_t token(uint64_t i) const {
    if (!text_.empty()) return text_[i % text_.size()];
    return int32_t(double(session_.model().info().vocabulary) * Rng(1, 0xbe4c).uniform(i));
  }

  void make_rows() {
    if (!options_.text.empty()) {
      text_ = session_.tokenizer().encode_data(read_file(options_.text));
      if (text_.empty()) {
        fail("app.bench", fmt::format("{} holds no text to make rows of.", options_.text));
      }
    }
    const int64_t length = std::clamp<int64_t>(options_.length, kAnswer + 1,
                                               session_.model().info().context);
    const int64_t count = std::max<int64_t>(1, options_.tokens / length);
    uint64_t next = 0;
    for (int64_t r = 0; r < count; ++r) {
      train::TrainRow row;
      for (int64_t t = 0; t < length; ++t) row.tokens.push_back(token(next++));
      row.prompt_length = length - kAnswer;
      rows_.push_back(std::move(row));
    }
    tokens_ = count * length;
  }

  // Median seconds of a few rounds, after one that is not counted.
  template <class Work>
  double median_seconds(const Work& work) const {
    work();
    std::vector<double> seconds;
    for (int64_t i = 0; i < options_.rounds && !environment_.interrupted(); ++i) {
      const Stopwatch watch;
      work();
      seconds.push_back(watch.seconds());
    }
    if (seconds.empty()) return 1;
    const auto middle = seconds.begin() + int64_t(seconds.size() / 2);
    std::nth_element(seconds.begin(), middle, seconds.end());
    return *middle;
  }

  // Tokens that a decoder computes, and those of an encoder beside it.
  struct Tokens {
    int64_t own = 0, sources = 0;
  };
  // Of all rows, of which `fed` tokens each follow an encoded part (where there is an encoder).
  Tokens count_tokens(int64_t fed, int64_t encoded) const {
    const auto count = int64_t(rows_.size());
    if (session_.model().info().encoder_layers == 0) return {tokens_, 0};
    return {count * fed, count * encoded};
  }
  template <class Visit>
  void for_each_linear(const Tokens& tokens, const Visit& visit) const {
    const auto sources = session_.model().source_linears();
    for (const nn::Linear* linear : session_.model().linears()) {
      const bool source = std::count(sources.begin(), sources.end(), linear) > 0;
      visit(*linear, source ? tokens.sources : tokens.own);
    }
  }
  // Of the linears' products in a forward pass.
  double operations(const Tokens& tokens) const {
    double sum = 0;
    for_each_linear(tokens, [&](const nn::Linear& linear, int64_t rows) {
      sum += 2 * double(linear.in() * linear.out()) * double(rows);
    });
    return sum;
  }

  // The linears' products alone, forward and, where asked for, back. Rows of zeros: any will do.
  double product_seconds(const Tokens& tokens, bool back) {
    if (back) session_.prepare_training();
    int64_t widest = 0;
    for (const nn::Linear* linear : session_.model().linears()) {
      widest = std::max({widest, linear->in(), linear->out()});
    }
    Buffer in(size_t(std::max(tokens.own, tokens.sources) * widest) * size_of(session_.compute())),
        out(in.size());
    in.zero();
    return median_seconds([&] {
      nn::Graph graph = worker_.graph();
      for_each_linear(tokens, [&](const nn::Linear& linear, int64_t rows) {
        const Mat x(in.data(), session_.compute(), rows, linear.in());
        const Mat y(out.data(), session_.compute(), rows, linear.out());
        linear.multiply(graph, x, y);
        if (back) linear.multiply_back(graph, y, x, false);
      });
    });
  }

  // A time counts only where something was computed.
  void check(double value) const {
    if (std::isfinite(value)) return;
    fail("app.bench", fmt::format("{}: what was computed is not finite, so its time says nothing. "
                                  "The file may be damaged; try --compute f32.",
                                  session_.model().info().path));
  }
  // The likeliest token behind the first row; all rows' logits are computed.
  int32_t likeliest_token(nn::Graph& graph, nn::Var states, std::vector<float>* keep) const {
    int32_t next = 0;
    nn::for_each_logits(graph, *session_.model().head(), graph.value(states),
                        [&](int64_t first, MatView<const float> logits) {
      check(logits.row(0)[0]);
      if (first != 0) return;
      const std::span row(logits.row(0), size_t(logits.cols));
      next = int32_t(kernels::largest(row));
      if (keep) keep->assign(row.begin(), row.end());
    });
    return next;
  }

  // The share still in operations per second: the peak is measured before and after.
  Rate rate(const Tokens& tokens, double seconds, double operations, double alone) const {
    return {double(tokens.own + tokens.sources) / seconds, operations / seconds, alone / seconds};
  }
  std::vector<std::vector<int32_t>> prompts() const {
    std::vector<std::vector<int32_t>> all;
    for (const train::TrainRow& row : rows_) all.push_back(row.tokens);
    return all;
  }

  Rate measure_prefill() {
    const auto rows = prompts();
    const engine::Inputs inputs(session_.model().info(), rows);
    nn::TokenBatch batch;
    std::vector<int64_t> last;
    for (size_t r = 0; r < rows.size(); ++r) {
      const int root = batch.root();
      inputs.read(batch, root, r);
      last.push_back(batch.end(batch.append(root, inputs.row(r))) - 1);
    }
    batch.finish();
    const double seconds = median_seconds([&] {
      nn::Graph graph = worker_.graph();
      const nn::Var states = session_.model().forward(graph, batch, {.rows = last, .cache = {}});
      next_ = likeliest_token(graph, states, &logits_);
    });
    const Tokens tokens = count_tokens(1, int64_t(rows[0].size()));
    return rate(tokens, seconds, operations(tokens), product_seconds(tokens, false));
  }

  // Greedily one token at a time behind a few given ones; an encoder reads the first row before.
  double measure_decoding() {
    const arch::ModelInfo& info = session_.model().info();
    const int64_t steps = std::min(options_.decode + kGiven, info.context - 1);
    nn::KvCache cache(info.layers, steps, info.kv_heads, info.head_size, session_.compute());
    const auto rows = prompts();
    const engine::Inputs inputs(info, rows);
    engine::EncodedPrompts encoded(worker_, inputs, int64_t(rows[0].size()));
    const double seconds = median_seconds([&] {
      said_.clear();
      encoded.start(0, 1);
      for (int64_t step = 0; step < steps; ++step) {
        nn::TokenBatch batch;
        const kernels::AttentionSpan before{0, step, true};
        const int32_t fed = step < kGiven ? token(uint64_t(step)) : said_.back();
        const int root = batch.root({&before, size_t(step > 0)});
        if (step == 0) {
          encoded.encode(batch, root, 0);
        } else {
          encoded.read(batch, root, 0);
        }
        batch.append(root, {&fed, 1});
        batch.finish();
        nn::CacheUse use{&cache, {&step, 1}};
        encoded.use_in(use, batch);
        nn::Graph graph = worker_.graph();
        const int64_t first = 0;
        const nn::Var states = session_.model().forward(graph, batch,
                                                        {.rows = {&first, 1}, .cache = use});
        const int32_t likeliest = likeliest_token(graph, states, nullptr);
        if (step + 1 >= kGiven) said_.push_back(likeliest);
      }
    });
    return double(steps) / seconds;
  }

  Rate measure_training() {
    train::AdapterConfig config;
    config.rank = options_.rank;
    config.alpha = 2 * double(options_.rank);
    train::Adapter adapter(session_.model(), session_.compute(), config, 1);
    train::TrainOptions training;
    training.epochs = options_.rounds + 2;
    training.batch = {tokens_, tokens_, false};
    training.checkpoint = options_.checkpoint;
    session_.prepare_training();
    engine::Worker worker(session_, &adapter.set());
    train::Trainer trainer(worker, adapter, rows_, training);
    train::StepRows all(rows_.size());
    for (size_t r = 0; r < all.size(); ++r) all[r] = int64_t(r);
    const double seconds = median_seconds([&] {
      int64_t counted = 0;
      const nn::LossSum loss = trainer.accumulate(all, 0, counted);
      check(loss.sum);
      trainer.apply(loss.weight);
    });
    const Tokens tokens = count_tokens(kAnswer, int64_t(rows_[0].tokens.size()) - kAnswer);
    return rate(tokens, seconds, 2 * operations(tokens), product_seconds(tokens, true));
  }

  void print() const {
    const std::string type(name_of(session_.products()));
    if (options_.json) {
      const auto json = [](const Rate& r) {
        return nlohmann::json{{"tokens_per_s", r.tokens_per_s},
                              {"share_of_peak", r.share},
                              {"time_in_products", r.products}};
      };
      nlohmann::json all{{"model", session_.model().info().path},
                         {"cpu", kernels::cpu_summary()},
                         {"threads", thread_count()},
                         {"products", type},
                         {"tokens", tokens_},
                         {"length", int64_t(rows_[0].tokens.size())},
                         {"rank", options_.rank},
                         {"gemm_flops_per_s", peak_},
                         {"prefill", json(prefill_)},
                         {"decode_tokens_per_s", decoding_},
                         {"peak_rss_bytes", jobs::peak_rss()},
                         {"next_token", next_},
                         {"said_tokens", said_}};
      all["training"] = trains() ? json(training_) : nlohmann::json();
      return fmt::print("{}\n", io::dump_json(all, 2));
    }
    fmt::print("{}, {} threads, {}: products in {} reach {:.0f} Gop/s\n\n",
               session_.model().info().path, thread_count(), kernels::cpu_summary(), type,
               peak_ / 1e9);
    fmt::print("{:<34} {:>10} {:>15} {:>17}\n", "", "tokens/s", "share of that",
               "time in products");
    line(fmt::format("prefill, {} rows of {}", rows_.size(), rows_[0].tokens.size()), prefill_);
    fmt::print("{:<34} {:>10.0f}\n", "decoding, one stream", decoding_);
    if (trains()) line(fmt::format("training, rank {}", options_.rank), training_);
    fmt::print(
        "\nThe share counts the model's own products alone, not those of adapter, attention "
        "and head.\n");
  }

  static void line(const std::string& name, const Rate& r) {
    fmt::print("{:<34} {:>10.0f} {:>13.0f} % {:>15.0f} %\n", name, r.tokens_per_s, 100 * r.share,
               100 * r.products);
  }

  const BenchOptions& options_;
  Environment& environment_;
  engine::Session session_;
  engine::Worker worker_{session_};
  std::vector<int32_t> text_;
  std::vector<train::TrainRow> rows_;
  int64_t tokens_ = 0;
  int32_t next_ = 0;           // the likeliest behind the first row
  std::vector<float> logits_;  // behind the first row, of prefill
  std::vector<int32_t> said_;  // the stream, the given tokens left out
  double peak_ = 1, decoding_ = 0;
  Rate prefill_, training_;
};

}  // namespace

int bench(const BenchOptions& options, Environment& environment) {
  options.machine.apply(environment);
  if (!options.logits.empty()) {
    jobs::CommandInputs inputs;
    inputs.files = {options.text};
    inputs.folders = {options.model.path(environment.host())};
    jobs::check_new_file(options.logits, inputs, options.overwrite);
  }
  return Bench(options, environment).run();
}

}  // namespace relatum::app
