// Each label has words of its own, whatever collides, and a run's words stay what they were.
#include "task/answer_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temporary.h"
#include "task/verbalise.h"

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(AnswerWords, OneCollisionLeavesTheOthersAlone) {
  EXPECT_THAT(answer_words(Labels({"works_for", "works-for", "founded_by", "---"}), role_words),
              ElementsAre("works_for", "works-for", "founded by", "---"));
}

TEST(AnswerWords, ANameThatIsAnotherLabelsWordsPushesThatOneToItsName) {
  // "a b" is what all three would answer, and the name of the third.
  EXPECT_THAT(answer_words(Labels({"a_b", "a-b", "a b", "c_d"}), role_words),
              ElementsAre("a_b", "a-b", "a b", "c d"));
}

TEST(AnswerWords, DoNotDependOnTheOrder) {
  const Labels one({"a_b", "A b", "c_d", "c d"}), other({"c d", "c_d", "A b", "a_b"});
  const auto left = answer_words(one, role_words), right = answer_words(other, role_words);
  for (int64_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(left[size_t(i)], right[size_t(*other.find(one.name(i)))]) << one.name(i);
  }
}

TEST(AnswerWords, ARunsWordsStay) {
  const AnswerWords kept = {{"works_for", "works for"}, {"founded", "founded"}};
  // A label that would ask for the run's words gets its own name.
  EXPECT_THAT(answer_words(Labels({"works-for", "works_for", "lives_in"}), role_words, kept),
              ElementsAre("works-for", "works for", "lives in"));
  EXPECT_THAT([&] { answer_words(Labels({"works for"}), role_words, kept); },
              ThrowsMessage<Error>(HasSubstr("label 'works for' cannot be asked for")));
}

TEST(AnswerWords, AreKeptInOrderAndReadBack) {
  const relatum::testing::TemporaryFolder folder;
  const AnswerWords words = {{"z", "last"}, {"a", "first"}};
  save_answers(folder / "answers.json", words);
  const AnswerWords read = load_answers(folder / "answers.json");
  EXPECT_THAT(read, ::testing::UnorderedElementsAreArray(words));
}

}  // namespace
}  // namespace relatum::task
