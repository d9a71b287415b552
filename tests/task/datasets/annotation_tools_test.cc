// doccano, Prodigy and spaCy: whose offsets, which relations, what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace relatum::task {
namespace {

using testing::documents_of;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::Scratch;
using testing::told;
using testing::told_of;

TEST(Doccano, RelationsTriplesAndCounts) {
  EXPECT_THAT(told_of("a.jsonl",
                      R"({"id":3,"text":"🍯 Ada runs Pell","entities":[{"id":7,"label":"PER",)"
                      R"("start_offset":3,"end_offset":6},{"id":8,"label":"ORG","start_offset":12,)"
                      R"("end_offset":16}],"relations":[{"id":1,"from_id":7,"to_id":8,)"
                      R"("type":"runs"}],"Comments":[]})"),
              ElementsAre("3: 7=Ada:PER 8=Pell:ORG 7-runs>8"));
  EXPECT_THAT(told_of("a.jsonl", R"({"id":3,"text":"Ada runs","label":[[0,3,"PER"]]})"),
              ElementsAre("3: T1=Ada:PER (unlabelled)"));
  const Scratch scratch;
  const std::string path = scratch.file("a.jsonl", R"({"id":1,"text":"e)"
                                                   "\xcc\x81"
                                                   R"( Ada","label":[[2,5,"PER"]],"Comments":[]})");
  EXPECT_EQ(told(documents_of(path + "?offsets=graphemes")[0]), "1: T1=Ada:PER (unlabelled)");
  EXPECT_THAT(
      error_of([&] { documents_of("jsonl:" + path + "?offsets=graphemes"); }),
      HasSubstr("offsets= is for doccano and labelstudio; how the format jsonl counts is known"));
  EXPECT_THAT(
      refusal_of("a.jsonl", R"({"text":"Ada","entities":[{"id":1,"label":"P",)"
                            R"("start_offset":0,"end_offset":3}],"relations":[{"from_id":1,)"
                            R"("to_id":2,"type":"x"}]})"),
      HasSubstr("a.jsonl:1: document '1': the relation 'x' names an entity '2'"));
}

// Its present annotator passes on JavaScript's places, or graphemes; an earlier one code points.
TEST(Doccano, CountsAsItsProjectDid) {
  const Scratch scratch;
  const auto read = [&](const std::string& start, const std::string& end, const std::string& how) {
    const std::string path = scratch.file(
        "a.jsonl", R"({"id":1,"text":"👍🏽 Ada met Bo","label":[[)" + start + "," + end +
                       R"(,"PER"]],"Comments":[]})");
    return told(documents_of(path + how)[0]);
  };
  const std::string ada = "1: T1=Ada:PER (unlabelled)";
  EXPECT_EQ(read("5", "8", ""), ada);
  EXPECT_EQ(read("5", "8", "?offsets=utf16"), ada);
  EXPECT_EQ(read("3", "6", "?offsets=code_points"), ada);
  EXPECT_EQ(read("2", "5", "?offsets=graphemes"), ada);
  EXPECT_THAT(
      error_of([&] { read("3", "6", ""); }),
      HasSubstr("there is no place 3 in the text, counted by UTF-16 units, as doccano does; "
                "a SPEC's offsets=code_points"));
  EXPECT_THAT(error_of([&] { read("2", "50", "?offsets=graphemes"); }),
              HasSubstr("there is no place 50 in the text, counted by graphemes"));
  const auto warnings = [&](const std::string& text, const std::string& how) {
    const std::string path = scratch.file(
        "w.jsonl",
        R"({"id":1,"text":")" + text + R"( Ada Bo","label":[[5,8,"P"],[9,11,"P"]],"Comments":[]})");
    return load_dataset(path + how).warnings;
  };
  EXPECT_THAT(warnings("👍🏽", ""), ElementsAre(HasSubstr("are read as UTF-16 units")));
  EXPECT_THAT(warnings("👍🏽", "?offsets=utf16"), ::testing::IsEmpty());
  EXPECT_THAT(warnings("Well", ""), ::testing::IsEmpty()) << "all count alike";
}

TEST(Doccano, SaysOnceWhatIsNotRead) {
  const Scratch scratch;
  const auto warnings = [&](const std::string& more) {
    return load_dataset(
               scratch.file("a.jsonl",
                            R"({"text":"Ada Bo","label":[[0,3,"P"],[4,6,"P"]],)" + more + "}"))
        .warnings;
  };
  EXPECT_THAT(warnings(R"("cats":[],"Comments":[])"), ::testing::IsEmpty());
  EXPECT_THAT(warnings(R"("cats":["x"],"Comments":["y"])"),
              ElementsAre(HasSubstr("categories"), HasSubstr("comments are not read")));
}

TEST(Doccano, IntentsAndSlotsAreTriples) {
  EXPECT_THAT(told_of("a.jsonl", R"({"id":1,"text":"Ada met Bo","cats":["x"],)"
                                 R"("entities":[[0,3,"PER"],[8,10,"PER"]],"Comments":[]})"),
              ElementsAre("1: T1=Ada:PER T2=Bo:PER (unlabelled)"));
  EXPECT_THAT(refusal_of("a.jsonl", R"({"text":"Ada","entities":[[0,3]],"Comments":[]})"),
              HasSubstr("entity 1: expected a start, an end and a label"));
}

// Its exports have the columns of the file that was imported, null where other rows have them.
TEST(Doccano, ColumnsOfImportedFilesDoNotHideIt) {
  const Scratch scratch;
  const auto warnings = [&](const std::string& path) { return load_dataset(path).warnings; };
  const std::string entities =
      R"("entities":[{"id":7,"label":"P","start_offset":0,"end_offset":3},{"id":8,"label":"P",)"
      R"("start_offset":8,"end_offset":10}],"relations":[{"from_id":7,"to_id":8,"type":"met"}],)"
      R"("Comments":[]})";
  for (const char* column : {"head", "spans", "annotations", "annotation_id", "tokens", "source"}) {
    for (const char* value : {"null", "4", "[1]", "\"x\""}) {
      const std::string path = scratch.file(
          "a.jsonl",
          R"({"id":1,"text":"Ada met Bo",")" + (column + (R"(":)" + (value + ("," + entities)))));
      EXPECT_EQ(told(documents_of(path)[0]), "1: 7=Ada:P 8=Bo:P 7-met>8") << column << value;
    }
  }
  for (const char* column : {R"("label":"news")", R"("labels":["a","b"])"}) {
    const std::string path = scratch.file(
        "a.jsonl", R"({"id":1,"text":"Ada met Bo",)" + (column + ("," + entities)));
    EXPECT_EQ(told(documents_of(path)[0]), "1: 7=Ada:P 8=Bo:P 7-met>8") << column;
    EXPECT_THAT(warnings(path), ElementsAre(HasSubstr("beside 'entities' is not read")));
  }
  const std::string spans = R"("label":[[0,3,"P"],[8,10,"P"]],"Comments":[]})";
  for (const char* column : {R"("head":null)", R"("labels":["a"])"}) {
    EXPECT_THAT(told_of("a.jsonl", R"({"id":1,"text":"Ada met Bo",)" + (column + ("," + spans))),
                ElementsAre("1: T1=Ada:P T2=Bo:P (unlabelled)"))
        << column;
  }
  EXPECT_THAT(told_of("a.jsonl",
                      R"({"id":1,"text":"Ada","label":"news","labels":[[0,3,"P"]],"Comments":[]})"),
              ElementsAre("1: T1=Ada:P (unlabelled)"));
}

TEST(Prodigy, RelationsByTokensAndSpansAndAnswers) {
  EXPECT_THAT(
      told_of("a.jsonl",
              R"({"text":"Ada Lim runs Pell","_input_hash":1,"tokens":[{"start":0,"end":3,"id":0},)"
              R"({"start":4,"end":7,"id":1},{"start":8,"end":12,"id":2},{"start":13,"end":17,)"
              R"("id":3}],"spans":[{"start":0,"end":7,"label":"PER"}],"relations":[{"head":1,)"
              R"("child":3,"child_span":{"start":13,"end":17,"label":"ORG"},"label":"runs"},)"
              R"({"head":2,"child":1,"label":"by"}],"answer":"accept"})"
              "\n"
              R"({"text":"no","_input_hash":2,"spans":[],"answer":"reject"})"),
      ElementsAre("1: T1=Ada Lim:PER T2=Pell:ORG T3=runs: T1-runs>T2 T3-by>T1"));
  EXPECT_THAT(refusal_of("a.jsonl", R"({"text":"Ada","_input_hash":1,"tokens":[],"spans":[],)"
                                    R"("relations":[{"head":4,"child":0,"label":"x"}]})"),
              HasSubstr("a.jsonl:1: relation 1: there is no token 4"));
}

TEST(Spacy, EntitiesAndRelationsByFirstTokens) {
  const std::string start =
      R"({"text":"Ada Lim 😀 Pell","ents":[{"start":0,"end":7,"label":"PER"},{"start":10,"end":14,)"
      R"("label":"ORG"}],"tokens":[{"id":0,"start":0,"end":3},{"id":1,"start":4,"end":7},{"id":2,)"
      R"("start":8,"end":9},{"id":3,"start":10,"end":14}])";
  const std::string both = "1: T1=Ada Lim:PER T2=Pell:ORG T1-runs>T2";
  EXPECT_THAT(told_of("a.json", start + R"~(,"_":{"rel":{"(0, 3)":{"runs":1.0,"owns":0.2}}}})~"),
              ElementsAre(both));
  EXPECT_THAT(
      told_of("a.json", start + R"(,"_":{"relations":[{"head":0,"child":3,"label":"runs"}]}})"),
      ElementsAre(both));
  EXPECT_THAT(told_of("a.json", start + "}"),
              ElementsAre("1: T1=Ada Lim:PER T2=Pell:ORG (unlabelled)"));
  EXPECT_THAT(
      refusal_of("a.json", start + R"(,"_":{"relations":[{"head":1,"child":3,"label":"runs"}]}})"),
      HasSubstr("relation 1: no entity begins with token 1"));
}

TEST(AnnotationTools, HostileRowsAreRefused) {
  for (const char* format : {"labelstudio:", "doccano:", "prodigy:", "spacy:", "conll04:",
                             "docred:", "opennre:", "fewrel:"}) {
    for (const char* text : {"[1]", "{}", "[[]]", "[{}]", "{\"text\":1}", "{\"a\":[1]}", "[",
                             R"({"text":"a","ents":[1],"spans":[1],"entities":[1],"h":1,"t":1})",
                             R"({"data":{"text":"a"},"annotations":[1]})",
                             R"({"tokens":["a"],"entities":[[]],"relations":[0]})",
                             R"({"tokens":["a"],"entities":[{"start":0,)"
                             R"("end":-9223372036854775808}],"relations":[]})",  // less one: none
                             R"({"title":"a","sents":[["a"]],"vertexSet":[[1]],"labels":[1]})"}) {
      EXPECT_NE(refusal_of("a.json", text, format), "") << format << text;
    }
  }
}

}  // namespace
}  // namespace relatum::task
