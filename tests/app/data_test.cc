// relatum data and convert: what they print, what they write, and what they refuse.
#include "app/workbench.h"
#include "task/dataset.h"
#include "task/spec.h"

namespace relatum::testing {
namespace {

const std::string kFixtures = std::string(RELATUM_FIXTURES) + "/task/";

class Data : public Workbench {
 protected:
  json summary(const std::string& spec, const Arguments& more = {}) const {
    return json::parse(done(Arguments{"data", spec, "--json"} + more).out);
  }
};

TEST_F(Data, CountsAndSaysWhatTheFileWasTakenFor) {
  const json told = summary(kFixtures + "labelstudio.json", {"--model", kModel});
  EXPECT_EQ(told["format"], "labelstudio");
  EXPECT_EQ(told["documents"], 10);
  EXPECT_EQ(told["entities"], 20);
  EXPECT_EQ(told["relations"], 10);
  EXPECT_EQ(told["examples"], 10);
  EXPECT_EQ(told["labels"][0]["label"], "Other");
  EXPECT_EQ(told["labels"][0]["count"], 4);
  EXPECT_GT(told["tokens"]["max"], 0);
  const Outcome text = done({"data", kFixtures + "brat"});
  EXPECT_THAT(text.out, HasSubstr("brat (as its content shows"));
  EXPECT_THAT(text.out, HasSubstr("THING to THING"));
}

TEST_F(Data, CountsTheEntitiesOfEachType) {
  const std::string rows = write(
      "typed.jsonl",
      R"({"id":"a","text":"Ada runs Pell in Garth","entities":[)"
      R"({"id":"1","start":0,"end":3,"type":"PERSON"},{"id":"2","start":9,"end":13,"type":"ORG"},)"
      R"({"id":"3","start":17,"end":22}],"relations":[{"head":"1","tail":"2","label":"runs"}]})"
      "\n"
      R"({"id":"b","text":"Bo met Ada","entities":[{"id":"1","start":0,"end":2,"type":"PERSON"}],)"
      R"("relations":[]})"
      "\n");
  EXPECT_EQ(summary(rows)["entity_types"], json({{"PERSON", 2}, {"ORG", 1}, {"", 1}}));
  const std::string text = done({"data", rows}).out;
  EXPECT_THAT(text, HasSubstr("types      3\n         2  PERSON\n         1  -\n"));
  EXPECT_TRUE(summary(path("rows.jsonl"))["entity_types"].empty());
}

TEST_F(Data, SaysWhatIsWrong) {
  const std::string rows = write(
      "a.jsonl", R"({"id":1,"text":"Ada runs Pell","head":"Ada","tail":"Pell","label":"head of"})"
                 "\n"
                 R"({"id":2,"text":"Ada runs Pell","head":"Ada","tail":"Pell","label":"head_of"})"
                 "\n"
                 R"({"id":3,"text":"Ada runs Pell","head":"Ada","tail":"Pell","label":"head of"})"
                 "\n"
                 R"({"id":4,"text":"Ada runs Pell","head":{"start":1,"end":3},"tail":"Pell"})"
                 "\n"
                 R"({"id":5,"text":"Ada runs Pell","head":"Bo","tail":"Pell"})"
                 "\n");
  const std::string other = write(
      "b.jsonl", R"({"id":3,"text":"Bo runs Pell","head":"Bo","tail":"Pell","label":"x"})"
                 "\n"
                 R"({"id":9,"text":"ada  runs pell","head":"ada","tail":"pell","label":"x"})"
                 "\n");
  const json told = summary(rows, {"--against", other});
  EXPECT_EQ(told["examples"], 4);
  EXPECT_EQ(told["without_label"], 1);
  EXPECT_EQ(told["contrary"]["first"][0]["line"], 2);
  EXPECT_EQ(told["repeated"]["first"][0]["line"], 3);
  EXPECT_EQ(told["cut_words"]["first"][0]["line"], 4);
  EXPECT_EQ(told["bad_rows"]["count"], 1);
  EXPECT_EQ(told["bad_rows"]["first"][0]["line"], 5);
  EXPECT_EQ(told["alike_labels"].dump(), R"([["head of","head_of"]])");
  EXPECT_EQ(told["overlap"][0]["ids"], 1);
  EXPECT_EQ(told["overlap"][0]["texts"], 1);
  const std::string text = done({"data", rows}).out;
  for (const char* fault : {"within a word", "repeat an earlier row", "contradict"}) {
    const size_t at = text.find(fault);
    EXPECT_NE(at, text.npos) << fault;
    EXPECT_EQ(text.find(fault, at + 1), text.npos) << fault << " is said once";
  }
}

TEST_F(Data, ConvertWritesEachFormAndBack) {
  const std::string first = path("first.jsonl");
  done({"convert", kFixtures + "webanno.tsv", "--to", "jsonl", "--out", first});
  fs::create_directories(path("out.brat.part/mine"));  // of somebody else
  for (const std::string form : {"jsonl", "tacred", "csv", "brat", "labelstudio"}) {
    const std::string out = path("out." + form), back = path("back." + form + ".jsonl");
    done({"convert", first, "--to", form, "--out", out});
    done({"convert", form + ":" + out, "--to", "jsonl", "--out", back});
    EXPECT_EQ(contents(back), contents(first)) << form;
  }
  EXPECT_TRUE(fs::exists(path("out.brat.part/mine")));
  EXPECT_THAT(contents(path("out.brat/annotation.conf")), HasSubstr("[relations]"));
  for (const std::string& name : listing()) EXPECT_THAT(name, Not(::testing::EndsWith(".tmp")));
}

TEST_F(Data, ConvertRefusesWhatItCannotKeep) {
  const std::string rows = path("rows.jsonl");
  refused({"convert", rows, "--to", "jsonl", "--out", rows}, {"rows.jsonl"});
  refused({"convert", rows, "--to", "brat", "--out", folder_.path().string()}, {"not empty"});
  refused({"convert", rows, "--to", "brat", "--out", path("new"), "--overwrite"}, {"new folder"});
  refused({"convert", rows, "--to", "brat", "--out", "-"}, {"new folder"});
  refused({"convert", rows, "--to", "labelstudio", "--out", path("t.xml")}, {".json"});
  write("t.xml", "mine");
  refused({"convert", rows, "--to", "labelstudio", "--out", path("t.json")}, {"t.xml"});
  refused({"convert", "prodigy:" + rows, "--to", "jsonl", "--out", path("x")}, {"rows.jsonl"});
  refused({"data", "-"}, {"Name a file"});
  const std::string wrong = write("w.json",
                                  R"([{"id":1,"data":{"text":"Ada"},"annotations":[5]}])");
  refused({"data", wrong}, {"taken for labelstudio", "FORMAT:"});
}

TEST_F(Data, HelpListsFormatsAndParts) {
  for (const char* command : {"data", "convert"}) {
    const std::string help = done({command, "--help"}).out;
    for (const task::DatasetFormat* format : task::dataset_formats()) {
      EXPECT_THAT(help, HasSubstr("\n  " + std::string(format->name) + " "));
    }
    for (const char* part : {"limit=N", "sample=N", "seed=N", "offsets=HOW"}) {
      EXPECT_THAT(help, HasSubstr(std::string("\n  ") + part + " "));
    }
    const bool pairs = command == std::string("data");
    EXPECT_EQ(help.find("\n  window=N ") != help.npos, pairs);
    EXPECT_EQ(help.find("\n  negative=LABEL ") != help.npos, pairs);
  }
  for (const task::SpecPart& part : task::spec_parts()) {
    const std::string value = part.value == "N"          ? "30"
                              : part.value == "HOW"      ? "utf16"
                              : part.value == "marked"   ? "marked"
                              : part.value == "N:LABELS" ? "3:x"
                                                         : "x";
    EXPECT_EQ(task::parse_spec("a?" + part.name + "=" + value).path, "a") << part.name;
  }
  refused({"convert", path("rows.jsonl") + "?window=300", "--to", "csv", "--out", path("x")},
          {"window=", "written whole"});
}

TEST_F(Data, TypesOfTrainingRowsStayWithTheRun) {
  auto rows = corpus();
  for (json& row : rows) {
    row["head"]["type"] = "A";
    row["tail"]["type"] = "B";
  }
  const std::string typed = write_rows("typed.jsonl", rows);
  done(Arguments{"finetune", "--model", kModel, "--train", typed, "--prompt", path("plain.txt"),
                 "--out", path("run"), "--epochs", "1", "--compute", "f32", "--threads", "1"});
  const json types = json::parse(contents(path("run/types.json")));
  EXPECT_EQ(types["pairs"][0]["head"], "A");
  const std::string given = write("only.json", R"({"pairs":[{"head":"A","tail":"B","labels":[)" +
                                                   rows[0]["label"].dump() + "]}]}");
  done(Arguments{"extract", "--adapter", path("run"), "--data", typed, "--out", path("p.jsonl"),
                 "--types", given, "--compute", "f32", "--threads", "1"});
  for (const json& row : read_rows("p.jsonl")) {
    EXPECT_TRUE(row["label"] == rows[0]["label"] || row["label"] == "no_relation") << row;
  }
  refused(extract("q.jsonl", plain() + Arguments{"--constrain-types"}), {"types.json", "--types"});
  for (const auto& [text, sentence] : std::vector<std::pair<std::string, std::string>>{
           {R"({"pairs":[{"head":"A","tail":"B","labels":["nosuch"]}]})", "'nosuch'"},
           {R"({"pairs":[]})", "no pair of types"}}) {
    const std::string wrong = write("wrong.json", text);
    refused({"extract", "--adapter", path("run"), "--data", typed, "--out", path("q.jsonl"),
             "--types", wrong},
            {"wrong.json", sentence});
  }
}

}  // namespace
}  // namespace relatum::testing
