// States at some tokens of many rows are those of each row's own pass.
#include "engine/read_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "nn/batch.h"
#include "nn/graph.h"
#include "support/sessions.h"

namespace relatum::testing {
namespace {

class ReadStates : public ::testing::TestWithParam<const char*> {
 protected:
  // All states of one row by itself.
  static Matrix<float> all_states(engine::Worker& worker, const std::vector<int32_t>& tokens) {
    nn::TokenBatch batch(worker.model().info().causal);
    batch.append(batch.root(), tokens);
    batch.finish();
    nn::Graph graph = worker.graph();
    const auto states = graph.value(worker.model().forward(graph, batch, {})).as<float>();
    Matrix<float> copy(states.rows, states.cols);
    for (int64_t i = 0; i < states.rows; ++i) {
      std::copy_n(states.row(i), states.cols, copy.row(i));
    }
    return copy;
  }
};

TEST_P(ReadStates, AreThoseOfEachRowAlone) {
  const engine::Session session(fixture(GetParam()), plain_options());
  engine::Worker worker(session);
  std::vector<engine::StateRow> rows;
  for (int64_t i = 0; i < 7; ++i) {
    const int64_t length = 3 + i * 2 % 5;
    rows.push_back({random_tokens(length, uint64_t(i)), {length - 1, 1}});
    for (int32_t& token : rows.back().tokens) token %= 100;  // what both vocabularies have
  }
  const int64_t width = session.model().info().width;
  for (const int64_t batch_tokens : {1, 11, 4096}) {
    const Matrix<float> states = engine::read_states(worker, rows, batch_tokens, {});
    ASSERT_EQ(states.rows(), 7);
    ASSERT_EQ(states.cols(), 2 * width);
    for (int64_t i = 0; i < states.rows(); ++i) {
      const engine::StateRow& row = rows[size_t(i)];
      const Matrix<float> own = all_states(worker, row.tokens);
      for (int64_t k = 0; k < 2 * width; ++k) {
        const float want = own.row(row.read[size_t(k / width)])[k % width];
        ASSERT_NEAR(states.row(i)[k], want, 1e-4 * (1 + std::abs(want))) << i << " " << k;
      }
    }
  }
}

TEST_P(ReadStates, StopWhereTheContextDoes) {
  const engine::Session session(fixture(GetParam()), plain_options());
  engine::Worker worker(session);
  const std::vector<engine::StateRow> rows(5, {{5, 6, 7, 8}, {3}});
  std::atomic<bool> stop = false;
  Context context;
  context.stop = &stop;
  context.progress = [&](const Progress& at) { stop = at.done >= 2; };
  EXPECT_EQ(engine::read_states(worker, rows, 1, context).rows(), 2);
  EXPECT_EQ(engine::read_states(worker, {}, 1, {}).rows(), 0);
}

INSTANTIATE_TEST_SUITE_P(Networks, ReadStates, ::testing::Values("llama/tied", "bert"));

}  // namespace
}  // namespace relatum::testing
