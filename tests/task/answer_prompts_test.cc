// Answers of the tiny model in the three ways, held to plain forward passes.
#include "task/answer_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/session.h"
#include "support/sessions.h"
#include "support/tolerance.h"
#include "task/support.h"

namespace relatum::task {
namespace {

using relatum::testing::fixture;
using relatum::testing::last_logits;
using relatum::testing::plain_options;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Pipeline : public ::testing::Test {
 protected:
  Pipeline()
      : session_(fixture("llama/tied"), plain_options()),
        renderer_(PromptStyle{"plain", "", Template::parse("{{text}}", "plain")},
                  Labels({"in", "on the", "other"})) {
    const std::vector<std::string> texts = {"the door of the house", "rain on the road",
                                            "a hand and a hat", "ice"};
    for (const std::string& text : texts) {
      prompts_.push_back({"row " + text, text, "", 0});
    }
  }

  std::vector<Prediction> answer(AnswerMode mode, AnswerOptions options = {}) {
    options.mode = mode;
    return answer_prompts(worker_, renderer_, prompts_, options, {});
  }
  // The log-probability of a label's tokens and the end token, one forward pass per token.
  double log_score(const std::string& prompt, int64_t label, double& slack) {
    auto tokens = engine::prompt_tokens(session_, prompt);
    double sum = 0;
    for (const int32_t token :
         engine::completion_tokens(session_.tokenizer(), " " + renderer_.labels().name(label))) {
      const auto logits = last_logits(session_, tokens);
      sum += logits.log_probability(token);
      slack += 2 * logits.slack;  // of the token's logit and of the logarithm of the sum
      tokens.push_back(token);
    }
    return sum;
  }

  engine::Session session_;
  engine::Worker worker_{session_};
  PromptRenderer renderer_;
  std::vector<Prompt> prompts_;
};

constexpr AnswerMode kModes[] = {AnswerMode::kScored, AnswerMode::kShares, AnswerMode::kConstrained,
                                 AnswerMode::kFree};

TEST(AnswerModes, AreReadByName) {
  EXPECT_EQ(parse_answer_mode("scored"), AnswerMode::kScored);
  EXPECT_EQ(parse_answer_mode("constrained"), AnswerMode::kConstrained);
  EXPECT_EQ(parse_answer_mode("free"), AnswerMode::kFree);
  EXPECT_EQ(parse_answer_mode("shares"), AnswerMode::kShares);
  EXPECT_THAT([] { parse_answer_mode("greedy"); },
              ThrowsMessage<Error>(HasSubstr("scored, shares, constrained or free")));
}

TEST_F(Pipeline, ScoresAreTheSoftmaxOfWholeLabels) {
  const auto predictions = answer(AnswerMode::kScored, {.keep_scores = true});
  ASSERT_EQ(predictions.size(), prompts_.size());
  for (size_t i = 0; i < prompts_.size(); ++i) {
    EXPECT_EQ(predictions[i].id, prompts_[i].id);
    ASSERT_EQ(predictions[i].scores.size(), 3u);
    double slack = 0, total = 0;
    std::vector<double> scores;
    for (int64_t label = 0; label < 3; ++label) {
      scores.push_back(log_score(prompts_[i].prompt, label, slack));
      total += std::exp(scores.back());
    }
    for (size_t label = 0; label < 3; ++label) {
      EXPECT_EQ(predictions[i].scores[label].first, renderer_.labels().name(int64_t(label)));
      EXPECT_NEAR(std::log(predictions[i].scores[label].second), scores[label] - std::log(total),
                  2 * slack);
    }
    const auto best = std::max_element(
        predictions[i].scores.begin(), predictions[i].scores.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
    EXPECT_EQ(predictions[i].label, best->first);
    EXPECT_EQ(predictions[i].probability, best->second);
    EXPECT_EQ(predictions[i].answer, best->first);
  }
}

TEST_F(Pipeline, LabelsThatAMaskForbidsHaveNoShareInAnyWay) {
  const auto all = answer(AnswerMode::kScored, {.keep_scores = true});
  std::vector<std::vector<bool>> allowed;
  for (size_t i = 0; i < prompts_.size(); ++i) {
    allowed.push_back(i == 0 ? std::vector<bool>{} : std::vector<bool>{true, true, true});
    const size_t best = size_t(renderer_.labels().index(*all[i].label, "test"));
    if (i > 0) allowed[i][best] = false;  // the first may have any
  }
  const AnswerStyle style{&renderer_, false};
  for (const AnswerMode mode : kModes) {
    AnswerOptions options{.mode = mode, .negligible = 0.01, .keep_scores = true};
    std::vector<Prediction> held;
    answer_batches(
        worker_, StyledPrompts{{&style, 1}, prompts_, {}, allowed}, options,
        [&](std::vector<Prediction>&& batch) {
      for (Prediction& each : batch) held.push_back(std::move(each));
        },
        {});
    ASSERT_EQ(held.size(), all.size());
    for (size_t i = 1; i < held.size(); ++i) EXPECT_NE(held[i].label, all[i].label);
    if (mode != AnswerMode::kScored) continue;
    EXPECT_EQ(held[0].label, all[0].label);
    for (size_t i = 1; i < held.size(); ++i) {
      double left = 0;
      for (size_t l = 0; l < 3; ++l) left += allowed[i][l] ? all[i].scores[l].second : 0.0;
      for (size_t l = 0; l < 3; ++l) {
        const double want = allowed[i][l] ? all[i].scores[l].second / left : 0.0;
        // Two sums of three terms and a quotient, in double at that.
        EXPECT_NEAR(held[i].scores[l].second, want, relatum::testing::rounding_bound(7));
      }
    }
  }
}

TEST_F(Pipeline, ScoresAreKeptOnRequestAlone) {
  for (const Prediction& prediction : answer(AnswerMode::kScored)) {
    EXPECT_TRUE(prediction.scores.empty());
    EXPECT_TRUE(prediction.probability);
  }
}

TEST_F(Pipeline, SmallBatchesAnswerTheSame) {
  for (const AnswerMode mode : kModes) {
    const auto whole = answer(mode), pieces = answer(mode, {.batch_tokens = 1});
    ASSERT_EQ(whole.size(), pieces.size());
    for (size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(whole[i].label, pieces[i].label);
      EXPECT_EQ(whole[i].answer, pieces[i].answer);
    }
  }
}

TEST_F(Pipeline, SharesOfAllLabelsMakeOne) {
  for (const Prediction& prediction : answer(AnswerMode::kShares, {.keep_scores = true})) {
    double total = 0, most = 0;
    for (const auto& [label, share] : prediction.scores) {
      total += share;
      most = std::max(most, share);
    }
    EXPECT_NEAR(total, 1, 1e-9);
    EXPECT_EQ(prediction.probability, most);
  }
}

TEST_F(Pipeline, ConstrainedAnswersAreLabels) {
  for (const Prediction& prediction : answer(AnswerMode::kConstrained)) {
    ASSERT_TRUE(prediction.label);
    EXPECT_TRUE(renderer_.labels().find(*prediction.label));
    EXPECT_GT(*prediction.probability, 0);
    EXPECT_LE(*prediction.probability, 1);
  }
}

TEST_F(Pipeline, FreeAnswersAreWhatTheModelWrites) {
  const auto predictions = answer(AnswerMode::kFree, {.max_new_tokens = 3});
  ASSERT_EQ(predictions.size(), prompts_.size());
  for (size_t i = 0; i < prompts_.size(); ++i) {
    EXPECT_FALSE(predictions[i].probability);
    auto tokens = engine::prompt_tokens(session_, prompts_[i].prompt);
    std::vector<int32_t> written;
    while (written.size() < 3) {
      const auto values = last_logits(session_, tokens).values;
      const auto next = int32_t(std::max_element(values.begin(), values.end()) - values.begin());
      if (next == session_.tokenizer().special().eos) break;
      written.push_back(next);
      tokens.push_back(next);
    }
    EXPECT_EQ(predictions[i].answer, session_.tokenizer().decode(written));
  }
}

TEST_F(Pipeline, StopsWhenAsked) {
  const std::atomic<bool> stop{true};
  Context context;
  context.stop = &stop;
  for (const AnswerMode mode : kModes) {
    AnswerOptions options;
    options.mode = mode;
    EXPECT_LT(answer_prompts(worker_, renderer_, prompts_, options, context).size(),
              prompts_.size());
  }
}

TEST_F(Pipeline, NamesThePromptThatDoesNotFit) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += " xyz";
  prompts_.push_back({"too long", text, "", 0});
  for (const AnswerMode mode : kModes) {
    EXPECT_THAT([&] { answer(mode); }, ThrowsMessage<Error>(HasSubstr("'too long'")));
  }
}

TEST_F(Pipeline, PromptsAreSentAsTheyAre) {
  EXPECT_EQ(prompt_row(session_, prompts_[1], false),
            session_.tokenizer().encode(prompts_[1].prompt));
  // Its configuration has no chat template to wrap a prompt in.
  EXPECT_THROW(prompt_row(session_, prompts_[1], true), Error);
}

}  // namespace
}  // namespace relatum::task
