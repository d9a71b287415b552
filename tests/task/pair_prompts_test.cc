// Pairs' prompts that follow one another and are of one text are answered from one reading of it.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "support/sessions.h"
#include "task/classifier_rows.h"
#include "task/classify_prompts.h"
#include "train/pair_numbers.h"

namespace relatum::testing {
namespace {

class PairPrompts : public ::testing::Test {
 protected:
  PairPrompts() {
    form.labels = 2;
    form.types = 1;
    form.hidden = 6;
    form.width = session.model().info().width;
    form.shares = {0.5, 0.5};
    numbers.resize(size_t(form.size()));
    train::begin_pair_numbers(numbers, form, Rng(1, 2));
    head = train::pair_head_of(numbers, form, session.compute());
    set.pairs = &head;
    // "cat in river": three words.
    reading->read = [this](const engine::Session& own, std::string_view text) {
      ++readings;
      const auto tokens = own.tokenizer().encode_with_special(std::string(text));
      return task::ReadWords{{tokens, {1, 2, 3}}, {{0, 3}, {4, 6}, {7, 12}}};
    };
  }
  task::Prompt prompt(const std::string& text, bool turned) const {
    task::Example example;
    example.id = "1";
    example.text = text;
    example.head = turned ? task::Span{7, 12, ""} : task::Span{0, 3, ""};
    example.tail = turned ? task::Span{0, 3, ""} : task::Span{7, 12, ""};
    return renderer.render(example);
  }
  std::vector<std::vector<double>> scores(const std::vector<task::Prompt>& prompts,
                                          size_t first = 0) {
    engine::Worker worker(session, &set);
    task::AnswerOptions options;
    options.first = first;
    readings = 0;
    return task::class_scores(worker, renderer, prompts, options, {});
  }
  const engine::Session session{fixture("bert"), plain_options()};
  std::shared_ptr<task::PairReading> reading = std::make_shared<task::PairReading>();
  const task::PromptRenderer renderer{task::pair_style({"a", "b"}, reading),
                                      task::Labels({"a", "b"})};
  train::PairForm form;
  std::vector<float> numbers;
  nn::PairHead head;
  nn::LoraSet set;
  int64_t readings = 0;
};

TEST_F(PairPrompts, ShareTheTextThatTheyFollowOneAnotherIn) {
  const std::string one = "cat in river", other = "sat in river";
  const std::vector<task::Prompt> prompts{prompt(one, false), prompt(one, true),
                                          prompt(other, false), prompt(one, false)};
  const auto all = scores(prompts);
  EXPECT_EQ(readings, 3);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_NEAR(all[0][0], all[3][0], std::abs(all[0][0]) * parity_bound(session.model()));
  EXPECT_NE(all[0], all[1]);
  for (size_t first = 0; first <= prompts.size(); ++first) {
    const auto rest = scores(prompts, first);
    ASSERT_EQ(rest.size(), prompts.size() - first);
    for (size_t i = 0; i < rest.size(); ++i) {
      EXPECT_NEAR(rest[i][0], all[first + i][0],
                  std::abs(all[first + i][0]) * parity_bound(session.model()));
    }
  }
}

TEST_F(PairPrompts, ManyOfOneTextAreAllAnswered) {
  const std::vector<task::Prompt> two{prompt("cat in river", false), prompt("cat in river", true)};
  const auto want = scores(two);
  std::vector<task::Prompt> prompts;
  for (size_t i = 0; i < 5000; ++i) prompts.push_back(two[i % 2]);
  const auto all = scores(prompts);
  EXPECT_EQ(readings, 1);
  ASSERT_EQ(all.size(), prompts.size());
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_NEAR(all[i][0], want[i % 2][0],
                std::abs(want[i % 2][0]) * parity_bound(session.model()));
  }
}

}  // namespace
}  // namespace relatum::testing
