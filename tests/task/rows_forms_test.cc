// The ways to give a row: strings, marks or offsets; JSON lines and tables by one set of rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "support.h"
#include "task/fields.h"
#include "task/join.h"
#include "task/load.h"
#include "task/prediction.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Scratch;

/// Marked texts with ids and labels of a file of this name and text.
std::vector<std::string> read(const std::string& name, const std::string& text) {
  const Scratch scratch;
  std::vector<std::string> out;
  for (const Example& e : load_dataset(scratch.file(name, text)).examples) {
    out.push_back(e.id + "|" + marked_text(e) + "|" + e.label.value_or("-"));
  }
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
        R"("head_start":4,"head_end":7,"label":"head_of"})"}) {
    EXPECT_EQ(read("a.json", row), kAda) << row;
  }
  for (const char* table : {"id,text,head,tail,label\n7,Ada runs Pell.,Ada,Pell,head_of\n",
                            "id;text;head;tail;label\n7;Ada runs Pell.;Ada;Pell;head_of\n",
                            "id\ttext\thead\ttail\tlabel\n7\tAda runs Pell.\tAda\tPell\thead_of\n",
                            "sep=;\nid;text;head;tail;label\n7;Ada runs Pell.;Ada;Pell;head_of\n",
                            "sep=|\nid|text|head|tail|label\n7|Ada runs Pell.|Ada|Pell|head_of\n",
                            "ID, Text ,HEAD,Tail,Label\r\n7.0,Ada runs Pell.,Ada,Pell,head_of \r\n",
                            "id,text,label\n7,<e1>Ada</e1> runs <e2>Pell</e2>.,head_of\n",
                            "id;text;head start;head end;tail start;tail end;label\n"
                            "7;Ada runs Pell.;0,0;3,0;9;13;head_of\n",
                            "id,text,head,tail,label\r7,Ada runs Pell.,Ada,Pell,head_of\r"}) {
    EXPECT_EQ(read("a.csv", table), kAda) << table;
  }
  EXPECT_EQ(read("a.txt", "id;text;head;tail;label\n7;Ada runs Pell.;Ada;Pell;head_of\n"), kAda)
      << "a header shows without the file's name";
}

TEST(RowForms, RowsWithoutAnIdAreNamedByTheirLine) {
  EXPECT_EQ(read("a.jsonl",
                 "{\"text\":\"<e1>a</e1> <e2>b</e2>\"}\n\n"
                 "{\"text\":\"<e1>c</e1> <e2>d</e2>\",\"id\":null}\n"),
            (std::vector<std::string>{"1|<e1>a</e1> <e2>b</e2>|-", "3|<e1>c</e1> <e2>d</e2>|-"}));
  EXPECT_EQ(read("a.csv", "id,text\n,<e1>a</e1> <e2>b</e2>\nx,<e1>c</e1> <e2>d</e2>\n"),
            (std::vector<std::string>{"2|<e1>a</e1> <e2>b</e2>|-", "x|<e1>c</e1> <e2>d</e2>|-"}));
  EXPECT_EQ(read("a.json", R"([{"text":"<e1>a</e1> <e2>b</e2>"},)"
                           R"({"text":"<e1>c</e1> <e2>d</e2>"}])"),
            (std::vector<std::string>{"0|<e1>a</e1> <e2>b</e2>|-", "1|<e1>c</e1> <e2>d</e2>|-"}));
  EXPECT_THAT(refusal("a.jsonl",
                      "{\"text\":\"<e1>a</e1> <e2>b</e2>\",\"id\":\"2\"}\n"
                      "{\"text\":\"<e1>c</e1> <e2>d</e2>\"}\n"),
              AllOf(HasSubstr("a.jsonl:2"), HasSubstr("has no id"), HasSubstr("line 1")));
  EXPECT_THAT(refusal("a.jsonl", "{\"id\":[1],\"text\":\"<e1>c</e1> <e2>d</e2>\"}"),
              AllOf(HasSubstr("a.jsonl:1"), HasSubstr("'id' is [1]")));
  EXPECT_THAT(refusal("a.jsonl", "{\"id\":1.5,\"text\":\"<e1>c</e1> <e2>d</e2>\"}"),
              HasSubstr("'id' is 1.5"));
}

TEST(RowForms, RefusesEntitiesThatAreNotThereOrNotClear) {
  const auto row = [](const std::string& rest) {
    return R"({"id":"1","text":"Ada met Ada in Ulm)" + std::string("\",") + rest + "}";
  };
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
  EXPECT_THAT(
      refusal("a.csv", "text,head_start,head_end,tail\n<e1>Ada</e1> in <e2>Ulm</e2>,1,2,\n"),
      AllOf(HasSubstr("a.csv:2"), HasSubstr("contradict the marks")));
  EXPECT_THAT(refusal("a.csv", "text,head,tail\n<e1>Ada</e1> in <e2>Ulm</e2>,Eva,\n"),
              HasSubstr("'Eva' contradicts the marks"));
  EXPECT_THAT(refusal("a.csv", "text,head,tail\n<e1>Ada</e1> in Ulm,Ada,Ulm\n"),
              HasSubstr("no <e2>"));
  EXPECT_THAT(refusal("a.csv", "sentence|subject\nx|y\n"),
              AllOf(HasSubstr("no column 'text'"), HasSubstr("'sentence|subject'")));
}

TEST(RowForms, WhatIsANumber) {
  for (const char* cell : {"25", "25.0", "25,0", " 25 ", "25.", "2.5e1"}) {
    EXPECT_EQ(whole_number(cell), 25) << cell;
  }
  for (const char* cell : {"", " ", "25.5", "x", "25x", "1,000", "1.000", "25.000", "1,000.0",
                           "nan", "inf", "1e300", "0x10"}) {
    EXPECT_EQ(whole_number(cell), std::nullopt) << cell;
  }
  EXPECT_EQ(whole_number("1.0000"), 1);
  EXPECT_THAT(refusal("a.csv", "text,head_start,head_end,tail\nAda in Ulm,0,3.000,Ulm\n"),
              HasSubstr("head_end is no whole number: '3.000', which may be a thousand"));
  EXPECT_EQ(id_of_cell("25.0"), "25");
  EXPECT_EQ(id_of_cell("1.000"), "1");
  EXPECT_EQ(id_of_cell("007"), "007");
  for (const char* cell : {"1.10", "v1.0", "1.0.0", ".0", "1.", "a"}) {
    EXPECT_EQ(id_of_cell(cell), cell);
  }
}

TEST(RowForms, LabelsAreReadAsTheyLook) {
  const std::string text =
      "id,text,label\n1,<e1>a</e1> <e2>b</e2>,works_for\n"
      "2,<e1>c</e1> <e2>d</e2>,works_for \n3,<e1>e</e1> <e2>f</e2>,\n"
      "4,<e1>g</e1> <e2>h</e2>,\xC2\xA0\n";
  const Scratch scratch;
  const Dataset data = load_dataset(scratch.file("a.csv", text));
  EXPECT_EQ(data.labels.names(), (std::vector<std::string>{"works_for"}));
  EXPECT_EQ(data.examples[2].label, std::nullopt);
  EXPECT_EQ(data.examples[3].label, std::nullopt);
  EXPECT_THAT(data.warnings, ::testing::ElementsAre(AllOf(HasSubstr("in 1 row:"),
                                                          HasSubstr("'works_for ' on line 3"))));
  LoadOptions options;
  options.labels = load_labels(scratch.file("l.json", "[\"works_for\\u00a0\"]"));
  EXPECT_THAT(load_dataset(scratch.file("a.csv", text), options).warnings,
              Contains(HasSubstr("inventory")));
  EXPECT_THAT(error_of([&] { load_labels(scratch.file("m.json", R"(["a","b","a "])")); }),
              AllOf(HasSubstr("m.json"), HasSubstr("labels 1 and 3")));
  EXPECT_EQ(read("a.jsonl", R"({"text":"<e1>a</e1> <e2>b</e2>","label":""})"),
            (std::vector<std::string>{"1|<e1>a</e1> <e2>b</e2>|-"}));
}

TEST(RowForms, LabelsOfOnesOwnInACorpusFormatAreToldHowToBeNamed) {
  const Scratch scratch;
  const std::string file = scratch.file(
      "a.json",
      R"([{"id":"1","docid":"d","relation":"likes","token":["Ann","met","Bob"],"subj_start":0,)"
      R"("subj_end":0,"subj_type":"PERSON","obj_start":2,"obj_end":2,"obj_type":"PERSON"}])");
  EXPECT_THAT(error_of([&] { load_dataset("tacred:" + file); }),
              HasSubstr("label 'likes' is not among the inventory's 42 labels. Labels of your own "
                        "are named with --labels. Correct the row"));
  LoadOptions options;
  options.labels = Labels({"hates"});
  EXPECT_THAT(error_of([&] { load_dataset("tacred:" + file, options); }),
              AllOf(HasSubstr("inventory's 1 label"), Not(HasSubstr("--labels"))));
}

TEST(RowForms, RowsOfEmptyCellsAreEmptyLines) {
  EXPECT_EQ(read("a.csv",
                 ",,,,\nid,text,head,tail,label\n7,Ada runs Pell.,Ada,Pell,head_of\n"
                 ",,,,\n, ,\"\",\u00a0,\n,,,,"),
            kAda);
}

TEST(RowForms, IdsThatLookAlikeAreOne) {
  EXPECT_THAT(refusal("a.csv", "id,text\n7,<e1>a</e1> <e2>b</e2>\n 7,<e1>c</e1> <e2>d</e2>\n"),
              AllOf(HasSubstr("a.csv:3"), HasSubstr("id ' 7' differs from '7' on line 2 only")));
}

const std::string kHeader = "id,text,label\n";

std::string table_row(int id, const std::string& before = "", const std::string& after = "") {
  return std::to_string(id) + "," + before + "<e1>a</e1> r <e2>b" + std::to_string(id) + "</e2>" +
         after + ",x\n";
}

/// Ids that are read and lines that are bad where bad rows are skipped.
std::pair<std::vector<std::string>, std::vector<int64_t>> skipped(const std::string& text) {
  const Scratch scratch;
  LoadOptions options;
  options.skip_bad_rows = true;
  const Dataset data = load_dataset(scratch.file("a.csv", text), options);
  std::pair<std::vector<std::string>, std::vector<int64_t>> out;
  for (const Example& e : data.examples) out.first.push_back(e.id);
  for (const BadRow& row : data.bad_rows) out.second.push_back(row.line);
  return out;
}

TEST(RowForms, AQuoteTooManySwallowsNoOtherRow) {
  const std::string quoted = table_row(5, "\"", "\"");
  const auto one_bad = std::pair(std::vector<std::string>{"1", "3", "4", "5"},
                                 std::vector<int64_t>{3});
  const auto table = [&](const std::string& bad, const std::string& last) {
    return kHeader + table_row(1) + bad + table_row(3) + table_row(4) + last;
  };
  EXPECT_EQ(skipped(table(table_row(2, "\""), quoted)), one_bad) << "something after a quote";
  EXPECT_THAT(refusal("a.csv", table(table_row(2, "\""), quoted)),
              AllOf(HasSubstr("a.csv:3: "), HasSubstr("separator on line 6.")));
  EXPECT_EQ(skipped(table(table_row(2, "\""), table_row(5))), one_bad) << "never closed";
  EXPECT_EQ(skipped(table(table_row(2, "a \""), table_row(5))), one_bad);
  // A second quote too many, before a separator, closes the first: the record has other marks.
  EXPECT_EQ(skipped(table(table_row(2, "\""), table_row(5, "", "\""))),
            std::pair(std::vector<std::string>({"1", "3", "4"}), std::vector<int64_t>({3, 6})));
  // The same where the record has another width.
  EXPECT_EQ(skipped(table("2,\"<e1>a</e1> r <e2>b</e2>\n", "5\",<e1>a</e1> <e2>c</e2>,x,\n")),
            std::pair(std::vector<std::string>({"1", "3", "4"}), std::vector<int64_t>({3, 6})));
  // Line breaks in quotes are sound, and a bad row that has them is one bad row.
  const std::string broken = "9,\"<e1>a</e1>\nr, s,\n<e2>b</e2>\",x\n";
  EXPECT_EQ(skipped(kHeader + broken + table_row(1)).second, std::vector<int64_t>());
  EXPECT_EQ(skipped(kHeader + broken.substr(0, broken.size() - 1) + ",y\n" + table_row(1)),
            std::pair(std::vector<std::string>({"1"}), std::vector<int64_t>({2})));
}

TEST(RowForms, SoundQuotesOverSoundRowsAreTold) {
  const std::string text =
      "id,text,head,tail,label\n1,\"Ada in Ulm,\n"
      "2,Bo in Ham,Bo,Ham,x\n3,Eva in Ely\",Ada,Ulm,x\n";
  EXPECT_THAT(warnings("a.csv", text),
              Contains(AllOf(HasSubstr("a quote too many"), HasSubstr(": 1 row, on line 2."))));
}

TEST(RowForms, PredictionsFollowTheSameRules) {
  const Scratch scratch;
  const Dataset data = load_dataset(
      scratch.file("a.csv",
                   "id,text,label\n7.0,<e1>a</e1> <e2>b</e2>,caf\u00e9\n"
                   "n 8,<e1>c</e1> d <e2>e</e2>,x\n"));
  for (const char* text :
       {"7.0\tcafe\u0301 \nn\u00a08\tx\n", "id,label\r\n7,caf\u00e9\r\nn 8 ,x\r\n",
        "ID, Label ,\r7,caf\u00e9,\rn 8,x,\r,,\r", "sep=;\nid;label\n7;caf\u00e9\nn 8;x\n;\n",
        "sep=|\nid|label\n7|caf\u00e9\nn 8|x\n", "7\tcaf\u00e9\rn 8\tx\r",
        "{\"id\":7.0,\"label\":\"caf\u00e9\"}\n"
        "{\"id\":\"n 8\",\"label\":\"x \"}",
        "{\"id\":7,\"label\":\"caf\u00e9\"}\r{\"id\":\"n 8\",\"label\":\"x\"}",
        "\xEF\xBB\xBF[{\"id\":7,\"label\":\"caf\u00e9\"},\n"
        "{\"id\":\"n 8\",\"label\":\"x\"}]"}) {
    const auto predictions = read_predictions(scratch.file("p", text));
    const auto joined = join_predictions(data, predictions, false);
    ASSERT_EQ(joined.size(), 2u) << text;
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(joined[i]->label, data.examples[i].label) << text;
  }
}

TEST(RowForms, NumbersAsIdsFindEachOther) {
  const Scratch scratch;
  const auto join = [&](const std::string& data, const std::string& answers) {
    std::vector<std::string> labels;
    const auto predictions = read_predictions(scratch.file("p.csv", answers));
    for (const Prediction* each :
         join_predictions(load_dataset(scratch.file("a.jsonl", data)), predictions, false)) {
      labels.push_back(each->label.value_or("-"));
    }
    return labels;
  };
  const auto row = [](const std::string& id) {
    return "{\"id\":" + id + ",\"text\":\"<e1>a</e1> <e2>b</e2>\"}\n";
  };
  const std::vector<std::string> xy = {"x", "y"};
  EXPECT_EQ(join(row("\"25.0\"") + row("\"a\""), "id,label\n25,x\na,y\n"), xy);
  EXPECT_EQ(join(row("\"25.0\"") + row("\"a\""), "id,label\n25.0,x\na,y\n"), xy);
  EXPECT_EQ(join(row("25") + row("\"a\""), "id,label\n25.0,x\na,y\n"), xy);
  EXPECT_EQ(join(row("\"25.0\"") + row("\"25\""), "id,label\n25.0,x\n25,y\n"), xy);
  EXPECT_THAT(error_of([&] { join(row("\"25.0\"") + row("\"25\""), "id,label\n25.00,x\n"); }),
              HasSubstr("has an id that"));
}

TEST(RowWarnings, OneLineForEachKind) {
  EXPECT_THAT(warnings("a.csv", "id,text,lable,note\n1,<e1>a</e1> <e2>b</e2>,x,y\n"),
              ::testing::ElementsAre(
                  AllOf(HasSubstr("'lable'"), HasSubstr("near to 'label'"), HasSubstr("'note'"))));
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
  const std::string spaced = "<e1>Ada</e1>  in\u00a0<e2>Ulm</e2>,";
  EXPECT_THAT(warnings("a.csv", header + ada + "x\n" + spaced + "y\n"),
              ::testing::ElementsAre(AllOf(HasSubstr("contradict"), HasSubstr(": 1 row: line 3"))));
  EXPECT_THAT(warnings("a.csv", header + ada + "x\n" + spaced + "x\n"),
              ::testing::ElementsAre(HasSubstr("repeat")));
  EXPECT_THAT(warnings("a.csv", header + ada + "x\n<e1>Bo</e1> in <e2>Ulm</e2>,X\n"),
              ::testing::ElementsAre(AllOf(HasSubstr("capital"), HasSubstr("'X' and 'x'"))));
  EXPECT_THAT(warnings("a.csv", header + ada + "x\n"), IsEmpty());
  EXPECT_THAT(warnings("a.csv", "text,label,,\n" + ada + "x,,\n"), IsEmpty()) << "no name";
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
           {"a.txt",
            R"({"token":["A"],"one":{"pos":[0,1]},"two":{"pos":[0,1]},"relation":"x"})"}}) {
    const std::string error = refusal(name, text);
    EXPECT_THAT(error, AllOf(HasSubstr(name), HasSubstr("taken for"), HasSubstr("FORMAT:PATH"),
                             Not(HasSubstr("jsonl (")), Not(HasSubstr("Add it"))))
        << text;
  }
  EXPECT_THAT(refusal("a.json", R"({"data":[]})"),
              AllOf(HasSubstr("tacred ("), HasSubstr("jsonl ("), HasSubstr("FORMAT:"),
                    Not(HasSubstr("Add it"))));
  EXPECT_THAT(refusal("a.json", R"([{"id":"1","tokens":["A"],"subj_start":0}])"),
              AllOf(HasSubstr("has no 'token'"), HasSubstr("'tokens'")));
}

TEST(Formats, WhereThereIsATextThereIsNoGuess) {
  const std::string twice = "Ada met Ada in Ulm";
  for (const auto& [name, text, reason] : std::vector<std::array<std::string, 3>>{
           {"a.jsonl", R"({"id":"1","text":"a b"})", "'head' is missing"},
           {"a.json", R"([{"text":")" + twice + R"(","head":"Ada","tail":"Ulm"}])", "2 places"},
           {"a.csv", "text,head,tail\n" + twice + ",Ada,Ulm\n", "2 places"},
           {"a.csv", "text;text;head\nx;y;z\n", "stands twice in the header"},
           {"a.txt", "id;text;head_start;head_end;tail\n1;Ada in Ulm;0;99;Ulm\n", "[0, 99)"}}) {
    const std::string error = refusal(name, text);
    EXPECT_THAT(error,
                AllOf(HasSubstr(reason), Not(HasSubstr("FORMAT:")), Not(HasSubstr("taken for"))))
        << text;
  }
}

TEST(Formats, AnUnknownPrefixIsNoFileName) {
  EXPECT_THAT(error_of([] { load_dataset("docx:notes"); }),
              AllOf(HasSubstr("'docx'"), HasSubstr("Known formats"), HasSubstr("jsonl")));
  EXPECT_THAT(error_of([] { load_dataset("json:rows.jsonl"); }),
              HasSubstr("Did you mean 'jsonl'?"));
  EXPECT_THAT(error_of([] { load_dataset("sub/dir:rows.jsonl"); }), HasSubstr("No such file"));
}

TEST(Formats, OtherEncodingsAreNamed) {
  using namespace std::string_literals;
  EXPECT_THAT(refusal("a.csv", "\xFF\xFEi\0d\0"s), HasSubstr("mark of UTF-16"));
  EXPECT_THAT(refusal("a.csv", "i\0d\0,\0t\0e\0x\0t\0\n\0"s), HasSubstr("UTF-16"));
  EXPECT_THAT(
      refusal("a.csv", "id,text\n1,<e1>a</e1> <e2>b</e2>\n2,<e1>\xD6k</e1> <e2>b</e2>\n"),
      AllOf(HasSubstr("a.csv:3"), HasSubstr("not UTF-8"), HasSubstr("0xD6"), HasSubstr("'Ö'")));
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"a.csv", "id,text\n1,<e1>\xD6k</e1> <e2>b</e2>\n"},
           {"a.jsonl", "{\"text\":\"<e1>\xD6k</e1> <e2>b</e2>\"}\n"},
           {"a.txt", "1\t\"<e1>\xD6k</e1> <e2>b</e2>\"\nOther\nComment:\n"},
           {"a.json",
            "{\"doc_key\":\"a\",\"sentence\":[\"\xD6k\"],\"ner\":[],\"relations\":[]}"}}) {
    EXPECT_THAT(refusal(name, text),
                AllOf(HasSubstr(name + (name == "a.csv" ? ":2" : ":1")),
                      HasSubstr("in Latin-1 and Windows-1252 it is 'Ö'"), Not(HasSubstr("FORMAT:")),
                      EndsWith("Save the file as UTF-8.")));
  }
}

}  // namespace
}  // namespace relatum::task
