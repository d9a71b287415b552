// Prompts of pairs read back: their types, their text, and the words that their entities touch.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "task/classifier_rows.h"

namespace relatum::testing {
namespace {

using task::ReadPair;
using Bytes = std::pair<size_t, size_t>;

class ReadPairs : public ::testing::Test {
 protected:
  ReadPair read(const std::string& text, task::Span head, task::Span tail) const {
    task::Example example;
    example.id = "1";
    example.text = text;
    example.head = std::move(head);
    example.tail = std::move(tail);
    const task::PromptRenderer renderer(task::pair_style({"a", "b"}, reading_),
                                        task::Labels({"a", "b"}));
    return task::read_pair(*reading_, renderer.render(example));
  }
  const std::shared_ptr<task::PairReading> reading_ = std::make_shared<task::PairReading>(
      task::PairReading{{"PER", "LOC", "two\nlines", "<e1>"}, {}});
};

TEST_F(ReadPairs, TypesAreNumbersAndZeroIsNone) {
  const std::string text = "cat in river";
  const auto types = [&](const std::string& head, const std::string& tail) {
    const ReadPair pair = read(text, {0, 3, head}, {7, 12, tail});
    EXPECT_EQ(pair.text, text) << head << " " << tail;
    EXPECT_EQ(pair.head, Bytes(0, 3)) << head << " " << tail;
    EXPECT_EQ(pair.tail, Bytes(7, 12)) << head << " " << tail;
    return std::pair(pair.head_type, pair.tail_type);
  };
  EXPECT_EQ(types("PER", "LOC"), std::pair(1, 2));
  EXPECT_EQ(types("", ""), std::pair(0, 0));
  EXPECT_EQ(types("LOC", ""), std::pair(2, 0));
  EXPECT_EQ(types("", "PER"), std::pair(0, 1));
  EXPECT_EQ(types("ORG", "PER "), std::pair(0, 0));
  EXPECT_EQ(types("<e1>", "<e2>"), std::pair(4, 0));
  EXPECT_EQ(types("two\nlines", "\n"), std::pair(3, 0));
}

TEST_F(ReadPairs, EntitiesLieWhereTheyLayInTheText) {
  const std::string text = "cat in river!?";
  const Bytes places[][2] = {{{0, 3}, {7, 12}}, {{7, 12}, {0, 3}},  {{0, 14}, {4, 6}},
                             {{4, 6}, {0, 14}}, {{0, 6}, {4, 12}},  {{4, 12}, {0, 6}},
                             {{0, 3}, {0, 3}},  {{12, 14}, {0, 3}}, {{0, 3}, {3, 14}}};
  for (const auto& [head, tail] : places) {
    const ReadPair pair = read(text, {int64_t(head.first), int64_t(head.second), "PER"},
                               {int64_t(tail.first), int64_t(tail.second), ""});
    EXPECT_EQ(pair.text, text);
    EXPECT_EQ(pair.head, head);
    EXPECT_EQ(pair.tail, tail);
    EXPECT_EQ(pair.head_type, 1);
  }
}

TEST_F(ReadPairs, MarksAndLinesOfTheTextAreText) {
  const std::string text = "\n<e1>cat</e1>\nin <e2>";
  const ReadPair pair = read(text, {5, 8, ""}, {17, 21, "LOC"});
  EXPECT_EQ(pair.text, text);
  EXPECT_EQ(pair.head, Bytes(5, 8));
  EXPECT_EQ(pair.tail, Bytes(17, 21));
  EXPECT_EQ(pair.tail_type, 2);
}

// "cat", "in", "river", with blanks between and two signs behind that are no words.
TEST(PairPlaces, AreTheWordsThatAnEntityTouches) {
  const task::ReadWords words{{}, {{0, 3}, {4, 6}, {7, 12}}};
  const auto place = [&](size_t begin, size_t end) {
    ReadPair pair;
    pair.head = {begin, end};
    pair.tail = {0, 3};
    const nn::SpanPlace span = pair.place(words).head;
    return std::pair(span.first, span.last);
  };
  EXPECT_EQ(place(0, 3), std::pair(0, 0));
  EXPECT_EQ(place(1, 2), std::pair(0, 0)) << "inside a word";
  EXPECT_EQ(place(2, 8), std::pair(0, 2)) << "from inside one to inside another";
  EXPECT_EQ(place(3, 4), std::pair(0, 0)) << "a blank is of the word before it";
  EXPECT_EQ(place(3, 6), std::pair(1, 1)) << "with the blank before it";
  EXPECT_EQ(place(12, 14), std::pair(2, 2)) << "signs behind the last word";
  EXPECT_EQ(place(0, 14), std::pair(0, 2));
  task::ReadWords late{{}, {{2, 5}, {6, 8}}};
  ReadPair before;
  before.head = {0, 2};
  before.tail = {6, 8};
  before.head_type = 3;
  EXPECT_EQ(before.place(late).head.first, 0) << "signs before the first word";
  EXPECT_EQ(before.place(late).head.last, 0);
  EXPECT_EQ(before.place(late).tail.first, 1);
  EXPECT_EQ(before.place(late).head_type, 3);
}

}  // namespace
}  // namespace relatum::testing
