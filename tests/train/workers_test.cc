// Several workers over one model at once: the bits of one after the other. The thread sanitizer
// runs this, too (with OMP_NUM_THREADS=1: it does not know libgomp's barriers).
#include "engine/worker.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/generate.h"
#include "engine/score_labels.h"
#include "kernels/cpu.h"
#include "support/training.h"

namespace relatum::testing {
namespace {

struct How {
  std::string name;
  engine::SessionOptions session;
};

// What a worker computes: scores and text, or the gradients of a step.
struct Work {
  std::vector<std::vector<double>> scores;
  Rows text;
  std::vector<float> gradients;
  bool operator==(const Work&) const = default;
};

class Workers : public ::testing::TestWithParam<How> {
 protected:
  Workers() {
    session_.prepare_training();
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      adapters_.push_back(std::make_unique<train::Adapter>(session_.model(), session_.compute(),
                                                           train::AdapterConfig{.rank = 4}, seed));
      const Rng rng(seed, 9);
      train::Adapter& adapter = *adapters_.back();
      for (size_t i = 0; i < adapter.values().size(); ++i) {
        adapter.values()[i] = float(0.2 * rng.normal(i));
      }
      adapter.sync();
    }
  }

  Work answer(const nn::LoraSet* adapter) const {
    const Rows prompts{random_tokens(30, 1), random_tokens(12, 2), random_tokens(30, 1)};
    const Rows answers{{40, 41, 2}, {40, 42, 43, 2}, {50, 2}};
    const engine::LabelTrie trie(answers);
    engine::Worker worker(session_, adapter);
    return {engine::score_edges(worker, prompts, trie, {64}, {}),
            engine::generate(worker, prompts, {8, 64}, {}),
            {}};
  }
  Work train(train::Adapter& adapter) const {
    const auto rows = random_rows(6, random_tokens(20, 3));
    engine::Worker worker(session_, &adapter.set());
    train::TrainOptions options;
    options.batch = {64, 64, true};
    train::Trainer trainer(worker, adapter, rows, options);
    int64_t tokens = 0;
    trainer.accumulate({0, 1, 2, 3, 4, 5}, 0, tokens);
    return {{}, {}, {adapter.grads().begin(), adapter.grads().end()}};
  }

  // All of `work`, each on a thread of its own.
  static std::vector<Work> at_once(const std::vector<std::function<Work()>>& work) {
    std::vector<Work> results(work.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < work.size(); ++i) {
      threads.emplace_back([&, i] { results[i] = work[i](); });
    }
    for (std::thread& thread : threads) thread.join();
    return results;
  }
  static void expect_same(const std::vector<std::function<Work()>>& work) {
    std::vector<Work> one_by_one;
    for (const auto& each : work) one_by_one.push_back(each());
    for (int round = 0; round < 3; ++round) {
      const auto together = at_once(work);
      for (size_t i = 0; i < work.size(); ++i) EXPECT_EQ(together[i], one_by_one[i]) << i;
    }
  }

  engine::Session session_{fixture("llama/tied"), GetParam().session};
  std::vector<std::unique_ptr<train::Adapter>> adapters_;
};

TEST_P(Workers, FourWithThreeAdaptersAnswerAtOnce) {
  std::vector<std::function<Work()>> work;
  for (const auto& adapter : adapters_) {
    work.push_back([&] { return answer(&adapter->set()); });
  }
  work.push_back([&] { return answer(nullptr); });
  expect_same(work);
  std::vector<Work> apart;
  for (const auto& each : work) apart.push_back(each());
  for (size_t i = 1; i < apart.size(); ++i) EXPECT_NE(apart[i].scores, apart[0].scores);
}

TEST_P(Workers, TwoTrainWhileTwoAnswer) {
  expect_same({[&] { return train(*adapters_[0]); }, [&] { return train(*adapters_[1]); },
               [&] { return answer(&adapters_[2]->set()); }, [&] { return answer(nullptr); }});
}

// A caller's team may be larger than what the library takes its scratch for.
TEST_P(Workers, FourInACallersOwnTeamAnswerAtOnce) {
  const Threads two(2);
  std::vector<Work> apart, together(4);
  const auto adapter = [&](int i) { return i < 3 ? &adapters_[size_t(i)]->set() : nullptr; };
  for (int i = 0; i < 4; ++i) apart.push_back(answer(adapter(i)));
#pragma omp parallel for num_threads(4) schedule(static, 1)
  for (int i = 0; i < 4; ++i) together[size_t(i)] = answer(adapter(i));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(together[i], apart[i]) << i;
}

std::vector<How> ways() {
  // bf16 where there is one: what a test is called must not depend on the CPU or on --isa.
  return {{"f32", plain_options()},
          {"nf4", {.compute = "f32", .base = "nf4"}},
          {"decoded_for_each_use", {.compute = "f32", .base = "nf4", .resident = false}},
          {"narrowest", {.compute = "auto", .base = "nf4"}}};
}

INSTANTIATE_TEST_SUITE_P(Ways, Workers, ::testing::ValuesIn(ways()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace relatum::testing
