// Holds the real Gemma 3 of 270 million parameters to transformers: logits, and the probabilities
// of answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/score_labels.h"
#include "engine/session.h"
#include "kernels/cpu.h"
#include "support/published_logits.h"
#include "support/shared.h"

namespace relatum::testing {
namespace {

class SlowGemma3 : public ::testing::Test {
 protected:
  static std::optional<std::filesystem::path> model_path() {
    return model_file("gemma3-270m/gemma-3-270m-q4_k_m.gguf");
  }
  engine::Session open(const std::string& compute) const {
    return engine::Session(*path_, {.compute = compute, .base = "keep"});
  }
  double distance_of(const engine::Session& session, int index) const {
    return distance_at(run(session.model(), single(expected_.tokens(index)), session.compute()),
                       expected_.wide(index));
  }

  static constexpr int kPrompts = PublishedLogits::kPrompts;
  std::optional<std::filesystem::path> path_ = model_path();
  PublishedLogits expected_{fixture("gemma3/gemma3_270m_expected.safetensors")};
};

TEST_F(SlowGemma3, LogitsInF32AreWithinOneInTenThousand) {
  RELATUM_NEEDS(path_);
  const engine::Session session = open("f32");
  for (int i = 0; i < kPrompts; ++i) {
    const double ours = distance_of(session, i);
    EXPECT_LT(ours, PublishedLogits::kInF32) << i;
    RecordProperty("distance_" + std::to_string(i), std::to_string(ours));
  }
}

TEST_F(SlowGemma3, LogitsInBf16AreNoFurtherThanTransformers) {
  RELATUM_NEEDS(path_);
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "this CPU has no bf16 products";
  const engine::Session session = open("bf16");
  for (int i = 0; i < kPrompts; ++i) {
    EXPECT_LT(distance_of(session, i), PublishedLogits::kInBf16 * expected_.theirs_in_bf16(i)) << i;
  }
}

TEST_F(SlowGemma3, AnswersHaveTransformersProbabilities) {
  RELATUM_NEEDS(path_);
  const engine::Session session = open("f32");
  std::vector<std::vector<int32_t>> answers;
  const io::Safetensors& file = expected_.file();
  for (int i = 0; file.find("answers." + std::to_string(i)); ++i) {
    answers.push_back(read_ints(file, "answers." + std::to_string(i)));
  }
  const auto stored = file.tensor("answers.log_probabilities").bytes;
  std::vector<double> want(answers.size());
  ASSERT_EQ(stored.size(), want.size() * sizeof(double));
  std::memcpy(want.data(), stored.data(), stored.size());
  const engine::LabelTrie trie(answers);
  const std::vector<std::vector<int32_t>> prompts{expected_.tokens(kPrompts - 1)};
  engine::Worker worker(session);
  const auto scores = engine::score_edges(worker, prompts, trie, {}, {});
  const auto got = engine::softmax(trie.answer_scores(scores.at(0)));
  const auto reference = engine::softmax(want);
  constexpr double kAcceptance = 1e-3;
  for (size_t i = 0; i < answers.size(); ++i) EXPECT_NEAR(got[i], reference[i], kAcceptance) << i;
}

TEST_F(SlowGemma3, ItsTokenizerReadsWhatLlamaCppReads) {
  RELATUM_NEEDS(path_);
  const auto tokenizer = text::load_tokenizer(*path_);
  const auto ids = tokenizer->encode_with_special(
      "The old <e1>mill</e1> stands beside the <e2>river</e2> and has no roof left today.");
  const std::vector<int32_t> first = expected_.tokens(0);
  ASSERT_GT(ids.size(), first.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), ids.begin()));
}

}  // namespace
}  // namespace relatum::testing
