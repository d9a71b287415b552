// Free answers to labels, by the rules of answer.h; the cases are data.
#include "task/answer.h"

#include <gtest/gtest.h>

#include "support.h"
#include "task/semeval_scorer.h"

namespace relatum::task {
namespace {

TEST(Answer, FollowsTheCases) {
  std::vector<std::string> names = semeval_labels();
  for (const char* more :
       {"per:city_of_birth", "per:date_of_birth", "org:founded", "org:founded_by", "no_relation"}) {
    names.emplace_back(more);
  }
  const Labels labels(names);
  const AnswerParser parser(labels, names);
  for (const auto& row : testing::cases("answers.tsv")) {
    const auto label = parser.parse(testing::unescape(row.at(0)));
    EXPECT_EQ(label ? labels.name(*label) : "-", row.at(1)) << "answer: " << row[0];
  }
}

TEST(Answer, KnowsAStylesOwnWordsAndTheLabelsNames) {
  const Labels labels({"per:title", "org:parents"});
  const std::vector<std::string> answers = {"has the title", "is owned by"};
  const AnswerParser parser(labels, answers);
  EXPECT_EQ(parser.parse("Has the title."), 0);
  EXPECT_EQ(parser.parse("per:title"), 0);
  EXPECT_EQ(parser.parse("The head is owned by the tail"), 1);
}

TEST(Answer, TextsThatFoldAlikeCountForNeither) {
  const Labels labels({"part-of", "part of", "other"});
  const AnswerParser parser(labels, labels.names());
  EXPECT_EQ(parser.parse("part-of"), 0);
  EXPECT_EQ(parser.parse("part of"), 1);
  EXPECT_EQ(parser.parse("Part Of"), std::nullopt);
  EXPECT_EQ(parser.parse("it is a part of it"), std::nullopt);
}

TEST(Answer, AnyBytesAreAnAnswer) {
  const Labels labels({"a_b"});
  const AnswerParser parser(labels, labels.names());
  EXPECT_EQ(parser.parse(std::string("\xff\xfe\0\x80", 4)), std::nullopt);
  EXPECT_EQ(parser.parse(std::string(1 << 20, '(')), std::nullopt);
  EXPECT_EQ(parser.parse("\"\"\"***"), std::nullopt);
}

}  // namespace
}  // namespace relatum::task
