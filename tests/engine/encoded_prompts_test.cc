// Prompts that an encoder reads: scores, shares and text of T5 against a pass for each token.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/generate.h"
#include "engine/score_labels.h"
#include "support/log_probabilities.h"
#include "support/sessions.h"
#include "support/t5.h"

namespace relatum::testing {
namespace {

const Rows kPrompts{{20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 1},
                    {40, 41, 1},
                    {20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 38, 1},
                    {50, 4, 9, 13, 60, 1}};
const Rows kAnswers{{40, 41, 1}, {40, 42, 43, 1}, {50, 1}, {40, 42, 44, 45, 1}, {1}};

class EncodedPrompts : public ::testing::Test {
 protected:
  static constexpr double kBound = 1e-3;  // of sums around -100

  // Log-probabilities behind what was written so far.
  Matrix<float> behind(const std::vector<int32_t>& prompt,
                       const std::vector<int32_t>& written) const {
    nn::TokenBatch batch;
    const int root = batch.root();
    batch.read_source(root, batch.add_source(prompt));
    batch.append(root, joined({session_.model().info().decoder_start}, written));
    batch.finish();
    return log_probabilities(run(session_.model(), batch));
  }
  double score(const std::vector<int32_t>& prompt, const std::vector<int32_t>& answer) const {
    const Matrix<float> all = behind(prompt, answer);
    double sum = 0;
    for (size_t i = 0; i < answer.size(); ++i) sum += double(all.row(int64_t(i))[answer[i]]);
    return sum;
  }

  T5Folder folder_{t5_options().at("gated_gelu")};
  engine::Session session_{folder_.path(), plain_options()};
  engine::Worker worker_{session_};
  engine::LabelTrie trie_{kAnswers};
};

TEST_F(EncodedPrompts, ScoresAreThoseOfSeparatePasses) {
  for (const int threads : {1, 2}) {
    const Threads limit(threads);
    for (const int64_t batch_tokens : {1, 30, 4096}) {
      for (const double negligible : {0.0, 1e-300}) {
        const auto edges = engine::score_edges(worker_, kPrompts, trie_, {batch_tokens, negligible},
                                               {});
        ASSERT_EQ(edges.size(), kPrompts.size());
        for (size_t p = 0; p < edges.size(); ++p) {
          const auto got = trie_.answer_scores(edges[p]);
          for (size_t a = 0; a < kAnswers.size(); ++a) {
            EXPECT_NEAR(got[a], score(kPrompts[p], kAnswers[a]), kBound) << p << ' ' << a;
          }
        }
      }
    }
  }
}

// A choice's share among the tokens that some answer still allows.
TEST_F(EncodedPrompts, SharesAndTheGreedyChoice) {
  for (const int64_t batch_tokens : {1, 4096}) {
    const auto shares = engine::score_edges(
        worker_, kPrompts, trie_, {batch_tokens, 1e-300, engine::EdgeScores::kShares}, {});
    const auto greedy = engine::score_edges(worker_, kPrompts, trie_,
                                            {batch_tokens, 0, engine::EdgeScores::kGreedy}, {});
    for (size_t p = 0; p < kPrompts.size(); ++p) {
      std::vector<double> exact(trie_.edges().size());
      for (size_t e = 0; e < exact.size(); ++e) {
        std::vector<int32_t> written;
        for (int32_t n = trie_.edges()[e].from; n >= 0; n = trie_.parents()[size_t(n)]) {
          written.insert(written.begin(), trie_.tokens()[size_t(n)]);
        }
        const Matrix<float> all = behind(kPrompts[p], written);
        exact[e] = double(all.row(int64_t(written.size()))[trie_.edges()[e].token]);
      }
      for (size_t e = 0; e < exact.size(); ++e) {
        const auto [low, high] = trie_.edges_from(trie_.edges()[e].from);
        double total = 0;
        for (size_t i = low; i < high; ++i) total += std::exp(exact[i]);
        EXPECT_NEAR(shares[p][e], exact[e] - std::log(total), kBound) << p << ' ' << e;
      }
      EXPECT_EQ(trie_.greedy(greedy[p]).answer, trie_.greedy(exact).answer);
    }
  }
}

TEST_F(EncodedPrompts, TextIsThatOfOneTokenAfterTheOther) {
  constexpr int64_t kTokens = 7;
  for (const int64_t batch_tokens : {1, 30, 4096}) {
    const auto said = engine::generate(worker_, kPrompts, {kTokens, batch_tokens}, {});
    ASSERT_EQ(said.size(), kPrompts.size());
    for (size_t p = 0; p < said.size(); ++p) {
      std::vector<int32_t> written;
      while (int64_t(written.size()) < kTokens) {
        const Matrix<float> all = behind(kPrompts[p], written);
        const float* row = all.row(int64_t(written.size()));
        const auto next = int32_t(std::max_element(row, row + all.cols()) - row);
        if (next == 1) break;
        written.push_back(next);
      }
      EXPECT_EQ(said[p], written) << p;
    }
  }
}

TEST_F(EncodedPrompts, EndWithTheEndToken) {
  const auto tokens = engine::prompt_tokens(session_, "ab");
  EXPECT_EQ(tokens, joined(session_.tokenizer().encode("ab"), {1}));
}

}  // namespace
}  // namespace relatum::testing
