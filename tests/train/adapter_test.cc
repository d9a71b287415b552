// Adapters: what they are made of, where they sit, and what they refuse.
#include "train/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "kernels/cpu.h"
#include "support/training.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using train::AdapterConfig;

class LoraAdapter : public ::testing::Test {
 protected:
  std::unique_ptr<train::Adapter> make(const AdapterConfig& config, uint64_t seed = 1) {
    return std::make_unique<train::Adapter>(*model_, DType::kF32, config, seed);
  }
  static Matrix<float> logits(const arch::Model& model, DType compute,
                              const train::Adapter* adapter) {
    arch::ForwardOptions options;
    if (adapter) options.adapter = &adapter->set();
    return run(model, single(random_tokens(9, 1)), compute, false, options);
  }
  Matrix<float> logits(const train::Adapter* adapter = nullptr) const {
    return logits(*model_, DType::kF32, adapter);
  }
  // Gives lora_B numbers, without which an adapter does nothing.
  static void fill(train::Adapter& adapter) {
    const Rng rng(3, 3);
    for (size_t i = 0; i < adapter.values().size(); ++i) {
      adapter.values()[i] = float(0.2 * rng.normal(i));
    }
    adapter.sync();
  }

  std::unique_ptr<arch::Model> model_ = load(fixture("llama/tied"));
};

TEST_F(LoraAdapter, FreshOneChangesNoBit) {
  const Matrix<float> before = logits();
  const auto adapter = make({});
  EXPECT_TRUE(bit_equal(logits(adapter.get()), before));
}

TEST_F(LoraAdapter, FreshFactorsAreUniformAndZero) {
  const auto adapter = make({.rank = 8});
  ASSERT_EQ(adapter->modules().size(), 14u);
  for (const train::AdapterModule& module : adapter->modules()) {
    const auto a = adapter->a(module), b = adapter->b(module);
    const double bound = 1 / std::sqrt(double(module.in));
    double largest = 0, sum = 0;
    for (int64_t i = 0; i < a.size(); ++i) {
      largest = std::max(largest, std::abs(double(a.data[i])));
      sum += double(a.data[i]);
    }
    EXPECT_LE(largest, double(float(bound)));
    EXPECT_GT(largest, 0.9 * bound);  // of 256 draws or more, one misses this by (0.9)^256
    // The mean of n uniform draws: bound / sqrt(3 n) standard deviations, six of them.
    EXPECT_LT(std::abs(sum), 6 * bound * std::sqrt(double(a.size()) / 3));
    EXPECT_THAT(std::span(b.data, size_t(b.size())), Each(0.0f));
  }
}

TEST_F(LoraAdapter, SeedDecidesTheFactors) {
  const auto values = [&](uint64_t seed) {
    const auto adapter = make({}, seed);
    return std::vector<float>(adapter->values().begin(), adapter->values().end());
  };
  EXPECT_EQ(values(1), values(1));
  EXPECT_NE(values(1), values(2));
}

TEST_F(LoraAdapter, TargetsChooseModules) {
  const auto names = [&](std::vector<std::string> targets) {
    const auto adapter = make({.targets = std::move(targets)});
    std::vector<std::string> result;
    for (const auto& module : adapter->modules()) result.push_back(module.name);
    return result;
  };
  EXPECT_EQ(names({}).size(), 14u);
  EXPECT_EQ(names({"all-linear"}), names({}));
  EXPECT_EQ(names({"v_proj", "q_proj"}),
            (std::vector<std::string>{
                "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj",
                "model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj"}));
  EXPECT_EQ(names({"model.layers.1.mlp.down_proj"}),
            std::vector<std::string>{"model.layers.1.mlp.down_proj"});
  EXPECT_EQ(names({"mlp.up_proj"}).size(), 2u);
}

TEST_F(LoraAdapter, ModulesDoNotOverlap) {
  const auto adapter = make({.rank = 3, .targets = {"q_proj", "v_proj", "down_proj"}});
  std::vector<int> owners(adapter->values().size());
  for (const auto& module : adapter->modules()) {
    for (int64_t i = 0; i < module.rank * module.in; ++i) ++owners[size_t(module.a_offset + i)];
    for (int64_t i = 0; i < module.rank * module.out; ++i) ++owners[size_t(module.b_offset + i)];
  }
  EXPECT_THAT(owners, Each(1));
}

TEST_F(LoraAdapter, UnknownTargetsAreNamedWithTheKnownOnes) {
  for (const char* target : {"q_porj", "proj", "lm_head", ""}) {
    EXPECT_THAT(
        [&] {
      make({.targets = {"q_proj", target}});
        },
        ThrowsMessage<Error>(AllOf(HasSubstr("target '" + std::string(target) + "'"),
                                   HasSubstr("down_proj, gate_proj, k_proj"))));
  }
}

TEST_F(LoraAdapter, RefusesImpossibleNumbers) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const AdapterConfig& config :
       {AdapterConfig{.rank = 0}, AdapterConfig{.rank = -1}, AdapterConfig{.rank = 4097},
        AdapterConfig{.alpha = 1e300}, AdapterConfig{.alpha = kNaN}, AdapterConfig{.dropout = -0.1},
        AdapterConfig{.dropout = 1}, AdapterConfig{.dropout = kNaN}}) {
    EXPECT_THAT([&] { make(config); }, ThrowsMessage<Error>(HasSubstr("out of range")));
  }
}

TEST_F(LoraAdapter, RankStabilisedScaleDividesByTheRoot) {
  const auto with = [&](const AdapterConfig& config) {
    const auto adapter = make(config);
    fill(*adapter);
    return logits(adapter.get());
  };
  const Matrix<float> stabilised = with({.rank = 4, .alpha = 8, .rank_stabilised = true});
  EXPECT_TRUE(bit_equal(stabilised, with({.rank = 4, .alpha = 16})));
  EXPECT_FALSE(bit_equal(stabilised, with({.rank = 4, .alpha = 8})));
}

TEST_F(LoraAdapter, LinearsMayHaveRanksAndAlphasOfTheirOwn) {
  const std::string q = "model.layers.0.self_attn.q_proj", v = "model.layers.0.self_attn.v_proj";
  const auto with = [&](const AdapterConfig& config) {
    const auto adapter = make(config);
    fill(*adapter);
    return logits(adapter.get());
  };
  AdapterConfig config{.rank = 4, .alpha = 8, .targets = {q, v}};
  const Matrix<float> plain = with(config);
  config.own = {{q, {4, 8}}};
  EXPECT_TRUE(bit_equal(with(config), plain));
  config.own = {{q, {4, 16}}};
  EXPECT_FALSE(bit_equal(with(config), plain));
  config.own = {{q, {4, 16}}, {v, {4, 16}}};
  EXPECT_TRUE(bit_equal(with(config), with({.rank = 4, .alpha = 16, .targets = {q, v}})));
  config.own = {{q, {2, 8}}};
  const auto adapter = make(config);
  EXPECT_EQ(adapter->modules()[0].rank, 2);
  EXPECT_EQ(adapter->modules()[1].rank, 4);
  EXPECT_EQ(adapter->a(adapter->modules()[0]).rows, 2);
  config.own = {{q, {-1, 8}}};
  EXPECT_THAT([&] { make(config); }, ThrowsMessage<Error>(HasSubstr("rank -1 is out of range")));
}

TEST_F(LoraAdapter, TouchesNoPassThatIsNotGivenIt) {
  const Matrix<float> before = logits();
  const auto one = make({.rank = 4}), other = make({.rank = 4});
  fill(*one);
  EXPECT_FALSE(bit_equal(logits(one.get()), before));
  EXPECT_TRUE(bit_equal(logits(other.get()), before));
  EXPECT_TRUE(bit_equal(logits(), before));
}

TEST_F(LoraAdapter, OnlyTrainingTakesMemoryForGradients) {
  const auto adapter = make({.rank = 4});
  const auto groups = [&] {
    std::vector<const nn::LoraGroup*> all;
    for (const nn::Linear* linear : model_->linears()) all.push_back(adapter->set().of(*linear));
    return all;
  };
  EXPECT_EQ(adapter->grads().data(), nullptr);
  for (const nn::LoraGroup* group : groups()) {
    EXPECT_EQ(group->a_grad.data, nullptr);
    for (const auto& part : group->parts) EXPECT_EQ(part.b_grad.data, nullptr);
  }
  adapter->enable_training();
  EXPECT_THAT(adapter->grads(), Each(0.0f));
  for (const nn::LoraGroup* group : groups()) EXPECT_NE(group->a_grad.data, nullptr);
}

TEST_F(LoraAdapter, InferenceKeepsNoTape) {
  const auto adapter = make({.rank = 4});
  const nn::TokenBatch batch = single(random_tokens(60, 1));
  const auto peak = [&](bool recording) {
    Arena arena;
    nn::Graph graph(arena, DType::kF32, recording);
    arch::ForwardOptions options;
    options.adapter = &adapter->set();
    model_->forward(graph, batch, options);
    return arena.peak();
  };
  const size_t before = peak(true);
  adapter->enable_training();
  EXPECT_LT(peak(false), peak(true));
  EXPECT_GE(peak(true), before);
}

TEST_F(LoraAdapter, SyncBringsTheComputeCopiesUpToDate) {
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "no bf16 products here";
  const auto narrow = load(fixture("llama/tied"), {.compute = DType::kBF16});
  train::Adapter adapter(*narrow, DType::kBF16, {.rank = 4}, 1);
  const auto read = [&] { return logits(*narrow, DType::kBF16, &adapter); };
  const Matrix<float> before = read();
  fill(adapter);
  const Matrix<float> after = read();
  EXPECT_FALSE(bit_equal(after, before));
  const auto wide = make({.rank = 4});
  fill(*wide);
  EXPECT_LT(distance(after, logits(wide.get())), parity_bound(*model_, DType::kBF16));
}

}  // namespace
}  // namespace relatum::testing
