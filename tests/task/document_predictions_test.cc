// Predictions of documents as they are read.
#include "task/document_predictions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;

TEST(DocumentPredictions, AreReadAsLinesOrAsAList) {
  const Scratch scratch;
  const std::string row = R"({"id":7,"entities":[{"id":"T1","start":0,"end":3,"type":"PER",)"
                          R"("probability":0.9}],"relations":[]})";
  const std::string other = R"({"id":"8","entities":[]})";
  const auto lines = read_document_predictions(scratch.file("a", row + "\n\n" + other + "\n"));
  const auto list = read_document_predictions(scratch.file("b", "[" + row + ",\n" + other + "]"));
  for (const std::vector<Document>& read : {lines, list}) {
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].id, "7");
    EXPECT_EQ(read[0].entities[0].span.end, 3);
    EXPECT_FALSE(read[0].unlabelled);
    EXPECT_TRUE(read[1].unlabelled);
  }
  EXPECT_EQ(lines[1].line, 3);
  EXPECT_EQ(read_document_predictions(scratch.file("c", ""), true).size(), 0u);
}

TEST(DocumentPredictions, BadRowsAreNamedWithTheirLine) {
  const Scratch scratch;
  const auto refused = [&](const std::string& row) {
    const std::string file = scratch.file("p", "{\"id\":\"x\",\"entities\":[]}\n" + row);
    return error_of([&] { read_document_predictions(file); });
  };
  EXPECT_THAT(refused(R"({"id":"1","label":"a"})"),
              AllOf(HasSubstr("p:2"), HasSubstr("without --task")));
  EXPECT_THAT(refused(R"({"entities":[]})"), HasSubstr("no 'id'"));
  EXPECT_THAT(refused(R"({"id":"1","entities":[{"id":"T1","start":0}]})"), HasSubstr("end"));
  EXPECT_THAT(refused(R"({"id":"1","entities":[{"id":"T1","start":0,"end":1,"probability":1.5}]})"),
              HasSubstr("1.5"));
  EXPECT_THAT(refused("{"), HasSubstr("p:2"));
  EXPECT_THAT(error_of([&] { read_document_predictions(scratch.file("e", "\n")); }),
              HasSubstr("no predictions"));
}

TEST(DocumentPredictions, AFaultOfAListIsNamedWithItsLine) {
  const Scratch scratch;
  const std::string row = R"({"id":"1","entities":[]})";
  const auto refused = [&](const std::string& list) {
    const std::string file = scratch.file("p", list);
    return error_of([&] { read_document_predictions(file); });
  };
  EXPECT_EQ(refused("[" + row + "]"), "");
  EXPECT_THAT(refused("[" + row + ",\n{\"id\":\"2\"}]"),
              AllOf(HasSubstr("p:2: "), HasSubstr("\"entities\"")));
  EXPECT_THAT(refused("[" + row + ",\n" + row),
              AllOf(HasSubstr("p:2: the array ends within its row 2"), EndsWith(".")));
  EXPECT_THAT(refused("[" + row + "\n,\n,"), HasSubstr("p:3: expected row 2"));
  EXPECT_THAT(refused("[" + row + "]\n" + row), HasSubstr("p:2: something follows"));
}

}  // namespace
}  // namespace relatum::task
