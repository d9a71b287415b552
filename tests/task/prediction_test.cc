// Predictions files, written and read.
#include "task/prediction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace relatum::task {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;
using testing::slurp;

Prediction answer(int id, std::optional<std::string> label, std::optional<double> p = {}) {
  Prediction prediction;
  prediction.id = std::to_string(id);
  prediction.label = std::move(label);
  prediction.probability = p;
  return prediction;
}

TEST(Predictions, GoBothWays) {
  const Scratch scratch;
  Prediction full = answer(7, "a", 0.25);
  full.answer = "a \"é\"\n";
  full.neighbours = {{"12", 0.5}};
  full.scores = {{"b", 0.75}, {"a", 0.25}};
  scratch.file("p.jsonl", to_json(full) + "\n" + to_json(answer(8, {})) + "\n");
  EXPECT_EQ(slurp(scratch.path("p.jsonl")),
            "{\"id\":\"7\",\"label\":\"a\",\"probability\":0.25,\"answer\":\"a \\\"é\\\"\\n\","
            "\"neighbours\":[{\"id\":\"12\",\"similarity\":0.5}],"
            "\"scores\":{\"b\":0.75,\"a\":0.25}}\n"
            "{\"id\":\"8\",\"label\":null,\"probability\":null,\"answer\":\"\","
            "\"neighbours\":[]}\n");
  const auto read = read_predictions(scratch.path("p.jsonl"));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].label, "a");
  EXPECT_EQ(read[0].probability, 0.25);
  EXPECT_EQ(read[0].neighbours[0].id, "12");
  EXPECT_EQ(read[0].scores.size(), 2u);
  EXPECT_EQ(read[1].label, std::nullopt);
  EXPECT_EQ(read[1].line, 2);
}

TEST(Predictions, ReadTabLines) {
  const Scratch scratch;
  const auto read = read_predictions(
      scratch.file("p.txt", "1\tCause-Effect(e1,e2)\r\n\n2\t\n3\tOther"));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].label, "Cause-Effect(e1,e2)");
  EXPECT_EQ(read[1].label, std::nullopt);
  EXPECT_EQ(read[2].line, 4);
}

TEST(Predictions, BadFilesAreNamed) {
  const Scratch scratch;
  for (const auto& [text, place] : std::vector<std::pair<std::string, std::string>>{
           {"", "p.txt"},
           {"1 Other\n", "p.txt:1"},
           {"1\ta\tb\n", "p.txt:1"},
           {"{\"id\":\"1\",\"label\":\"a\"}\n{\"id\":[1],\"label\":\"a\"}\n", "p.txt:2"},
           {"{\"id\":\"1\",\"labels\":\"a\"}\n", "p.txt:1"},
           {"id,label\n1,a\n2,a,b\n", "p.txt:3"},
           {"id,label,probability\n1,a,0.5\n2,a,high\n", "p.txt:3"},
           {"id,label,probability\n1,a,nan\n", "p.txt:2"},
           {"id,label\n,a\n", "p.txt:2"},
           {"id,label\n1,\"a\n", "p.txt:2"},
           {"id,label\n1,\xe9t\xe9\n", "p.txt has the byte 0xE9 on line 2"},
           {"\xff\xfei", "p.txt starts with the byte-order mark of UTF-16"},
           {"id,label,\"x\n1,a,2\n", "p.txt:1: a quoted field is never closed"},
           {"id,label,ID\n1,a,2\n", "column 'id' stands twice"},
           {"[{\"id\":\"1\",\"label\":\"a\"},\n{\"id\":[1]}]", "p.txt:2"},
           {"[{\"id\":\"1\",\"label\":\"a\"},\n", "p.txt:2: "},
           {"head\trelation\ttail\tprobability\tid\nAda\tr\tUlm\t0.5\t1\n", "these are triples"},
           {"id,label\n", "p.txt"},
           {"{\"id\":\"1\"}\n", "p.txt:1"},
           {"{\"id\":\"1\",\"label\":\"a\",\"probability\":\"x\"}\n", "p.txt:1"},
           {"{\"id\":\"1\",\"label\":\"a\",\"neighbours\":[1]}\n", "p.txt:1"},
           {"{" + std::string(100000, '[') + "\n", "p.txt:1"}}) {
    const std::string path = scratch.file("p.txt", text);
    EXPECT_THAT(error_of([&] { read_predictions(path); }), HasSubstr(place)) << text.substr(0, 99);
  }
}

TEST(Predictions, ReadTables) {
  const Scratch scratch;
  const std::vector<std::string> same = {
      "id,label,probability,answer,more\n7,\"a,b\",0.25,\"he said \"\"a\"\"\",x\n8,,,,\n",
      "label,id,answer,probability\r\n\"a,b\",7,\"he said \"\"a\"\"\",0.25\r\n\r\n,8,,\r\n",
      "\xEF\xBB\xBFid;label;probability;answer\n7;a,b;0,25;\"he said \"\"a\"\"\"\n8;;;",
      "id\tlabel\tprobability\tanswer\n7\ta,b\t0.25\the said \"a\"\n8\t\t\t\n",
      "ID\tLabel\tProbability \tAnswer\n7\ta,b\t0,25\the said \"a\"\n8\t\t \t\n\t\t\t\n",
      "id,label,probability,answer\n7,\"a,b\",\"0,25\",\"he said \"\"a\"\"\"\n8,,,\n"};
  for (const std::string& text : same) {
    const auto read = read_predictions(scratch.file("p.txt", text));
    ASSERT_EQ(read.size(), 2u) << text;
    EXPECT_EQ(read[0].id, "7");
    EXPECT_EQ(read[0].label, "a,b");
    EXPECT_EQ(read[0].probability, 0.25);
    EXPECT_EQ(read[0].answer, "he said \"a\"");
    EXPECT_EQ(read[0].line, 2);
    EXPECT_EQ(read[1].id, "8");
    EXPECT_EQ(read[1].label, std::nullopt);
    EXPECT_EQ(read[1].probability, std::nullopt);
  }
  const auto plain = read_predictions(scratch.file("p.txt", "id\tlabel\n7\ta b\n"));
  ASSERT_EQ(plain.size(), 1u);
  EXPECT_EQ(plain[0].label, "a b");
}

TEST(Predictions, MayBeNoneWhereThatIsAllowed) {
  const Scratch scratch;
  for (const char* text : {"", "\n", "id,label\n", "[]", "\xEF\xBB\xBF"}) {
    const std::string path = scratch.file("p.txt", text);
    EXPECT_TRUE(read_predictions(path, true).empty()) << text;
    EXPECT_THAT(error_of([&] { read_predictions(path); }),
                HasSubstr("p.txt holds no predictions: either all answers were left out"))
        << text;
  }
}

TEST(Predictions, ReadSeveralAnswersAndNumericIds) {
  const Scratch scratch;
  const auto read = read_predictions(
      scratch.file("p.jsonl",
                   "{\"id\":7,\"label\":\"a\",\"labels\":[\"a\",\"b\"]}\n"
                   "{\"id\":8.0,\"labels\":[]}\n{\"id\":\"9\",\"label\":\"\"}\n"));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].id, "7");
  EXPECT_EQ(read[0].labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read[1].id, "8");
  EXPECT_EQ(read[1].label, std::nullopt);
  EXPECT_EQ(read[1].labels, std::vector<std::string>());
  EXPECT_EQ(read[2].label, std::nullopt);
  EXPECT_THAT(to_json(read[0]), HasSubstr("\"labels\":[\"a\",\"b\"]"));
}

}  // namespace
}  // namespace relatum::task
