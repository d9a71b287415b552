// Holds label scores to separate forward passes, however prompts are batched and shared.
#include "engine/score_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "base/error.h"
#include "kernels/cpu.h"
#include "support/sessions.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

using engine::LabelTrie;
using engine::score_edges;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The tiny tokenizer's end token closes each answer; two beginnings are shared.
const Rows kAnswers{{40, 41, 2}, {40, 42, 43, 2}, {50, 2}, {40, 42, 44, 45, 2}, {2}};

struct Expected {
  double score = 0, slack = 0;
};

// The sum over an answer's tokens, each from a pass of its own.
Expected brute_force(const engine::Session& session, const std::vector<int32_t>& prompt,
                     const std::vector<int32_t>& answer) {
  std::vector<int32_t> row = prompt;
  Expected result;
  for (const int32_t token : answer) {
    const LastLogits logits = last_logits(session, row);
    result.score += logits.log_probability(token);
    result.slack += 2 * logits.slack;  // the logit's and the normaliser's
    row.push_back(token);
  }
  return result;
}

class ScoreLabels : public ::testing::TestWithParam<PromptSet> {
 protected:
  using Scores = std::vector<std::vector<double>>;

  Scores answer_scores(const engine::Session& session, const Rows& prompts, int64_t batch_tokens,
                       double negligible = 0) const {
    engine::Worker worker(session);
    Scores result;
    for (const auto& edges : score_edges(worker, prompts, trie_, {batch_tokens, negligible}, {})) {
      result.push_back(trie_.answer_scores(edges));
    }
    return result;
  }

  void expect_brute_force(DType compute) const {
    engine::Session session(fixture("llama/tied"), plain_options(compute));
    const Rows& prompts = GetParam().rows;
    std::vector<std::vector<Expected>> want;
    for (const auto& prompt : prompts) {
      want.emplace_back();
      for (const auto& answer : kAnswers) {
        want.back().push_back(brute_force(session, prompt, answer));
      }
    }
    for (const int threads : {1, 2}) {
      const Threads limit(threads);
      for (const int64_t batch_tokens : {1, 70, 4096}) {
        expect_near(answer_scores(session, prompts, batch_tokens), want);
        expect_near(answer_scores(session, prompts, batch_tokens, 1e-300), want);
      }
    }
  }

  static void expect_near(const Scores& got, const std::vector<std::vector<Expected>>& want) {
    ASSERT_EQ(got.size(), want.size());
    for (size_t p = 0; p < want.size(); ++p) {
      ASSERT_EQ(got[p].size(), want[p].size());
      for (size_t a = 0; a < want[p].size(); ++a) {
        EXPECT_NEAR(got[p][a], want[p][a].score, want[p][a].slack) << p << ' ' << a;
      }
    }
  }

  LabelTrie trie_{kAnswers};
};

TEST_P(ScoreLabels, EqualSeparatePasses) {
  shows("SmolLM2", {"cached"});
  expect_brute_force(DType::kF32);
}

TEST_P(ScoreLabels, EqualSeparatePassesInBf16) {
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "no bf16 products here";
  expect_brute_force(DType::kBF16);
}

// Other batches add in another order, which in f32 moves a sum of log-probabilities by less.
constexpr double kOrder = 1e-4;

// What is left out was promised to be small, and is never told too small.
TEST_P(ScoreLabels, NegligibleAnswersAloneAreLeftOut) {
  engine::Session session(fixture("llama/tied"), plain_options());
  const Rows& prompts = GetParam().rows;
  const Scores whole = answer_scores(session, prompts, 4096);
  for (const double negligible : {0.3, 0.01, 1e-4}) {
    for (const int64_t batch_tokens : {1, 70, 4096}) {
      const Scores part = answer_scores(session, prompts, batch_tokens, negligible);
      ASSERT_EQ(part.size(), prompts.size());
      for (size_t p = 0; p < prompts.size(); ++p) {
        const auto shares = engine::softmax(whole[p]), told = engine::softmax(part[p]);
        for (size_t a = 0; a < kAnswers.size(); ++a) {
          EXPECT_GE(part[p][a], whole[p][a] - kOrder) << p << ' ' << a;
          if (shares[a] > 1.001 * negligible) {
            EXPECT_NEAR(part[p][a], whole[p][a], kOrder);
          }
          EXPECT_NEAR(told[a], shares[a], double(kAnswers.size()) * negligible);
        }
      }
    }
  }
}

TEST_P(ScoreLabels, MostOfTheTreeIsNotLookedAt) {
  engine::Session session(fixture("llama/tied"), plain_options());
  engine::Worker worker(session);
  const auto edges = score_edges(worker, GetParam().rows, trie_, {4096, 0.3}, {});
  for (const auto& scores : edges) {
    // Log-probabilities that were computed are below zero.
    EXPECT_LT(std::count_if(scores.begin(), scores.end(), [](double s) { return s < 0; }),
              int64_t(trie_.edges().size()));
  }
}

// Greedy stepping: the best of the tokens that go on with an answer that is still possible.
TEST_P(ScoreLabels, ConstrainedChoiceIsGreedyStepping) {
  engine::Session session(fixture("llama/tied"), plain_options());
  engine::Worker worker(session);
  const auto edges = score_edges(worker, GetParam().rows, trie_, {}, {});
  for (size_t p = 0; p < edges.size(); ++p) {
    std::vector<int32_t> said;
    Rows open = kAnswers;
    while (said.empty() || said.back() != 2) {
      const LastLogits logits = last_logits(session, joined(GetParam().rows[p], said));
      int32_t best = open[0][said.size()];
      for (const auto& answer : open) {
        const int32_t token = answer[said.size()];
        const double lead = logits.values[size_t(token)] - logits.values[size_t(best)];
        ASSERT_TRUE(token == best || std::abs(lead) > logits.slack) << "too close to tell";
        if (lead > 0) best = token;
      }
      std::erase_if(open, [&](const auto& answer) { return answer[said.size()] != best; });
      said.push_back(best);
    }
    EXPECT_EQ(kAnswers[size_t(trie_.greedy(edges[p]).answer)], said) << p;
  }
}

// Whoever stopped where a batch ended goes on there and gets the same bits.
TEST_P(ScoreLabels, BatchesGoOnWhereAnEarlierCallEnded) {
  engine::Session session(fixture("llama/tied"), plain_options());
  engine::Worker worker(session);
  for (const auto edges :
       {engine::EdgeScores::kExact, engine::EdgeScores::kShares, engine::EdgeScores::kGreedy}) {
    engine::ScoreOptions options{70, 0.0, edges};
    Scores whole;
    std::vector<size_t> ends;
    engine::score_batches(
        worker, GetParam().rows, trie_, options,
        [&](Scores&& batch) {
      whole.insert(whole.end(), batch.begin(), batch.end());
      ends.push_back(whole.size());
        },
        {});
    EXPECT_EQ(whole, score_edges(worker, GetParam().rows, trie_, options, {}));
    for (const size_t end : ends) {
      options.first = end;
      const auto rest = score_edges(worker, GetParam().rows, trie_, options, {});
      EXPECT_EQ(rest, Scores(whole.begin() + ptrdiff_t(end), whole.end())) << end;
    }
  }
}

TEST_P(ScoreLabels, GreedyScoresAreAllThatTheChoiceReads) {
  engine::Session session(fixture("llama/tied"), plain_options());
  engine::Worker worker(session);
  const auto whole = score_edges(worker, GetParam().rows, trie_, {}, {});
  for (const int64_t batch_tokens : {1, 70, 4096}) {
    const auto part = score_edges(worker, GetParam().rows, trie_,
                                  {batch_tokens, 0.0, engine::EdgeScores::kGreedy}, {});
    ASSERT_EQ(part.size(), whole.size());
    for (size_t p = 0; p < whole.size(); ++p) {
      const auto want = trie_.greedy(whole[p]), got = trie_.greedy(part[p]);
      EXPECT_EQ(got.answer, want.answer) << p;
      EXPECT_NEAR(got.probability, want.probability, kOrder);
      for (size_t e = 0; e < part[p].size(); ++e) {
        if (part[p][e] != 0) {
          EXPECT_NEAR(part[p][e], whole[p][e], kOrder);
        }
      }
      EXPECT_LT(std::count_if(part[p].begin(), part[p].end(), [](double s) { return s < 0; }),
                int64_t(trie_.edges().size()));
    }
  }
}

// Products of the choices' shares, from scores over the whole vocabulary.
std::vector<double> shares_of(const LabelTrie& trie, const std::vector<double>& edges) {
  std::vector<double> shares;
  for (int64_t a = 0; a < trie.answers(); ++a) {
    double share = 1;
    for (const int32_t edge : trie.path(a)) {
      const auto [low, high] = trie.edges_from(trie.edges()[size_t(edge)].from);
      double total = 0;
      for (size_t e = low; e < high; ++e) total += std::exp(edges[e]);
      share *= std::exp(edges[size_t(edge)]) / total;
    }
    shares.push_back(share);
  }
  return shares;
}

TEST_P(ScoreLabels, SharesAreThoseOfDecodingHeldToTheAnswers) {
  engine::Session session(fixture("llama/tied"), plain_options());
  engine::Worker worker(session);
  const auto whole = score_edges(worker, GetParam().rows, trie_, {}, {});
  for (const double negligible : {0.0, 1e-3}) {
    for (const int64_t batch_tokens : {1, 70, 4096}) {
      const auto part = score_edges(worker, GetParam().rows, trie_,
                                    {batch_tokens, negligible, engine::EdgeScores::kShares}, {});
      ASSERT_EQ(part.size(), whole.size());
      for (size_t p = 0; p < whole.size(); ++p) {
        const auto want = shares_of(trie_, whole[p]);
        const auto scores = trie_.answer_scores(part[p]);
        const auto got = engine::softmax(scores);
        double total = 0;
        for (size_t a = 0; a < want.size(); ++a) {
          EXPECT_NEAR(got[a], want[a], kOrder + double(want.size()) * negligible) << a;
          total += std::exp(scores[a]);
        }
        if (negligible == 0) {
          EXPECT_NEAR(total, 1, kOrder);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Prompts, ScoreLabels, ::testing::ValuesIn(prompt_sets()),
                         [](const auto& test) { return test.param.name; });

class ScoreEdges : public ::testing::Test {
 protected:
  engine::Session session_{fixture("llama/tied"), plain_options()};
  engine::Worker worker_{session_};
  LabelTrie trie_{kAnswers};
};

TEST_F(ScoreEdges, NoPromptNoScores) {
  EXPECT_TRUE(score_edges(worker_, {}, trie_, {}, {}).empty());
}

TEST_F(ScoreEdges, AnswersOfAClosedSetShareLessThanOne) {
  const Rows prompts{random_tokens(9, 1)};
  double total = 0;
  for (const double score : trie_.answer_scores(score_edges(worker_, prompts, trie_, {}, {})[0])) {
    EXPECT_LT(score, 0);
    total += std::exp(score);
  }
  EXPECT_LT(total, 1);
}

TEST_F(ScoreEdges, EqualPromptsGetEqualScores) {
  const Rows prompts{random_tokens(30, 1), random_tokens(30, 1)};
  const auto scores = score_edges(worker_, prompts, trie_, {}, {});
  const Expected one = brute_force(session_, prompts[0], kAnswers[0]);
  EXPECT_NEAR(trie_.answer_scores(scores[0])[0], trie_.answer_scores(scores[1])[0], one.slack);
}

TEST_F(ScoreEdges, PromptAndAnswerMayFillTheContextAndNoMore) {
  const int64_t context = session_.model().info().context;
  constexpr int64_t kDeepest = 4;  // tokens of the longest answer without its end
  const Rows fits{random_tokens(context - kDeepest, 1), random_tokens(4, 2)};
  EXPECT_EQ(score_edges(worker_, fits, trie_, {}, {}).size(), 2u);
  const auto longer = random_tokens(context - kDeepest + 1, 1);
  for (const Rows& prompts :
       {Rows{longer}, Rows{random_tokens(4, 2), longer}, Rows{longer, longer}}) {
    EXPECT_THAT([&] { score_edges(worker_, prompts, trie_, {}, {}); },
                ThrowsMessage<Error>(AllOf(HasSubstr("take 257 tokens"),
                                           HasSubstr("context is 256"), HasSubstr("Use"))));
  }
}

TEST_F(ScoreEdges, LengthIsCheckedBeforeAnythingIsComputed) {
  const std::vector<int32_t> endless(1'000'000, 7);  // as long as hours of attention
  EXPECT_THROW(score_edges(worker_, Rows{endless, endless}, trie_, {}, {}), Error);
}

TEST_F(ScoreEdges, StopsBetweenBatches) {
  std::atomic<bool> stop{false};
  Context context;
  context.stop = &stop;
  context.progress = [&](const Progress& progress) { stop = progress.done >= 2; };
  const Rows prompts{random_tokens(5, 1), random_tokens(5, 2), random_tokens(5, 3)};
  EXPECT_EQ(score_edges(worker_, prompts, trie_, {1}, context).size(), 2u);
}

TEST_F(ScoreEdges, RefusesAnEncoder) {
  const engine::Session session(fixture("bert"), plain_options());
  engine::Worker encoder(session);
  EXPECT_THAT([&] { score_edges(encoder, Rows{{5}}, trie_, {}, {}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("encoder"), HasSubstr("bert"))));
}

TEST_F(ScoreEdges, RefusesATokenOutsideTheVocabulary) {
  EXPECT_THROW(score_edges(worker_, Rows{{5, 128}}, trie_, {}, {}), Error);
  EXPECT_THROW(score_edges(worker_, Rows{{-1}}, trie_, {}, {}), Error);
}

TEST(Softmax, SharesSumToOneAndKeepRatios) {
  const std::vector<double> scores{-1.5, -300, -1.5 + std::log(2.0), -2000, -0.25};
  const auto shares = engine::softmax(scores);
  double total = 0;
  for (const double share : shares) total += share;
  EXPECT_DOUBLE_EQ(total, 1);
  EXPECT_DOUBLE_EQ(shares[2], 2 * shares[0]);
  EXPECT_DOUBLE_EQ(shares[0] / shares[4], std::exp(-1.25));
  EXPECT_EQ(shares[3], 0);
}

TEST(Softmax, OnlyDifferencesCount) {
  EXPECT_EQ(engine::softmax(std::vector<double>{-4096, -4097}),
            engine::softmax(std::vector<double>{0, -1}));
  EXPECT_EQ(engine::softmax(std::vector<double>{-9}), std::vector<double>{1});
}

}  // namespace
}  // namespace relatum::testing
