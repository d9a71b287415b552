// The tree of answers: every answer can be read off it, shared beginnings stand once.
#include "engine/label_trie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "base/rng.h"
#include "support/sessions.h"

namespace relatum::testing {
namespace {

using engine::LabelTrie;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int32_t kEnd = 2;

// Distinct answers of few tokens, so that they share much.
Rows random_answers(uint64_t seed) {
  const Rng rng(seed, 3);
  std::set<std::vector<int32_t>> answers;
  const uint64_t count = 1 + rng.below(0, 9);
  for (uint64_t draw = 1; draw <= 8 * count && answers.size() < count; ++draw) {
    std::vector<int32_t> answer;
    for (uint64_t i = 0; i < rng.below(100 * draw, 4); ++i) {
      answer.push_back(5 + int32_t(rng.below(100 * draw + 1 + i, 3)));
    }
    answer.push_back(kEnd);
    answers.insert(answer);
  }
  Rows rows(answers.begin(), answers.end());
  rng.shuffle(rows);
  return rows;
}

// Each answer is spelled by a path of edges that hang together and end in it.
void expect_paths(const LabelTrie& trie, const Rows& answers) {
  ASSERT_EQ(trie.answers(), int64_t(answers.size()));
  for (size_t a = 0; a < answers.size(); ++a) {
    const auto& path = trie.path(int64_t(a));
    ASSERT_EQ(path.size(), answers[a].size());
    int32_t at = -1;
    for (size_t i = 0; i < path.size(); ++i) {
      const LabelTrie::Edge& edge = trie.edges()[size_t(path[i])];
      const bool last = i + 1 == path.size();
      EXPECT_EQ(edge.from, at);
      EXPECT_EQ(edge.token, answers[a][i]);
      EXPECT_EQ(edge.node < 0, last);
      EXPECT_EQ(edge.answer, last ? int32_t(a) : -1);
      if (!last) {
        EXPECT_EQ(trie.parents()[size_t(edge.node)], at);
        EXPECT_EQ(trie.tokens()[size_t(edge.node)], answers[a][i]);
      }
      at = edge.node;
    }
  }
}

// No beginning stands twice: as many edges as distinct beginnings, as many nodes as unfinished.
void expect_shared(const LabelTrie& trie, const Rows& answers) {
  std::set<std::vector<int32_t>> beginnings, unfinished;
  for (const auto& answer : answers) {
    for (size_t n = 1; n <= answer.size(); ++n) {
      const std::vector<int32_t> part(answer.begin(), answer.begin() + std::ptrdiff_t(n));
      beginnings.insert(part);
      if (n < answer.size()) unfinished.insert(part);
    }
  }
  EXPECT_EQ(trie.edges().size(), beginnings.size());
  EXPECT_EQ(trie.tokens().size(), unfinished.size());
  for (size_t n = 0; n < trie.parents().size(); ++n) {
    EXPECT_LT(trie.parents()[n], int32_t(n));
  }
  for (size_t e = 1; e < trie.edges().size(); ++e) {
    EXPECT_LE(trie.edges()[e - 1].from, trie.edges()[e].from);
  }
}

TEST(LabelTrie, SpellsAFewAnswers) {
  const Rows answers{{5, 6, kEnd}, {5, 7, kEnd}, {8, kEnd}, {5, 6, 9, kEnd}};
  const LabelTrie trie(answers);
  expect_paths(trie, answers);
  expect_shared(trie, answers);
  EXPECT_EQ(trie.path(0)[0], trie.path(1)[0]);
  EXPECT_EQ(trie.path(0)[1], trie.path(3)[1]);
  EXPECT_EQ(trie.tokens().size(), 5u);
  EXPECT_EQ(trie.edges().size(), 9u);
}

TEST(LabelTrie, SpellsRandomAnswers) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Rows answers = random_answers(seed);
    const LabelTrie trie(answers);
    expect_paths(trie, answers);
    expect_shared(trie, answers);
  }
}

TEST(LabelTrie, AnEndTokenAloneIsAnAnswer) {
  const Rows answers{{kEnd}};
  const LabelTrie trie(answers);
  expect_paths(trie, answers);
  EXPECT_TRUE(trie.tokens().empty());
}

TEST(LabelTrie, ScoresAreSumsAlongPaths) {
  const LabelTrie trie(Rows{{5, 6, kEnd}, {5, 7, kEnd}, {8, kEnd}});
  std::vector<double> scores(trie.edges().size());
  for (size_t e = 0; e < scores.size(); ++e) scores[e] = -double(1 << e);
  const auto sums = trie.answer_scores(scores);
  for (int64_t a = 0; a < trie.answers(); ++a) {
    double want = 0;  // powers of two: the sum tells the edges
    for (const int32_t edge : trie.path(a)) want -= double(1 << edge);
    EXPECT_EQ(sums[size_t(a)], want);
  }
}

// What greedy() should choose, from the answers alone.
struct Walk {
  int64_t answer = 0;
  double probability = 1;
};
Walk walk(const Rows& answers, const LabelTrie& trie, const std::vector<double>& scores,
          const std::vector<bool>& allowed = {}) {
  std::vector<size_t> open;
  for (size_t a = 0; a < answers.size(); ++a) {
    if (allowed.empty() || allowed[a]) open.push_back(a);
  }
  Walk result;
  for (size_t depth = 0;; ++depth) {
    std::vector<int32_t> edges;
    for (const size_t a : open) {
      const int32_t edge = trie.path(int64_t(a))[depth];
      if (std::find(edges.begin(), edges.end(), edge) == edges.end()) edges.push_back(edge);
    }
    int32_t best = edges[0];
    double total = 0;
    for (const int32_t edge : edges) {
      if (scores[size_t(edge)] > scores[size_t(best)]) best = edge;
    }
    for (const int32_t edge : edges) {
      total += std::exp(scores[size_t(edge)] - scores[size_t(best)]);
    }
    result.probability /= total;
    std::erase_if(open, [&](size_t a) { return trie.path(int64_t(a))[depth] != best; });
    if (open.size() == 1 && answers[open[0]].size() == depth + 1) {
      result.answer = int64_t(open[0]);
      return result;
    }
  }
}

TEST(LabelTrie, GreedyFollowsTheBestOpenEdge) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Rows answers = random_answers(seed);
    const LabelTrie trie(answers);
    std::vector<double> scores;
    const Rng rng(seed, 4);
    for (size_t e = 0; e < trie.edges().size(); ++e) scores.push_back(-5 * rng.uniform(e));
    const LabelTrie::Choice choice = trie.greedy(scores);
    const Walk want = walk(answers, trie, scores);
    EXPECT_EQ(choice.answer, want.answer) << seed;
    EXPECT_DOUBLE_EQ(choice.probability, want.probability) << seed;
    std::vector<bool> allowed(answers.size());
    for (size_t a = 0; a < allowed.size(); ++a) allowed[a] = a % 3 != seed % 3;
    if (std::find(allowed.begin(), allowed.end(), true) == allowed.end()) continue;
    const LabelTrie::Choice held = trie.greedy(scores, allowed);
    const Walk least = walk(answers, trie, scores, allowed);
    EXPECT_TRUE(allowed[size_t(held.answer)]) << seed;
    EXPECT_EQ(held.answer, least.answer) << seed;
    EXPECT_DOUBLE_EQ(held.probability, least.probability) << seed;
  }
}

TEST(LabelTrie, GreedyIsNotTheMostProbableAnswer) {
  const LabelTrie trie(Rows{{5, 6, kEnd}, {5, 7, kEnd}, {8, kEnd}});
  std::vector<double> scores(trie.edges().size(), 0.0);
  const auto set = [&](int64_t answer, size_t step, double share) {
    scores[size_t(trie.path(answer)[step])] = std::log(share);
  };
  set(0, 0, 0.6);
  set(0, 1, 0.5);
  set(1, 1, 0.5);
  set(2, 0, 0.4);
  const LabelTrie::Choice choice = trie.greedy(scores);
  EXPECT_EQ(choice.answer, 0);
  EXPECT_DOUBLE_EQ(choice.probability, 0.6 * 0.5);
  const auto sums = trie.answer_scores(scores);
  EXPECT_GT(sums[2], sums[0]);
}

TEST(LabelTrie, TiesGoToTheFirstAnswer) {
  const Rows answers{{8, 9, kEnd}, {5, kEnd}, {8, 7, kEnd}, {6, kEnd}};
  const LabelTrie trie(answers);
  const std::vector<double> scores(trie.edges().size(), -1.0);
  const LabelTrie::Choice choice = trie.greedy(scores);
  EXPECT_EQ(choice.answer, 0);
  EXPECT_DOUBLE_EQ(choice.probability, 1.0 / 3 / 2);
}

TEST(LabelTrie, HopelessEdgesStillShareTheirProbability) {
  const LabelTrie trie(Rows{{5, kEnd}, {6, kEnd}});
  std::vector<double> scores(trie.edges().size(), 0.0);
  scores[size_t(trie.path(0)[0])] = -2000;  // exp() of it is no double
  scores[size_t(trie.path(1)[0])] = -2000 + std::log(3.0);
  const LabelTrie::Choice choice = trie.greedy(scores);
  EXPECT_EQ(choice.answer, 1);
  EXPECT_NEAR(choice.probability, 0.75, 2000 * 0x1p-52);
}

TEST(LabelTrie, RefusesWhatCannotBeToldApart) {
  const auto build = [](const Rows& answers) { return [answers] { LabelTrie trie(answers); }; };
  EXPECT_THAT(build({}), ThrowsMessage<Error>(HasSubstr("no label to choose from")));
  EXPECT_THAT(build({{5, kEnd}, {}}), ThrowsMessage<Error>(HasSubstr("no token")));
  for (const Rows& answers : {Rows{{5, kEnd}, {5, kEnd}}, Rows{{5, 6}, {5, 6, kEnd}},
                              Rows{{5, 6, kEnd}, {5, 6}}, Rows{{5}, {7}, {5, kEnd}}}) {
    EXPECT_THAT(build(answers), ThrowsMessage<Error>(HasSubstr("same answer text")));
  }
}

}  // namespace
}  // namespace relatum::testing
