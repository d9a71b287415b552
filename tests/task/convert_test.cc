// Documents: which pairs they give, and that every written format gives them back whole.
#include "task/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "datasets/support.h"
#include "task/write_labelstudio.h"

namespace relatum::task {
namespace {

using ::testing::Contains;
using testing::documents_of;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::EndsWith;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

using testing::pairs_of;
using testing::Scratch;
using testing::told;

const std::string kDocuments =
    R"({"id":"d/1 %","text":"🍯 Ada  Lim\r\nand Bo run \"Pell\", Pell.","entities":[)"
    R"({"id":"e1","start":2,"end":10,"type":"A PERSON"},{"id":"e2","start":2,"end":5},)"
    R"({"id":"T9","start":16,"end":18,"type":"PER","cluster":"c"},)"
    R"({"id":"o","pieces":[[2,5],[24,28]],"type":"ORG","cluster":"c"},)"
    R"({"id":"alone","start":31,"end":35,"type":"ORG","probability":0.25},)"
    R"({"id":"lines","start":7,"end":15}],)"
    R"("relations":[)"
    R"({"head":"e1","tail":"o","label":"head of"},{"head":"e1","tail":"o","label":"owns"},)"
    R"~({"head":"o","tail":"T9","label":"x(e2,e1)","evidence":[[0,10]]},)~"
    R"({"head":"e2","tail":"e2","label":"self"}]})"
    "\n"
    R"({"id":"d2","text":"שלום לעולם","entities":[{"id":"T1","start":0,"end":4}],"relations":[]})"
    "\n"
    R"({"id":"d3","text":"Ada, Bo","entities":[{"id":"a","start":0,"end":3},{"id":"b","start":5,)"
    R"("end":7}]})"
    "\n"
    R"({"id":"p","text":"Ada met Bo","head":{"start":0,"end":3,"type":"P"},"tail":{"start":8,)"
    R"("end":10},"labels":["met","knows"]})"
    "\n"
    R"({"id":"q","text":"Ada met Bo.","head":{"start":0,"end":3,"type":"P"},"tail":{"start":8,)"
    R"("end":10},"label":"met"})"
    "\n";

std::vector<std::string> all_told(const std::string& spec) {
  std::vector<std::string> out;
  for (const Document& document : documents_of(spec)) out.push_back(told(document));
  return out;
}

/// Writes what a SPEC holds in a format; gives the SPEC of what was written.
std::string written(const std::string& spec, const std::string& to, const Scratch& scratch) {
  std::string text;
  const Put put = [&](std::string_view part) { text += part; };
  const std::string path = scratch.path("out." + to);
  std::unique_ptr<DocumentWriter> writer;
  if (to == "brat") {
    std::filesystem::create_directories(path);
    writer = brat_writer(path);
  } else {
    if (to == "labelstudio") writer = std::make_unique<LabelStudioWriter>(put);
    else if (to == "csv") writer = csv_writer(put, true);
    else writer = to == "tacred" ? tacred_writer(put) : jsonl_writer(put);
  }
  for (const Document& document : documents_of(spec)) writer->add(document);
  writer->finish();
  if (to != "brat") scratch.file("out." + to, text);
  return to + ":" + path;
}

TEST(Convert, EveryFormatGivesDocumentsBackWhole) {
  const Scratch scratch;
  const std::string source = scratch.file("a.jsonl", kDocuments);
  const std::vector<std::string> before = all_told(source);
  ASSERT_EQ(before.size(), 5u);
  for (const std::string& to : written_formats()) {
    const std::string other = written(source, to, scratch);
    const std::string back = written(other, "jsonl", scratch);
    std::vector<std::string> after = all_told(back);
    std::vector<std::string> expected = before;
    if (to == "csv") {  // its line ends are LF
      for (std::string& line : expected) {
        if (const size_t at = line.find("\r\n"); at != line.npos) line.erase(at, 1);
      }
    }
    if (to == "brat") std::sort(after.begin(), after.end());  // in the order of its files
    if (to == "brat") std::sort(expected.begin(), expected.end());
    EXPECT_THAT(after, ElementsAreArray(expected)) << to;
  }
}

TEST(Convert, JsonLinesKeepARelationsProbability) {
  const Scratch scratch;
  const std::string entities =
      R"("entities":[{"id":"T1","start":0,"end":3},{"id":"T2","start":4,"end":6}])";
  const auto row = [&](const std::string& id, const std::string& of) {
    return R"({"id":")" + id + R"(","text":"Ada Bo",)" + entities +
           R"(,"relations":[{"head":"T1","tail":"T2","label":"met")" + of;
  };
  const std::string source = scratch.file(
      "a.jsonl", row("d", R"(,"probability":0.75}]})") + "\n" +
                     row("p", R"(,"probability":0.5}],"pair":true})") + "\n" + row("q", "}]}") +
                     "\n");
  const std::vector<Document> back = documents_of(written(source, "jsonl", scratch));
  ASSERT_EQ(back.size(), 3u);
  EXPECT_EQ(back[0].relations.at(0).probability, 0.75);
  EXPECT_EQ(back[1].relations.at(0).probability, 0.5);
  EXPECT_TRUE(back[1].pair);
  EXPECT_FALSE(back[2].relations.at(0).probability);
  const std::string wrong = scratch.file("b.jsonl", row("d", R"(,"probability":1.5}]})") + "\n");
  EXPECT_THAT(error_of([&] { documents_of(wrong); }),
              HasSubstr("relation 1 has a probability of 1.5"));
}

TEST(Convert, PairsStayPairs) {
  const Scratch scratch;
  const std::string source = scratch.file(
      "a.csv",
      "id,text,head,tail,head_type,tail_type,label\n7,Ada runs Pell.,Ada,Pell,PER,,runs\n"
      "8,\"Ada, Bo\",Bo,Ada,,,knows\n");
  const std::vector<std::string> before = pairs_of(source);
  for (const char* to : {"jsonl", "csv"}) {
    EXPECT_EQ(pairs_of(written(source, to, scratch)), before) << to;
  }
  LoadOptions options;
  options.keep_unknown_labels = true;
  EXPECT_EQ(pairs_of(written(source, "tacred", scratch), options), before);
}

// Two labels, a text that looks marked, no label: what a plain row has no place for.
TEST(Convert, OfAPairNoOtherIsAskedWhateverItWentThrough) {
  const Scratch scratch;
  const std::string ends = R"("pair":true,"entities":[{"id":"T1","start":0,"end":3},)"
                           R"({"id":"T2","start":8,"end":10}])";
  const std::string source = scratch.file(
      "a.jsonl",
      R"({"id":"p","text":"Ada met Bo","head":"Ada","tail":"Bo","labels":["met","no_relation"]})"
      "\n"
      R"({"id":"q","text":"Ada met Bo <e1>",)" +
          ends + R"(,"relations":[{"head":"T1","tail":"T2","label":"met"}]})" + "\n" +
          R"({"id":"r","text":"Ada met Bo <e2>",)" + ends + "}\n");
  LoadOptions options;
  options.keep_unknown_labels = true;
  const std::vector<std::string> before = pairs_of(source, options);
  EXPECT_THAT(before, ElementsAre(::testing::StartsWith("p|"), ::testing::StartsWith("q|"),
                                  ::testing::StartsWith("r|")));
  for (const std::string& to : written_formats()) {
    const std::string other = written(source, to, scratch);
    EXPECT_THAT(pairs_of(other, options), ::testing::UnorderedElementsAreArray(before)) << to;
  }
}

TEST(Convert, APairToWhichSomethingWasAddedIsADocument) {
  const std::string row = R"({"id":"p","text":"Ada met Bo","pair":true,"entities":[)"
                          R"({"id":"T1","start":0,"end":3},{"id":"T2","start":8,"end":10})";
  const std::string met = R"(],"relations":[{"head":"T1","tail":"T2","label":"met")";
  EXPECT_THAT(testing::told_of("a.jsonl", row + met + "}]}"),
              ElementsAre(EndsWith("T1-met>T2 (pair)")));
  for (const std::string& added :
       {row + R"(,{"id":"T3","start":4,"end":7})" + met + "}]}",
        row + met + R"(},{"head":"T2","tail":"T1","label":"met"}]})",
        row + met + R"(,"evidence":[[0,3]]}]})", row + R"(],"relations":[]})",
        R"({"id":"p","text":"Ada","pair":true,"entities":[]})"s}) {
    EXPECT_THAT(testing::told_of("a.jsonl", added), ElementsAre(Not(HasSubstr("(pair)")))) << added;
  }
}

// Annotators know entities by the names that they have in brat.
TEST(Convert, EntitiesKeepTheirNamesInBrat) {
  const Scratch scratch;
  scratch.file("a.txt", "Ada met Bo and Cy.");
  scratch.file("a.ann",
               "T3\tPER 0 3\tAda\nT1\tPER 8 10\tBo\nT12\tPER 15 17\tCy\n"
               "R1\tmet Arg1:T3 Arg2:T1\t\n");
  written(scratch.path("a.ann"), "brat", scratch);
  EXPECT_EQ(read_file(scratch.path("out.brat/a.ann")), read_file(scratch.path("a.ann")));
  const std::string mixed = scratch.file(
      "m.jsonl",
      R"({"id":"m","text":"Ada met Bo","entities":[{"id":"e","start":0,"end":3},)"
      R"({"id":"T1","start":8,"end":10}],"relations":[{"head":"e","tail":"T1","label":"met"}]})");
  const Scratch other;
  const std::string again = written(mixed, "brat", other);
  const std::string lines = read_file(other.path("out.brat/m.ann"));
  EXPECT_THAT(lines, HasSubstr("T2\tEntity 0 3\tAda\n"));
  EXPECT_THAT(lines, HasSubstr("R1\tmet Arg1:T2 Arg2:T1"));
  EXPECT_EQ(testing::told(testing::documents_of(again)[0]),
            testing::told(testing::documents_of(mixed)[0]));
}

// brat's server reads no entity that reaches across a line's end: its own page cuts them there.
TEST(Convert, EntitiesAcrossLineEndsArePiecesInBrat) {
  const Scratch scratch;
  const std::string source = scratch.file(
      "a.jsonl",
      R"({"id":"a","text":"Rosa\r\n\tDelgado\n\n Pell met\nBo\tLi\u2028Ma \n","entities":[)"
      R"({"id":"T1","start":0,"end":21},{"id":"T2","start":26,"end":28},)"
      R"({"id":"T3","start":26,"end":31,"type":"P"},{"id":"T4","pieces":[[0,6],[22,25]]},)"
      R"({"id":"T5","pieces":[[24,29],[31,36]]},{"id":"T6","start":26,"end":36}],"relations":[]})"
      "\n");
  const std::string before = told(documents_of(source)[0]);
  const std::string spec = written(source, "brat", scratch);
  EXPECT_EQ(told(documents_of(spec)[0]), before);
  std::string lines = read_file(scratch.path("out.brat/a.ann"));
  for (const char* line :
       {"T1\tEntity 0 4;7 14;17 21\tRosa Delgado Pell\n", "T2\tEntity 26 28\tBo\n",
        "T3\tP 26 31\tBo\tLi\n", "T4\tEntity 0 4;22 25\tRosa met\n"}) {
    EXPECT_THAT(lines, HasSubstr(line));
  }
  // What was moved since stays where it is.
  const std::string moved = "T1\tEntity 0 4;7 14\tRosa Delgado\n";
  lines.replace(lines.find("T1\t"), lines.find('\n', lines.find("T1\t")) + 1 - lines.find("T1\t"),
                moved);
  scratch.file("out.brat/a.ann", lines);
  EXPECT_THAT(told(documents_of(spec)[0]), HasSubstr(" T1=Rosa…Delgado: "));
}

TEST(Convert, LabelsThatTacredLacksAreTold) {
  const auto remarks = [](const std::string& label) {
    const auto writer = tacred_writer([](std::string_view) {});
    writer->add(document_of({"1", "Ada met Bo", {0, 3, ""}, {8, 10, ""}, label, 1}));
    return writer->remarks();
  };
  EXPECT_THAT(remarks("met"), ElementsAre(HasSubstr("1 label is not of TACRED's 42, such as "
                                                    "'met': name all labels with --labels")));
  EXPECT_THAT(remarks("per:title"), ::testing::IsEmpty());
}

TEST(Convert, EvidenceStays) {
  const Scratch scratch;
  const std::string source = scratch.file("a.jsonl", kDocuments);
  for (const std::string& to : written_formats()) {
    std::vector<Piece> evidence;
    for (const Document& document : documents_of(written(source, to, scratch))) {
      for (const Relation& relation : document.relations) {
        evidence.insert(evidence.end(), relation.evidence.begin(), relation.evidence.end());
      }
    }
    EXPECT_EQ(evidence, (std::vector<Piece>{{0, 10}})) << to;
  }
}

const std::string kSmall =
    R"({"id":"d","text":"Ada runs Pell with Bo.","entities":[{"id":"a","start":0,"end":3},)"
    R"({"id":"p","start":9,"end":13},{"id":"b","start":19,"end":21}],"relations":[{"head":"a",)"
    R"("tail":"p","label":"runs"},{"head":"a","tail":"p","label":"owns"})";

TEST(Pairs, NegativesAreAskedForOrShowInTheLabels) {
  const Scratch scratch;
  const std::string plain = scratch.file("a.jsonl", kSmall + "]}\n");
  EXPECT_THAT(pairs_of(plain), ElementsAre("d:a:p|<e1>Ada</e1> runs <e2>Pell</e2> with Bo.|>|"
                                           "runs+owns"));
  EXPECT_EQ(pairs_of(plain + "?negative=none").size(), 6u);
  LoadOptions options;
  options.labels = Labels({"runs", "owns", "no_relation"});
  EXPECT_EQ(pairs_of(plain, options).size(), 6u);
  const std::string shown = scratch.file(
      "b.jsonl", kSmall + R"(,{"head":"b","tail":"p","label":"no_relation"}]})"
                          "\n");
  EXPECT_EQ(pairs_of(shown).size(), 6u);
  const std::string directed = scratch.file(
      "c.jsonl", kSmall + R"~(,{"head":"p","tail":"b","label":"x(e2,e1)"}]})~"
                          "\n");
  EXPECT_EQ(pairs_of(directed + "?negative=Other").size(), 3u) << "a pair is asked once";
}

TEST(Pairs, ThoseThatNoLabelIsForAreKnownToBeLeftOut) {
  const Scratch scratch;
  const std::string plain = scratch.file("a.jsonl", kSmall + "]}\n");
  EXPECT_TRUE(load_dataset(plain).unrelated_left_out);
  EXPECT_FALSE(load_dataset(plain + "?negative=none").unrelated_left_out);
  const std::string both_ways = scratch.file(
      "b.jsonl",
      R"({"text":"Ada, Bo, who is far from here, and Cy","entities":[{"id":"a","start":0,"end":3},)"
      R"({"id":"b","start":5,"end":7},{"id":"c","start":35,"end":37}],"relations":[)"
      R"({"head":"a","tail":"b","label":"x"},{"head":"b","tail":"a","label":"x"}]})"
      "\n");
  EXPECT_TRUE(load_dataset(both_ways).unrelated_left_out);
  EXPECT_FALSE(load_dataset(both_ways + "?window=20").unrelated_left_out) << "too far apart";
}

TEST(Pairs, AreTheSameOfDocumentsInEachForm) {
  const Scratch scratch;
  const std::string plain = scratch.file("a.jsonl", kSmall + "]}\n");
  LoadOptions options;
  options.keep_unknown_labels = true;
  const std::vector<std::string> before = pairs_of(plain + "?negative=none", options);
  for (const std::string& to : written_formats()) {
    auto pairs = pairs_of(written(plain, to, scratch) + "?negative=none", options);
    EXPECT_THAT(pairs, ::testing::UnorderedElementsAreArray(before)) << to;
  }
  const std::string pair = scratch.file("b.jsonl",
                                        R"({"text":"Ada met Bo","head":"Ada","tail":"Bo"})"
                                        "\n" +
                                            kSmall + "]}\n");
  EXPECT_THAT(error_of([&] { pairs_of(pair + "?negative=none"); }),
              HasSubstr("the file begins with a pair"));
  EXPECT_EQ(pairs_of(pair).size(), 2u);
}

TEST(Pairs, UnlabelledDocumentsAskAllPairs) {
  const Scratch scratch;
  const std::string path = scratch.file(
      "a.jsonl", R"({"text":"Ada, Bo","entities":[{"id":1,"start":0,"end":3},{"id":2,"start":5,)"
                 R"("end":7}]})"
                 "\n");
  EXPECT_THAT(pairs_of(path), ElementsAre("1:1:2|<e1>Ada</e1>, <e2>Bo</e2>|>|",
                                          "1:2:1|<e2>Ada</e2>, <e1>Bo</e1>|>|"));
}

TEST(Pairs, AWindowCutsTheTextAndLeavesOutWhatIsFarther) {
  const Scratch scratch;
  const std::string far = "Ada " + std::string(300, 'x') + " Pell";
  const std::string path = scratch.file(
      "a.jsonl",
      R"({"id":"d","text":"one two three Ada runs Pell four five six seven eight","entities":[)"
      R"({"id":"a","start":14,"end":17},{"id":"p","start":23,"end":27}],"relations":[{"head":"a",)"
      R"("tail":"p","label":"runs"}]})"
      "\n"
      R"({"id":"e","text":")" +
          far +
          R"(","entities":[{"id":"a","start":0,"end":3},{"id":"p","start":305,"end":309}],)"
          R"("relations":[{"head":"a","tail":"p","label":"runs"}]})"
          "\n");
  EXPECT_THAT(pairs_of(path + "?window=30"),
              ElementsAre("d:a:p|three <e1>Ada</e1> runs <e2>Pell</e2> four|>|runs"));
  EXPECT_THAT(load_dataset(path + "?window=30").warnings,
              Contains(HasSubstr("farther apart than the window")));
  EXPECT_THAT(error_of([&] {
                const std::string pair = scratch.file("b.csv", "text,head,tail\na b,a,b\n");
                load_dataset(pair + "?window=30");
              }),
              HasSubstr("window= and negative= are for documents"));
}

TEST(Pairs, ADocumentOfTooManyIsRefused) {
  std::string text, entities;
  for (int i = 0; i < 3000; ++i) {
    text += "abc ";
    entities += (i ? "," : "") + (R"({"id":)" + std::to_string(i)) + R"(,"start":)" +
                std::to_string(4 * i) + R"(,"end":)" + std::to_string(4 * i + 3) + "}";
  }
  const Scratch scratch;
  const std::string path = scratch.file(
      "a.jsonl", R"({"id":"d","text":")" + text + R"(","entities":[)" + entities + "]}\n");
  EXPECT_THAT(error_of([&] { load_dataset(path); }), HasSubstr("write ?window=300"));
}

TEST(Documents, AreRefusedWithTheirPlace) {
  for (
      const auto& [row, sentence] : std::vector<std::pair<std::string, std::string>>{
          {R"({"text":"a b","entities":[{"id":1,"start":0,"end":9}]})", "reaches from 0 to 9"},
          {R"({"text":"a b","entities":[{"id":1,"start":1,"end":1}]})", "is empty"},
          {R"({"text":"a b","entities":[{"id":1,"start":1,"end":2}]})", "is blank"},
          {R"({"text":"a b","entities":[{"start":0,"end":1}]})", "an entity has no id"},
          {R"({"text":"a b","entities":[{"id":1,"start":0,"end":1,"text":"b"}]})",
           "and the row says 'b'"},
          {R"({"text":"a b","entities":[{"id":1,"start":0,"end":1},{"id":1,"start":2,"end":3}]})",
           "two entities have the id '1'"},
          {R"({"text":"a b","entities":[],"relations":[{"head":1,"tail":2,"label":"x"}]})",
           "names an entity '1'"},
          {R"({"text":"a","entities":[{"id":1,"start":0,"end":1}],"relations":[{"head":1,"tail":1,)"
           R"("label":" "}]})",
           "has no label"}}) {
    EXPECT_THAT(testing::refusal_of("a.jsonl", row), HasSubstr(sentence)) << row;
    EXPECT_THAT(testing::refusal_of("a.jsonl", row), HasSubstr("a.jsonl:1: ")) << row;
  }
}

TEST(Documents, OfTablesAreRefusedOnTheirOwnLine) {
  const std::string text =
      "id,text,label,document,head_id,tail_id,entities,evidence\n"
      "a,Ada,,a,,,\"[{\"\"id\"\":\"\"x\"\",\"\"start\"\":0,\"\"end\"\":9}]\",\n"
      "b,Bo,,b,,,\"[{\"\"id\"\":\"\"x\"\",\"\"start\"\":0,\"\"end\"\":2}]\",\n";
  const std::string error = testing::refusal_of("a.csv", text);
  EXPECT_THAT(error, HasSubstr("a.csv:2: document 'a': entity 'x' reaches from 0 to 9"));
  EXPECT_THAT(error, ::testing::Not(HasSubstr("a.csv:3")));
}

TEST(Documents, ABadRowOfTacredsFormTakesNoOtherAlong) {
  const Scratch scratch;
  const std::string path = scratch.file(
      "a.json",
      R"([{"docid":"a","token":["Ada"],"entities":[{"id":"x","start":0,"end":3}]},)"
      R"({"docid":"b","token":["Bo"],"entities":[{"id":"x","start":0,"end":2}],"subj_id":"x"},)"
      R"({"id":"c","token":["Bo"]}])");
  const auto documents = documents_of("tacred:" + path, true);
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(told(documents[0]), "a: x=Ada:");
}

}  // namespace
}  // namespace relatum::task
