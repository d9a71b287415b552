// The ways to give a row: strings, marks or offsets; JSON lines and tables by one set of rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"
#include "task/fields.h"
#include "task/join.h"
#include "task/load.h"
#include "task/prediction.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::error_of;
using testing::Scratch;

/// Marked texts with ids and labels of a file of this name and text.
std::vector<std::string> read(const std::string& name, const std::string& text) {
  const Scratch scratch;
  std::vector<std::string> out;
  for (const Example& e : load_dataset(scratch.file(name, text)).examples)
    out.push_back(e.id + "|" + marked_text(e) + "|" + e.label.value_or("-"));
  return out;
}

std::string refusal(const std::string& name, const std::string& text) {
  const Scratch scratch;
  return error_of([&] { load_dataset(scratch.file(name, text)); });
}

std::vector<std::string> warnings(const std::string& name, const std::string& text) {
  const Scratch scratch;
  return load_dataset(scratch.file(name, text)).warnings;
}

const std::vector<std::string> kAda = {"7|<e1>Ada</e1> runs <e2>Pell</e2>.|head_of"};

TEST(RowForms, StringsMarksAndOffsetsGiveOneExample) {
  for (const char* row :
       {R"({"id":7,"text":"Ada runs Pell.","head":"Ada","tail":"Pell","label":"head_of"})",
        R"({"id":7.0,"text":"<e1>Ada</e1> runs <e2>Pell</e2>.","label":"head_of"})",
        R"({"id":"7","text":"Ada runs Pell.","head":{"text":"Ada"},"tail":{"start":9,"end":13,)"
        R"("text":"Pell"},"label":"head_of"})",
        R"({"id":"7","text":"Ada runs Pell.","head_start":0.0,"head_end":3,"tail_start":9,)"
        R"("tail_end":13.0,"label":"head_of"})",
        R"([{"id":"7","text":"Ada runs Pell.","head":"Ada","tail":"Pell","label":"head_of"}])",
        R"({"id":"7","text":"<e1>Ada</e1> runs <e2>Pell</e2>.","head":"Ada","tail":"Pell",)"
        R"("head_start":4,"head_end":7,"label":"head_of"})"})
    EXPECT_EQ(read("a.json", row), kAda) << row;
  for (const char* table :
       {"id,text,head,tail,label\n7,Ada runs Pell.,Ada,Pell,head_of\n",
        "id;text;head;tail;label\n7;Ada runs Pell.;Ada;Pell;head_of\n",
        "id\ttext\thead\ttail\tlabel\n7\tAda runs Pell.\tAda\tPell\thead_of\n",
        "sep=;\nid;text;head;tail;label\n7;Ada runs Pell.;Ada;Pell;head_of\n",
        "sep=|\nid|text|head|tail|label\n7|Ada runs Pell.|Ada|Pell|head_of\n",
        "ID, Text ,HEAD,Tail,Label\r\n7.0,Ada runs Pell.,Ada,Pell,head_of \r\n",
        "id,text,label\n7,<e1>Ada</e1> runs <e2>Pell</e2>.,head_of\n",
        "id;text;head start;head end;tail start;tail end;label\n"
        "7;Ada runs Pell.;0,0;3,0;9;13;head_of\n",
        "id,text,head,tail,label\r7,Ada runs Pell.,Ada,Pell,head_of\r"})
    EXPECT_EQ(read("a.csv", table), kAda) << table;
  EXPECT_EQ(read("a.txt", "id;text;head;tail;label\n7;Ada runs Pell.;Ada;Pell;head_of\n"), kAda)
      << "a header shows without the file's name";
}

TEST(RowForms, RowsWithoutAnIdAreNamedByTheirLine) {
  EXPECT_EQ(read("a.jsonl", "{\"text\":\"<e1>a</e1> <e2>b</e2>\"}\n\n"
                            "{\"text\":\"<e1>c</e1> <e2>d</e2>\",\"id\":null}\n"),
            (std::vector<std::string>{"1|<e1>a</e1> <e2>b</e2>|-", "3|<e1>c</e1> <e2>d</e2>|-"}));
  EXPECT_EQ(read("a.csv", "id,text\n,<e1>a</e1> <e2>b</e2>\nx,<e1>c</e1> <e2>d</e2>\n"),
            (std::vector<std::string>{"2|<e1>a</e1> <e2>b</e2>|-", "x|<e1>c</e1> <e2>d</e2>|-"}));
  EXPECT_EQ(read("a.json", R"([{"text":"<e1>a</e1> <e2>b</e2>"},)"
                           R"({"text":"<e1>c</e1> <e2>d</e2>"}])"),
            (std::vector<std::string>{"0|<e1>a</e1> <e2>b</e2>|-", "1|<e1>c</e1> <e2>d</e2>|-"}));
  EXPECT_THAT(refusal("a.jsonl", "{\"text\":\"<e1>a</e1> <e2>b</e2>\",\"id\":\"2\"}\n"
                                 "{\"text\":\"<e1>c</e1> <e2>d</e2>\"}\n"),
              AllOf(HasSubstr("a.jsonl:2"), HasSubstr("has no id"), HasSubstr("line 1")));
  EXPECT_THAT(refusal("a.jsonl", "{\"id\":[1],\"text\":\"<e1>c</e1> <e2>d</e2>\"}"),
              AllOf(HasSubstr("a.jsonl:1"), HasSubstr("'id' is [1]")));
  EXPECT_THAT(refusal("a.jsonl", "{\"id\":1.5,\"text\":\"<e1>c</e1> <e2>d</e2>\"}"),
              HasSubstr("'id' is 1.5"));
}

TEST(RowForms, RefusesEntitiesThatAreNotThereOrNotClear) {
  const auto row = [](const std::string& rest) { return R"({"id":"1","text":"Ada met Ada in Ulm)" +
                                                        std::string("\",") + rest + "}"; };
  EXPECT_THAT(refusal("a.jsonl", row(R"("head":"Ada","tail":"Ulm")")),
              AllOf(HasSubstr("a.jsonl:1"), HasSubstr("'Ada' stands in 2 places"),
                    HasSubstr("0 to 3, 8 to 11")));
  EXPECT_THAT(refusal("a.jsonl", row(R"("head":"Eva","tail":"Ulm")")),
              AllOf(HasSubstr("'Eva' does not stand in the text"), Not(HasSubstr("capital"))));
  EXPECT_THAT(refusal("a.jsonl", row(R"("head":"ulm","tail":"Ulm")")), HasSubstr("capital"));
  EXPECT_THAT(refusal("a.jsonl", row(R"("tail":"Ulm")")), HasSubstr("'head' is missing"));
  EXPECT_THAT(refusal("a.jsonl", row(R"("head_start":0,"tail":"Ulm")")),
              HasSubstr("head_start is given without head_end"));
  EXPECT_THAT(refusal("a.jsonl", row(R"("head":{"start":0,"end":3,"text":"Eva"},"tail":"Ulm")")),
              HasSubstr("'Eva' contradicts the offsets, which name 'Ada'"));
  EXPECT_THAT(refusal("a.csv",
                      "text,head_start,head_end,tail\n<e1>Ada</e1> in <e2>Ulm</e2>,1,2,\n"),
              AllOf(HasSubstr("a.csv:2"), HasSubstr("contradict the marks")));
  EXPECT_THAT(refusal("a.csv", "text,head,tail\n<e1>Ada</e1> in <e2>Ulm</e2>,Eva,\n"),
              HasSubstr("'Eva' contradicts the marks"));
  EXPECT_THAT(refusal("a.csv", "text,head,tail\n<e1>Ada</e1> in Ulm,Ada,Ulm\n"),
              HasSubstr("no <e2>"));
  EXPECT_THAT(refusal("a.csv", "sentence|subject\nx|y\n"),
              AllOf(HasSubstr("no column 'text'"), HasSubstr("'sentence|subject'")));
}

TEST(RowForms, WhatIsANumber) {
  for (const char* cell : {"25", "25.0", "25,0", " 25 ", "25.", "2.5e1"})
    EXPECT_EQ(whole_number(cell), 25) << cell;
  for (const char* cell :
       {"", " ", "25.5", "x", "25x", "1,000", "1,000.0", "nan", "inf", "1e300", "0x10"})
    EXPECT_EQ(whole_number(cell), std::nullopt) << cell;
  EXPECT_EQ(id_of_cell("25.0"), "25");
  EXPECT_EQ(id_of_cell("007"), "007");
  for (const char* cell : {"1.10", "v1.0", "1.0.0", ".0", "1.", "a"})
    EXPECT_EQ(id_of_cell(cell), cell);
}

TEST(RowForms, LabelsAreReadAsTheyLook) {
  const std::string text = "id,text,label\n1,<e1>a</e1> <e2>b</e2>,works_for\n"
                           "2,<e1>c</e1> <e2>d</e2>,works_for \n3,<e1>e</e1> <e2>f</e2>,\n"
                           "4,<e1>g</e1> <e2>h</e2>,\xC2\xA0\n";
  const Scratch scratch;
  const Dataset data = load_dataset(scratch.file("a.csv", text));
  EXPECT_EQ(data.labels.names(), (std::vector<std::string>{"works_for"}));
  EXPECT_EQ(data.examples[2].label, std::nullopt);
  EXPECT_EQ(data.examples[3].label, std::nullopt);
  EXPECT_THAT(data.warnings, ::testing::ElementsAre(AllOf(
                                 HasSubstr("in 1 rows"), HasSubstr("'works_for ' on line 3"))));
  LoadOptions options;
  options.labels = load_labels(scratch.file("l.json", "[\"works_for\\u00a0\"]"));
  EXPECT_THAT(load_dataset(scratch.file("a.csv", text), options).warnings,
              Contains(HasSubstr("inventory")));
  EXPECT_THAT(error_of([&] { load_labels(scratch.file("m.json", R"(["a","b","a "])")); }),
              AllOf(HasSubstr("m.json"), HasSubstr("labels 1 and 3")));
  EXPECT_EQ(read("a.jsonl", R"({"text":"<e1>a</e1> <e2>b</e2>","label":""})"),
            (std::vector<std::string>{"1|<e1>a</e1> <e2>b</e2>|-"}));
}

TEST(RowForms, PredictionsFollowTheSameRules) {
  const Scratch scratch;
  const Dataset data = load_dataset(scratch.file(
      "a.csv", "id,text,label\n7.0,<e1>a</e1> <e2>b</e2>,caf\u00e9\n"
               "n 8,<e1>c</e1> d <e2>e</e2>,x\n"));
  for (const char* text : {"7.0\tcafe\u0301 \nn\u00a08\tx\n",
                           "id,label\r\n7,caf\u00e9\r\nn 8 ,x\r\n",
                           "{\"id\":7.0,\"label\":\"caf\u00e9\"}\n"
                           "{\"id\":\"n 8\",\"label\":\"x \"}"}) {
    const auto predictions = read_predictions(scratch.file("p", text));
    const auto joined = join_predictions(data, predictions, false);
    ASSERT_EQ(joined.size(), 2u) << text;
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(joined[i]->label, data.examples[i].label) << text;
  }
}

TEST(RowWarnings, OneLineForEachKind) {
  EXPECT_THAT(warnings("a.csv", "id,text,lable,note\n1,<e1>a</e1> <e2>b</e2>,x,y\n"),
              ::testing::ElementsAre(AllOf(HasSubstr("'lable'"), HasSubstr("near to 'label'"),
                                           HasSubstr("'note'"))));
  EXPECT_THAT(warnings("a.jsonl", R"({"text":"<e1>a</e1> <e2>b</e2>","lable":"x"})"),
              ::testing::ElementsAre(AllOf(HasSubstr("'lable'"), HasSubstr("near to 'label'"))));
  const std::string header = "text,label\n";
  EXPECT_THAT(warnings("a.csv", header + "<e1>Ad</e1>a in <e2>Ulm</e2>,x\n"),
              ::testing::ElementsAre(AllOf(HasSubstr("within a word"), HasSubstr("'Ad'"))));
  EXPECT_THAT(warnings("a.csv", header + "<e1><e2>Ada</e2></e1> in Ulm,x\n"),
              ::testing::ElementsAre(HasSubstr("same place")));
  EXPECT_THAT(warnings("a.csv", header + "<e1>Ada <e2>Ek</e2></e1> in Ulm,x\n"),
              ::testing::ElementsAre(HasSubstr("overlap")));
  const std::string ada = "<e1>Ada</e1> in <e2>Ulm</e2>,";
  EXPECT_THAT(warnings("a.csv", header + ada + "x\n" + ada + "x\n"),
              ::testing::ElementsAre(AllOf(HasSubstr("repeat"), HasSubstr("line 3 (as line 2)"))));
  EXPECT_THAT(warnings("a.csv", header + ada + "x\n" + ada + "y\n"),
              ::testing::ElementsAre(AllOf(HasSubstr("contradict"), HasSubstr("line 2 'x'"))));
  EXPECT_THAT(warnings("a.csv", header + ada + "x\n<e1>Bo</e1> in <e2>Ulm</e2>,X\n"),
              ::testing::ElementsAre(AllOf(HasSubstr("capital"), HasSubstr("'X' and 'x'"))));
  EXPECT_THAT(warnings("a.csv", header + ada + "x\n"), IsEmpty());
}

const char* const kTacred =
    R"({"id":3,"relation":"no_relation","token":["A","b","C"],"subj_start":0,"subj_end":0,)"
    R"("obj_start":2,"obj_end":2})";

TEST(Formats, TacredIsReadFromArraysAndLines) {
  const std::vector<std::string> expected = {"3|<e1>A</e1> b <e2>C</e2>|no_relation"};
  for (const char* name : {"a.json", "a.jsonl", "a.txt"}) {
    EXPECT_EQ(read(name, kTacred), expected) << name;
    EXPECT_EQ(read(name, std::string("[") + kTacred + "]"), expected) << name;
  }
  std::string odd = kTacred;
  odd.insert(odd.size() - 1, R"(,"stanford_pos":["X"])");
  EXPECT_THAT(warnings("a.json", odd), Contains(HasSubstr("'stanford_pos' has another length")));
}

TEST(Formats, AGuessIsCalledOne) {
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"a.json", R"([{"id":"1","sentence":"A b C","subj_start":0,"subj_end":1}])"},
           {"a.txt", R"({"token":["A"],"h":{"pos":[0,1]},"t":{"pos":[0,1]},"relation":"x"})"},
           {"a.json", R"({"data":[]})"},
           {"a.jsonl", R"({"id":"1","text":"a b"})"}}) {
    const std::string error = refusal(name, text);
    EXPECT_THAT(error, AllOf(HasSubstr(name), HasSubstr("tacred ("), HasSubstr("jsonl ("),
                             HasSubstr("FORMAT:"), Not(HasSubstr("Add it"))))
        << text;
  }
  EXPECT_THAT(refusal("a.json", R"([{"id":"1","tokens":["A"],"subj_start":0}])"),
              AllOf(HasSubstr("has no 'token'"), HasSubstr("'tokens'")));
}

TEST(Formats, AnUnknownPrefixIsNoFileName) {
  EXPECT_THAT(error_of([] { load_dataset("brat:notes"); }),
              AllOf(HasSubstr("'brat'"), HasSubstr("Known formats"), HasSubstr("jsonl")));
  EXPECT_THAT(error_of([] { load_dataset("json:rows.jsonl"); }),
              HasSubstr("Did you mean 'jsonl'?"));
  EXPECT_THAT(error_of([] { load_dataset("sub/dir:rows.jsonl"); }), HasSubstr("No such file"));
}

TEST(Formats, OtherEncodingsAreNamed) {
  using namespace std::string_literals;
  EXPECT_THAT(refusal("a.csv", "\xFF\xFEi\0d\0"s), HasSubstr("mark of UTF-16"));
  EXPECT_THAT(refusal("a.csv", "i\0d\0,\0t\0e\0x\0t\0\n\0"s), HasSubstr("UTF-16"));
  EXPECT_THAT(refusal("a.csv", "id,text\n1,<e1>a</e1> <e2>b</e2>\n2,<e1>\xD6k</e1> <e2>b</e2>\n"),
              AllOf(HasSubstr("a.csv:3"), HasSubstr("not UTF-8"), HasSubstr("0xD6"),
                    HasSubstr("'Ö'")));
}

}  // namespace
}  // namespace relatum::task
