// entities=marked: rows of pairs as documents whose marked entities are all there are.
#include "task/marked_documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datasets/support.h"

namespace relatum::task {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;

// Three rows of two texts; "Oslo" is the tail of one and the head of the other.
const std::string kRows =
    R"({"id":"1","text":"Bo left Oslo for Rome.","head":{"start":0,"end":2,"type":"PER"},)"
    R"("tail":{"start":8,"end":12,"type":"LOC"},"label":"left"})"
    "\n"
    R"({"id":"2","text":"Ann slept.","head":{"start":0,"end":3},"tail":{"start":4,"end":9},)"
    R"("label":"Other"})"
    "\n"
    R"({"id":"3","text":"Bo left Oslo for Rome.","head":{"start":8,"end":12,"type":"LOC"},)"
    R"("tail":{"start":17,"end":21,"type":"LOC"},"label":"apart"})"
    "\n";

std::vector<Document> documents_of(const std::string& spec) {
  std::vector<Document> documents;
  const Dataset data = read_documents(
      parse_spec(spec), {}, [&](Document&& each) { documents.push_back(std::move(each)); });
  EXPECT_EQ(data.count, int64_t(documents.size()));
  return documents;
}

TEST(MarkedDocuments, JoinRowsOfOneText) {
  const Scratch scratch;
  const std::string path = scratch.file("rows.jsonl", kRows);
  const auto documents = documents_of(path + "?entities=marked");
  ASSERT_EQ(documents.size(), 2u);
  const Document& first = documents[0];
  EXPECT_FALSE(first.pair);
  EXPECT_EQ(first.id, "1");
  EXPECT_EQ(first.line, 1);
  ASSERT_EQ(first.entities.size(), 3u);
  EXPECT_EQ(first.entities[1].id, "T2");
  EXPECT_EQ(first.entities[2].span.start, 17);
  ASSERT_EQ(first.relations.size(), 2u);
  EXPECT_EQ(first.relations[0].label, "left");
  EXPECT_EQ(first.relations[1].head, "T2") << "the span that the first row marked already";
  EXPECT_EQ(first.relations[1].tail, "T3");
  EXPECT_EQ(documents[1].relations[0].label, "Other");
  EXPECT_EQ(documents_of(path).size(), 3u) << "each pair by itself";
  const auto one = documents_of(path + "?limit=1&entities=marked");
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].entities.size(), 3u) << "a limit counts whole texts";
}

TEST(MarkedDocuments, ATypeMakesAnotherEntityOfTheSameSpan) {
  MarkedDocuments marked;
  for (const char* type : {"PER", "ORG", "PER"}) {
    Document row;
    row.id = type;
    row.text = "Bo runs.";
    row.pair = true;
    row.entities = {{"T1", {0, 2, type}}, {"T2", {3, 7, ""}}};
    row.relations = {{"T1", "T2", "does"}};
    marked.add(std::move(row), "rows.jsonl");
  }
  const auto documents = marked.take();
  ASSERT_EQ(documents.size(), 1u);
  ASSERT_EQ(documents[0].entities.size(), 3u);
  EXPECT_EQ(documents[0].entities[2].span.type, "ORG");
  EXPECT_EQ(documents[0].relations.size(), 2u) << "the third row says what the first did";
  EXPECT_TRUE(marked.take().empty());
}

TEST(MarkedDocuments, OfATextAllRowsAreLabelledOrNone) {
  const Scratch scratch;
  std::string rows = kRows;
  rows.replace(rows.find(",\"label\":\"apart\""), 16, "");
  const std::string some = scratch.file("some.jsonl", rows) + "?entities=marked";
  EXPECT_THAT(error_of([&] { documents_of(some); }),
              HasSubstr("some.jsonl:3: of the rows of one text, '1' has a label and '3' has none"));
  rows.replace(rows.find(",\"label\":\"left\""), 15, "");
  const auto documents = documents_of(scratch.file("none.jsonl", rows) + "?entities=marked");
  EXPECT_TRUE(documents[0].unlabelled);
  EXPECT_FALSE(documents[1].unlabelled);
}

TEST(MarkedDocuments, AreRefusedWhereTheyMeanNothing) {
  const Scratch scratch;
  const std::string rows = scratch.file("rows.jsonl", kRows) + "?entities=";
  EXPECT_THAT(error_of([&] { load_dataset(rows + "marked"); }), HasSubstr("rows are read"));
  EXPECT_THAT(error_of([&] { parse_spec(rows + "all"); }), HasSubstr("entities=marked"));
  for (const char* part : {"without=left", "few=1:left"}) {
    EXPECT_THAT(error_of([&] { documents_of(rows + "marked&" + part); }),
                HasSubstr("would be no entity"));
  }
  const std::string document =
      R"({"id":"d","text":"Bo","entities":[{"id":"T1","start":0,"end":2}],"relations":[]})";
  const std::string path = scratch.file("documents.jsonl", document + "\n");
  EXPECT_THAT(error_of([&] { documents_of(path + "?entities=marked"); }),
              HasSubstr("documents.jsonl:1: 'entities=marked' is for rows"));
}

}  // namespace
}  // namespace relatum::task
