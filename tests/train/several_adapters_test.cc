// Rows of several adapters in one batch: the scores and the text of each adapter alone, however the
// rows are mixed, batched and shared.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>

#include "base/error.h"
#include "engine/generate.h"
#include "engine/score_labels.h"
#include "kernels/cpu.h"
#include "support/sessions.h"
#include "support/t5.h"
#include "train/adapter.h"
#include "train/batcher.h"
#include "train/trainer.h"

namespace relatum::testing {
namespace {

using engine::LabelTrie;
using engine::PromptRows;
using Scores = std::vector<std::vector<double>>;

struct Base {
  std::string name;
  std::string model;  // a fixture, or "t5:" and one of its options
  engine::SessionOptions how;
};
void PrintTo(const Base& base, std::ostream* out) { *out << base.name; }

// Six adapters: plain ones of different ranks and targets, two with magnitudes, which do not follow
// one another, one with head and embeddings of its own, and the base alone.
class SeveralAdapters : public ::testing::TestWithParam<Base> {
 protected:
  void SetUp() override {
    const Base& base = GetParam();
    if (base.how.compute == "bf16" && !kernels::has_fast_bf16()) {
      GTEST_SKIP() << "no bf16 products here";
    }
    std::filesystem::path path = fixture(base.model.substr(0, base.model.find(':')));
    if (base.model.starts_with("t5:")) {
      folder_.emplace(t5_options().at(base.model.substr(3)));
      path = folder_->path();
    }
    session_.emplace(path, base.how);
    end_ = *session_->tokenizer().special().eos;
    const arch::Model& model = session_->model();
    const std::vector<const nn::Linear*> linears = model.linears();
    const auto target = [&](const nn::Linear& linear) {
      const std::string& name = linear.parts().back().name;
      return name.substr(name.rfind('.') + 1);
    };
    add({.rank = 4});
    add({.rank = 2, .magnitudes = true});
    add({.rank = 3, .targets = {target(*linears.front()), target(*linears.back())}});
    sets_.push_back(nullptr);
    add({.rank = 5, .saved = train::savable_modules(model)});
    add({.rank = 3, .targets = {target(*linears.front())}, .magnitudes = true});
    if (session_->products() == DType::kI8) {
      session_->quantise(nullptr);  // pairs stay beside the integers
      for (const auto& adapter : adapters_) adapter->set_beside_integers();
    }
    for (size_t a = 0; a < sets_.size(); ++a) tries_.emplace_back(answers(int32_t(a)));
  }

  void add(train::AdapterConfig config) {
    auto adapter = std::make_unique<train::Adapter>(session_->model(), session_->compute(), config,
                                                    adapters_.size() + 1);
    const Rng rng(adapters_.size(), 9);
    for (size_t i = 0; i < adapter->values().size(); ++i) {
      adapter->values()[i] += float(0.05 * rng.normal(i));
    }
    adapter->sync();
    sets_.push_back(&adapter->set());
    adapters_.push_back(std::move(adapter));
  }
  // Each adapter has labels of its own, in number, too.
  Rows answers(int32_t a) const {
    Rows all{{40 + a, 41, end_}, {40 + a, 42, 43, end_}, {50, end_}, {40 + a, 42, 44, 45, end_}};
    all.resize(size_t(2 + a % 3));
    all.push_back({end_});
    return all;
  }

  // prompt_sets() in the tokens that the model has.
  std::vector<PromptSet> prompts() const {
    const auto words = int32_t(session_->model().info().vocabulary) - 3;
    std::vector<PromptSet> sets = prompt_sets();
    for (PromptSet& set : sets) {
      for (auto& row : set.rows) {
        for (int32_t& token : row) token = 3 + (token - 3) % words;
      }
    }
    return sets;
  }
  // Every prompt is asked of every adapter, and they take turns.
  struct Mixed {
    Rows rows;
    std::vector<uint32_t> adapters;
  };
  Mixed mixed(const Rows& prompts) const {
    Mixed all;
    for (size_t turn = 0; turn < sets_.size(); ++turn) {
      for (size_t p = 0; p < prompts.size(); ++p) {
        all.rows.push_back(prompts[p]);
        all.adapters.push_back(uint32_t((turn + p) % sets_.size()));
      }
    }
    return all;
  }
  static Rows of(const Mixed& all, size_t adapter) {
    Rows own;
    for (size_t i = 0; i < all.rows.size(); ++i) {
      if (all.adapters[i] == adapter) own.push_back(all.rows[i]);
    }
    return own;
  }

  // How far sums of `tokens` log-probabilities may be apart in another batch. In f32 both sides
  // round; an adapted linear has three products in the place of one, magnitudes a fourth step.
  // Bounds of bf16 and of 8 bits are too wide to tell anything: there it is a quarter of what
  // another adapter would do.
  double slack(int64_t tokens) const {
    if (!exact()) return nearest() / 4;
    double largest = 0;
    for (const nn::LoraSet* set : sets_) {
      const Matrix<float> logits = last_row(set);
      double squares = 0;
      for (int64_t i = 0; i < logits.cols(); ++i) squares += std::pow(logits.row(0)[i], 2);
      largest = std::max(largest, std::sqrt(squares));
    }
    const double bound = 4 * parity_bound(session_->model(), session_->compute());
    return double(tokens) * 2 * 2 * largest * bound;
  }
  // The largest difference of a logit between the two adapters that are most alike.
  double nearest() const {
    std::vector<Matrix<float>> all;
    for (const nn::LoraSet* set : sets_) all.push_back(last_row(set));
    double least = std::numeric_limits<double>::infinity();
    for (size_t a = 0; a < all.size(); ++a) {
      for (size_t b = 0; b < a; ++b) {
        double most = 0;
        for (int64_t i = 0; i < all[a].cols(); ++i) {
          most = std::max(most, std::abs(double(all[a].row(0)[i]) - double(all[b].row(0)[i])));
        }
        least = std::min(least, most);
      }
    }
    return least;
  }
  // Whether choices do not depend on the batch, near ties apart that no test here has.
  bool exact() const { return session_->products() == DType::kF32; }
  Matrix<float> last_row(const nn::LoraSet* set) const {
    engine::Worker worker(*session_, set);
    nn::TokenBatch batch;
    const int root = batch.root();
    const auto tokens = prompts()[1].rows[0];
    const bool encoded = session_->model().info().encoder_layers > 0;
    if (encoded) batch.read_source(root, batch.add_source(tokens));
    const std::vector<int32_t> start{session_->model().info().decoder_start};
    batch.append(root, encoded ? start : tokens);
    batch.finish();
    const int64_t last = batch.size() - 1;
    nn::Graph graph = worker.graph();
    const Mat states = graph.value(
        session_->model().forward(graph, batch, {.rows = {&last, 1}, .adapter = set}));
    Matrix<float> logits(1, worker.head()->out());
    nn::for_each_logits(graph, *worker.head(), states, [&](int64_t, MatView<const float> row) {
      std::copy_n(row.row(0), row.cols, logits.row(0));
    });
    return logits;
  }

  void expect_alone(const engine::ScoreOptions& options, double slack) const {
    engine::Worker all(*session_, sets_);
    for (const PromptSet& set : prompts()) {
      const Mixed rows = mixed(set.rows);
      const Scores got = score_edges(all, PromptRows{rows.rows, rows.adapters},
                                     engine::AnswerTries(tries_), options, {});
      ASSERT_EQ(got.size(), rows.rows.size());
      for (size_t a = 0; a < sets_.size(); ++a) {
        engine::Worker one(*session_, sets_[a]);
        const Scores want = score_edges(one, of(rows, a), tries_[a], options, {});
        for (size_t i = 0, own = 0; i < got.size(); ++i) {
          if (rows.adapters[i] != a) continue;
          const auto& w = want[own++];
          ASSERT_EQ(got[i].size(), w.size());
          if (options.edges == engine::EdgeScores::kGreedy) {
            EXPECT_EQ(tries_[a].greedy(got[i]).answer, tries_[a].greedy(w).answer);
            continue;
          }
          const auto g = tries_[a].answer_scores(got[i]), v = tries_[a].answer_scores(w);
          for (size_t k = 0; k < v.size(); ++k) {
            EXPECT_NEAR(g[k], v[k], slack) << set.name << " adapter " << a << " answer " << k;
          }
        }
      }
    }
  }

  std::optional<T5Folder> folder_;
  std::optional<engine::Session> session_;
  int32_t end_ = 0;
  std::vector<std::unique_ptr<train::Adapter>> adapters_;
  std::vector<const nn::LoraSet*> sets_;
  std::vector<LabelTrie> tries_;
};

TEST_P(SeveralAdapters, ScoresAreThoseOfEachAlone) {
  for (const int64_t batch_tokens : {1, 150, 4096}) {
    SCOPED_TRACE(batch_tokens);
    const Threads limit(batch_tokens == 150 ? 1 : 2);
    expect_alone({batch_tokens}, slack(4));
  }
}

TEST_P(SeveralAdapters, SoAreTheyWhereTheTreeIsWalked) {
  for (const int64_t batch_tokens : {150, 4096}) {
    SCOPED_TRACE(batch_tokens);
    expect_alone({batch_tokens, 1e-300}, slack(4));
    expect_alone({batch_tokens, 1e-300, engine::EdgeScores::kShares}, slack(4));
    if (exact()) expect_alone({batch_tokens, 0, engine::EdgeScores::kGreedy}, 0);
  }
}

// Without this the others would show nothing.
TEST_P(SeveralAdapters, AreFarFromOneAnother) {
  EXPECT_GT(nearest(), 0.5);
  if (exact()) {
    EXPECT_GT(nearest(), 2 * slack(1));
  }
}

TEST_P(SeveralAdapters, TextIsThatOfEachAlone) {
  if (!exact()) GTEST_SKIP() << "near ties fall either way";
  engine::Worker all(*session_, sets_);
  for (const PromptSet& set : prompts()) {
    const Mixed rows = mixed(set.rows);
    for (const int64_t batch_tokens : {150, 4096}) {
      const Rows got = engine::generate(all, PromptRows{rows.rows, rows.adapters},
                                        {7, batch_tokens}, {});
      for (size_t a = 0; a < sets_.size(); ++a) {
        engine::Worker one(*session_, sets_[a]);
        const Rows want = engine::generate(one, of(rows, a), {7, batch_tokens}, {});
        for (size_t i = 0, own = 0; i < got.size(); ++i) {
          if (rows.adapters[i] == a) {
            EXPECT_EQ(got[i], want[own++]) << set.name << ' ' << a;
          }
        }
      }
    }
  }
}

// An adapter's own linears stay as they are, so passes that learn have one adapter.
TEST_P(SeveralAdapters, DoNotLearn) {
  engine::Worker all(*session_, sets_);
  EXPECT_THROW(static_cast<void>(all.adapter()), Error);
  nn::TokenBatch batch;
  for (const size_t a : {size_t{0}, size_t{2}}) {
    const int root = batch.root();
    batch.use_adapter(root, sets_[a]);
    if (session_->model().info().encoder_layers > 0) {
      batch.read_source(root, batch.add_source(prompts()[0].rows[0], sets_[a]));
    }
    batch.append(root, prompts()[0].rows[1]);
  }
  batch.finish();
  nn::Graph graph = all.graph(true);
  EXPECT_THROW(session_->model().forward(graph, batch, {}), Error);
}

std::vector<Base> bases() {
  const engine::SessionOptions plain = plain_options();
  return {
      {"folder", "llama/tied", plain},
      {"nf4", "llama/tied", {.compute = "f32", .base = "nf4"}},
      {"gguf", "llama/tiny.gguf", {.compute = "f32"}},
      {"decoded_for_each_use", "llama/tied", {.compute = "f32", .base = "nf4", .resident = false}},
      {"bf16", "llama/tied", {.compute = "bf16", .base = "nf4"}},
      {"int8", "llama/tied", {.compute = "int8"}},
      {"t5", "t5:gated_gelu", plain},
      {"t5_first", "t5:first", plain},
      {"t5_bf16", "t5:untied", {.compute = "bf16", .base = "bf16"}}};
}

INSTANTIATE_TEST_SUITE_P(Bases, SeveralAdapters, ::testing::ValuesIn(bases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace relatum::testing
