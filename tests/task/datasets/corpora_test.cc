// KBP37, FewRel, OpenNRE, SpERT's CoNLL04 and DocRED: forms of published corpora.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"
#include "task/load.h"

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::pairs_of;
using testing::refusal_of;
using testing::Scratch;
using testing::told_of;

std::vector<std::string> pairs(const std::string& name, const std::string& text) {
  const Scratch scratch;
  return pairs_of(scratch.file(name, text));
}

TEST(Kbp37, ReadsItsPaddedMarks) {
  EXPECT_THAT(pairs("train.txt",
                    "0\t\" <e1> Ada Lim </e1> runs <e2> Pell </e2> . \"\r\n"
                    "per:employee_of(e1,e2)\r\n\r\n1\t\" <e2> Bo </e2> met <e1> Ada "
                    "</e1> \"\nno_relation\n\n"),
              ElementsAre("0|<e1>Ada Lim</e1> runs <e2>Pell</e2> .|>|per:employee_of(e1,e2)",
                          "1|<e2>Bo</e2> met <e1>Ada</e1>|>|no_relation"));
  EXPECT_THAT(refusal_of("a.txt", "0\t\" <e1> Ada </e1> \"\nno_relation\n"),
              HasSubstr("a.txt:1: the sentence has no <e2>"));
}

TEST(Fewrel, RowsOfEachRelation) {
  EXPECT_THAT(
      pairs("a.json", R"({"P1":[{"tokens":["Ada","Lim","runs","Pell"],"h":["ada","Q1",[[0,1]]],)"
                      R"("t":["pell","Q2",[[3],[2]]]}],"P\u0032":[]})"),
      ElementsAre("P1-1|<e1>Ada Lim</e1> runs <e2>Pell</e2>|>|P1"));
  EXPECT_THAT(refusal_of("a.json", R"({"P1":[{"tokens":["Ada"],"h":["a","Q",[[0]]],"t":["b","Q",)"
                                   R"([[4]]]}]})"),
              HasSubstr("a.json:1: row 1 of 'P1': 't': tokens 4 to 4 do not lie in the 1 tokens"));
}

TEST(Opennre, PlacesOfTokensAndOfCharacters) {
  EXPECT_THAT(pairs("wiki80.txt",
                    R"({"token":["Ada","Lim","runs","Pell"],"h":{"name":"ada lim","pos":[0,2]},)"
                    R"("t":{"name":"pell","pos":[3,4]},"relation":"head of"})"),
              ElementsAre("1|<e1>Ada Lim</e1> runs <e2>Pell</e2>|>|head of"));
  EXPECT_THAT(pairs("nyt10.txt", R"({"text":"🍯 Ada runs Pell","h":{"name":"Ada","pos":[2,5]},)"
                                 R"("t":{"name":"Pell","pos":[11,15]},"relation":"NA"})"),
              ElementsAre("1|🍯 <e1>Ada</e1> runs <e2>Pell</e2>|>|NA"));
}

TEST(Opennre, NamesMayBeInLowerCase) {
  const auto warnings = [](const char* name) {
    const Scratch scratch;
    const std::string row = fmt::format(
        R"({{"token":["Ada","Lim","runs","Pell"],"h":{{"name":"{}","pos":[0,2]}},)"
        R"("t":{{"name":"pell","pos":[3,4]}},"relation":"head of"}})",
        name);
    return load_dataset(scratch.file("wiki80.txt", row)).warnings;
  };
  EXPECT_THAT(warnings("ada lim"), ::testing::IsEmpty());
  EXPECT_THAT(warnings("ada"), ElementsAre(HasSubstr("'name' is another text")));
}

TEST(Conll04, EntitiesByNumber) {
  EXPECT_THAT(
      told_of("a.json",
              R"([{"tokens":["Ada","Lim","runs","Pell"],"entities":[{"type":"Peop",)"
              R"("start":0,"end":2},{"type":"Org","start":3,"end":4}],"relations":[{"type":)"
              R"("Work_For","head":0,"tail":1}],"orig_id":9}])"),
      ElementsAre("9: 0=Ada Lim:Peop 1=Pell:Org 0-Work_For>1"));
}

const std::string kRed =
    R"([{"title":"Pell","sents":[["Ada","runs","Pell","."],["She","and","Bo","met","."]],)"
    R"("vertexSet":[[{"name":"Ada","pos":[0,1],"sent_id":0,"type":"PER"},{"name":"She",)"
    R"("pos":[0,1],"sent_id":1,"type":"PER"}],[{"name":"Pell","pos":[2,3],"sent_id":0,)"
    R"("type":"ORG"}],[{"name":"Bo","pos":[2,3],"sent_id":1,"type":"PER"}]],)"
    R"("labels":[{"r":"P1","h":0,"t":2,"evidence":[1]},{"r":"P2","h":0,"t":1,"evidence":[]}]}])";

// "She" is nearer to "Pell" than "Ada" is, but begins another sentence.
TEST(Docred, MentionsOfOneSentenceThatAreNearestAndEvidence) {
  EXPECT_THAT(told_of("a.json", kRed),
              ElementsAre("Pell: 0.0=Ada:PER@0 0.1=She:PER@0 1=Pell:ORG 2=Bo:PER 0.1-P1>2 "
                          "0.0-P2>1"));
  const Scratch scratch;
  const auto documents = testing::documents_of(scratch.file("a.json", kRed));
  ASSERT_EQ(documents[0].relations[0].evidence.size(), 1u);
  EXPECT_EQ(documents[0].relations[0].evidence[0], (Piece{16, 32}));
}

TEST(Docred, ACutFileIsCalledAGuess) {
  const Scratch scratch;
  const std::string path = scratch.file("a.json", kRed.substr(0, kRed.size() - 1));
  EXPECT_THAT(testing::error_of([&] { pairs_of(path); }),
              ::testing::AllOf(HasSubstr("ends within its row"), HasSubstr("taken for docred")));
}

TEST(Crossre, IsToldByItsOwnKey) {
  EXPECT_THAT(pairs("a.jsonl", R"({"id":1,"text":"Ada met Bo","head":"Ada","tail":"Bo",)"
                               R"("label":"met","note":{"doc_key":1}})"),
              ElementsAre("1|<e1>Ada</e1> met <e2>Bo</e2>|>|met"));
}

// Its inventory has no label of pairs without a relation, as it lists none.
TEST(Crossre, TakesALabelOfPairsWithoutARelation) {
  const Scratch scratch;
  const std::string path = scratch.file(
      "a.json",
      R"({"doc_key":"d","sentence":["Ada","met","Bo"],"ner":[[0,0,"person"],[2,2,"person"]],)"
      R"("relations":[[0,0,2,2,"social","",false,false]]})"
      "\n");
  EXPECT_EQ(pairs_of(path).size(), 1u);
  EXPECT_EQ(pairs_of(path + "?negative=none").size(), 2u);
  LoadOptions options;
  options.labels = Labels({"social"});
  EXPECT_THAT(testing::error_of([&] { pairs_of(path + "?negative=none", options); }),
              HasSubstr("'none'"));
}

TEST(Docred, ThingsWithoutARelationAreNegativesOnce) {
  const Scratch scratch;
  const auto found = pairs_of(scratch.file("a.json", kRed) + "?negative=none");
  // Of three things six ordered pairs, two with a relation.
  EXPECT_EQ(found.size(), 6u);
  EXPECT_THAT(found, ::testing::Contains("Pell:2:0.1|Ada runs Pell . <e2>She</e2> and <e1>Bo</e1> "
                                         "met .|PER>PER|none"));
}

}  // namespace
}  // namespace relatum::task
