// The walk down a ranking, and words in common.
#include "task/choose_diverse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Candidates are alike that have the same last digit.
class ByLastDigit : public LikeTaken {
 public:
  bool is_like_taken(size_t candidate) override { return taken_[candidate % 10]; }
  void take(size_t candidate) override { taken_[candidate % 10] = true; }

 private:
  bool taken_[10] = {};
};

TEST(ChooseDiverse, PassesOverWhatIsLikeATakenOneWhileOthersAreLeft) {
  const std::vector<size_t> ranked = {5, 15, 7, 25, 17, 8, 9};
  ByLastDigit like;
  const DiverseChoice choice = choose_diverse(ranked, 3, like);
  EXPECT_THAT(choice.chosen, ElementsAre(5, 7, 8));
  EXPECT_EQ(choice.passed_over, 3);
  EXPECT_EQ(choice.filled, 0);
}

TEST(ChooseDiverse, FillsUpInTheOrderOfTheRanking) {
  const std::vector<size_t> ranked = {5, 15, 7, 25, 17};
  ByLastDigit four;
  const DiverseChoice choice = choose_diverse(ranked, 4, four);
  EXPECT_THAT(choice.chosen, ElementsAre(5, 7, 15, 25));
  EXPECT_EQ(choice.passed_over, 1);
  EXPECT_EQ(choice.filled, 2);
  ByLastDigit many;
  EXPECT_THAT(choose_diverse(ranked, 99, many).chosen, ElementsAre(5, 7, 15, 25, 17));
  ByLastDigit none;
  EXPECT_THAT(choose_diverse({}, 3, none).chosen, IsEmpty());
}

TEST(WordsTaken, CountsDistinctWordsInCommon) {
  WordsTaken taken;
  EXPECT_EQ(taken.similarity("Rain made the road wet."), 0);
  taken.take("Rain made the road wet.");
  EXPECT_EQ(taken.similarity("RAIN made, the road: wet"), 1);
  EXPECT_EQ(taken.similarity("the road"), 2.0 / 5);
  EXPECT_EQ(taken.similarity("the the the"), 1.0 / 5);
  EXPECT_EQ(taken.similarity("the road is dry"), 2.0 / 7);
  EXPECT_EQ(taken.similarity("?!"), 0);
  taken.take("is the road dry");
  EXPECT_EQ(taken.similarity("the road is dry"), 1) << "the nearest one counts";
}

TEST(WordsTaken, ReadsOtherScripts) {
  WordsTaken taken;
  taken.take("שלום לעולם 🍯");
  EXPECT_EQ(taken.similarity("לעולם, שלום!"), 1);
}

}  // namespace
}  // namespace relatum::task
