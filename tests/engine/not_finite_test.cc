// Values that are no numbers end every way of answering, with the layer where they begin.
#include "engine/not_finite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "base/error.h"
#include "engine/generate.h"
#include "engine/score_labels.h"
#include "support/damaged.h"
#include "support/sessions.h"
#include "support/temporary.h"
#include "train/adapter.h"

namespace relatum::testing {
namespace {

using engine::EdgeScores;
using engine::LabelTrie;
using engine::Session;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

const Rows kAnswers{{40, 41, 2}, {40, 42, 43, 2}, {50, 2}};
const float kNan = std::numeric_limits<float>::quiet_NaN();

class Finite : public ::testing::Test {
 protected:
  Session session(const std::string& tensor, float value, size_t place = 1) {
    return Session(damaged(fixture("llama/tied"), folder_ / "model", tensor, value, place),
                   plain_options());
  }
  // Whatever way of answering is taken.
  static void expect_refused(const Session& session, const Rows& prompts,
                             const std::vector<std::string>& parts) {
    engine::Worker worker(session);
    const LabelTrie trie(kAnswers);
    std::vector<std::function<void()>> ways = {
        [&] { engine::generate(worker, prompts, {.max_new_tokens = 3}, {}); }};
    for (const EdgeScores edges : {EdgeScores::kExact, EdgeScores::kShares, EdgeScores::kGreedy}) {
      for (const double negligible : {0.0, 1e-3}) {
        ways.push_back([&, edges, negligible] {
          engine::score_edges(worker, prompts, trie, {64, negligible, edges}, {});
        });
      }
    }
    for (const auto& way : ways) {
      for (const std::string& part : parts) {
        EXPECT_THAT(way, ThrowsMessage<Error>(HasSubstr(part)));
      }
    }
  }
  static std::optional<std::string> first_not_finite(const Session& session,
                                                     const std::vector<int32_t>& row) {
    engine::Worker worker(session);
    return engine::first_not_finite(worker, row);
  }
  static Rows prompts() { return {random_tokens(9, 1), random_tokens(5, 2)}; }
  TemporaryFolder folder_;
};

TEST_F(Finite, TheLayerAndItsTensorAreNamed) {
  for (const float value : {kNan, std::numeric_limits<float>::infinity()}) {
    Session model = session("model.layers.1.mlp.up_proj.weight", value);
    expect_refused(model, prompts(), {"layer 2 of 2", "'model.layers.1.mlp.up_proj.weight'"});
  }
  Session model = session("model.layers.0.self_attn.k_proj.weight", kNan);
  expect_refused(model, prompts(), {"layer 1 of 2", "'model.layers.0.self_attn.k_proj.weight'"});
}

TEST_F(Finite, NumbersThatGrewTooLargeAreNotCalledDamaged) {
  // A row of the next product's weights adds 3e38 times whatever the first norm lets through.
  Session model = session("model.layers.1.mlp.up_proj.weight", 3e38f);
  EXPECT_THAT(first_not_finite(model, prompts()[0]).value_or("none"),
              AllOf(HasSubstr("layer 2 of 2"), HasSubstr("too large")));
}

// Pairs of 1e25 are numbers, and what they add is none.
TEST_F(Finite, AnAdaptersPartInItIsTold) {
  const Session sound(fixture("llama/tied"), plain_options());
  train::Adapter adapter(sound.model(), DType::kF32, {.rank = 2, .alpha = 4}, 1);
  for (const train::AdapterModule& module : adapter.modules()) {
    for (const MatView<float> half : {adapter.a(module), adapter.b(module)}) {
      std::fill_n(half.data, half.size(), 1e25f);
    }
  }
  adapter.sync();
  engine::Worker worker(sound, adapter.adapter());
  EXPECT_THAT(engine::first_not_finite(worker, prompts()[0]).value_or("none"),
              AllOf(HasSubstr("layer 1 of 2"), HasSubstr("without the adapter they do not")));
  // A base that has them itself is not called sound for an adapter's sake.
  const Session bad = session("model.layers.1.mlp.up_proj.weight", 3e38f);
  const train::Adapter idle(bad.model(), DType::kF32, {.rank = 2, .alpha = 4}, 1);
  engine::Worker other(bad, idle.adapter());
  EXPECT_THAT(engine::first_not_finite(other, prompts()[0]).value_or("none"),
              AllOf(HasSubstr("too large"), Not(HasSubstr("without the adapter"))));
}

TEST_F(Finite, AnAdaptersOwnEmbeddingIsNamed) {
  const Session sound(fixture("llama/tied"), plain_options());
  train::Adapter adapter(sound.model(), DType::kF32,
                         {.rank = 2, .alpha = 4, .saved = {"model.embed_tokens"}}, 1);
  adapter.values_of_saved(adapter.saved()[0]).row(prompts()[0][0])[1] = kNan;
  adapter.sync();
  engine::Worker worker(sound, adapter.adapter());
  EXPECT_THAT(engine::first_not_finite(worker, prompts()[0]).value_or("none"),
              AllOf(HasSubstr("embedding"), HasSubstr("the adapter's own one")));
}

TEST_F(Finite, TheEmbeddingIsNamed) {
  // Row 77 of the embedding is the head's, too: every logit row has one that is no number.
  Session model = session("model.embed_tokens.weight", kNan, 77 * 32);
  expect_refused(model, {{5, 77, 9}, {5, 78}}, {"not finite"});
  EXPECT_THAT(*first_not_finite(model, std::vector<int32_t>{5, 77, 9}), HasSubstr("embedding"));
  EXPECT_THAT(*first_not_finite(model, std::vector<int32_t>{5, 9}),
              AllOf(HasSubstr("output head"), HasSubstr("'model.embed_tokens.weight'")));
}

TEST_F(Finite, SoundModelsHaveNone) {
  Session sound(fixture("llama/tied"), plain_options());
  EXPECT_EQ(first_not_finite(sound, prompts()[0]), std::nullopt);
  Session encoder(fixture("bert"), plain_options());
  EXPECT_EQ(first_not_finite(encoder, std::vector<int32_t>{2, 9, 3}), std::nullopt);
}

TEST_F(Finite, AnEncodersLayerIsNamed) {
  Session encoder(damaged(fixture("bert"), folder_ / "model",
                          "encoder.layer.1.intermediate.dense.weight", kNan),
                  plain_options());
  EXPECT_THAT(first_not_finite(encoder, std::vector<int32_t>{2, 9, 3}).value_or("none"),
              AllOf(HasSubstr("layer 2 of 2"), HasSubstr("intermediate.dense.weight")));
}

}  // namespace
}  // namespace relatum::testing
