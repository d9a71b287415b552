// What evaluate scores, warns of and refuses, through the program.
#include <fmt/format.h>

#include "app/workbench.h"

namespace relatum::testing {
namespace {

class Evaluate : public Workbench {
 protected:
  /// Rows that differ in their text and carry these labels; ids from 1.
  std::string gold(const std::vector<std::string>& labels) const {
    std::vector<json> rows;
    for (size_t i = 0; i < labels.size(); ++i) {
      rows.push_back(row(std::to_string(i + 1), "Rain met snow " + std::to_string(i) + ".", "Rain",
                         "snow", labels[i]));
    }
    return write_rows("gold.jsonl", rows);
  }
  std::string answers(const std::vector<std::string>& labels) const {
    std::string text;
    for (size_t i = 0; i < labels.size(); ++i) {
      text += std::to_string(i + 1) + "\t" + labels[i] + "\n";
    }
    return write("answers.tsv", text);
  }
  Arguments evaluate(const std::vector<std::string>& labels,
                     const std::vector<std::string>& answered, const Arguments& more = {}) const {
    return Arguments{"evaluate", "--data", gold(labels), "--predictions", answers(answered)} + more;
  }
};

const std::vector<std::string> kSemeval = {"Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)",
                                           "Message-Topic(e1,e2)", "Other"};

TEST_F(Evaluate, AStrayAnswerIsNamedAndChangesNoMeasure) {
  auto answered = kSemeval;
  const json right = json::parse(done(evaluate(kSemeval, answered, {"--json"})).out);
  EXPECT_EQ(right["official"]["name"], "semeval_macro");
  answered[3] = "Cause-Effect";
  const Outcome outcome = done(evaluate(kSemeval, answered, {"--json"}));
  EXPECT_THAT(outcome.err, HasSubstr("warning: 1 of 4 answers is a label that the gold does not "
                                     "have: 'Cause-Effect'."));
  const json figures = json::parse(outcome.out);
  EXPECT_EQ(figures["official"]["name"], "semeval_macro");
  EXPECT_LT(figures["official"]["f1"], right["official"]["f1"]);
  EXPECT_EQ(figures["per_label"].size(), 4u);
  EXPECT_EQ(figures["outside"], json({{"Cause-Effect", 1}}));
}

TEST_F(Evaluate, TheOfficialFigureMayBeNamed) {
  const auto named = [&](const std::string& name) {
    return evaluate(kSemeval, kSemeval, {"--json", "--official", name});
  };
  EXPECT_EQ(json::parse(done(named("macro")).out)["official"]["name"], "macro");
  EXPECT_EQ(run_program(named("f2")).status, 2);
  refused(evaluate(kLabels, kLabels, {"--official", "semeval_macro"}),
          {"--official semeval_macro", "tacred_micro"});
}

TEST_F(Evaluate, AUsualNameOfTheNegativeLabelGetsAHint) {
  const std::vector<std::string> labels = {"part-of", "None", "part-of", "None"};
  const std::vector<std::string> never(4, "None");
  const Outcome hinted = done(evaluate(labels, never, {"--json"}));
  EXPECT_THAT(hinted.err, HasSubstr("--negative 'None'"));
  const Outcome told = done(evaluate(labels, never, {"--json", "--negative", "None"}));
  EXPECT_EQ(told.err, "");
  EXPECT_EQ(json::parse(told.out)["official"]["f1"], 0);
  EXPECT_EQ(json::parse(told.out)["negative"], "None");
  refused(evaluate(labels, never, {"--negative", "NONE"}), {"--negative 'NONE'", "'None'"});
}

TEST_F(Evaluate, GoldLabelsThatAnInventoryLacksCountAsWrong) {
  write("labels.json", json({"part-of", "causes"}).dump());
  const Outcome outcome = done(evaluate({"part-of", "spouse", "causes"},
                                        {"part-of", "causes", "causes"},
                                        {"--json", "--labels", path("labels.json")}));
  const json figures = json::parse(outcome.out);
  EXPECT_EQ(figures["examples"], 3);
  EXPECT_DOUBLE_EQ(figures["accuracy"], 2.0 / 3);
  EXPECT_THAT(outcome.err, HasSubstr("warning: one gold label is not in the inventory: 'spouse'."));
}

TEST_F(Evaluate, RowsWithoutAGoldLabelAreCountedAndRefused) {
  auto rows = corpus();
  rows[3].erase("label");
  rows[5].erase("label");
  write_rows("rows.jsonl", rows);
  std::string text;
  for (const json& each : rows) text += each["id"].get<std::string>() + "\tpart-of\n";
  refused({"evaluate", "--data", path("rows.jsonl"), "--predictions", write("p.tsv", text)},
          {"2 of 10 examples have no gold label", "'4'", "line 4"});
}

TEST_F(Evaluate, DataAreNoAnswers) {
  const std::string rows = write_rows("rows.jsonl", corpus());
  refused({"evaluate", "--data", rows, "--predictions", rows}, {"--predictions", "rows.jsonl"});
}

TEST_F(Evaluate, TellsHowToCountLeftOutRows) {
  refused(evaluate({"a", "b"}, {"a"}),
          {"1 of 2 examples has no prediction: '2'", "--limit, --min-probability, --skip-negative",
           "--missing wrong"});
  refused(evaluate({"a"}, {"a", "b", "b"}), {"2 of 3 predictions have ids", "'2', '3'"});
}

TEST_F(Evaluate, NoAnswersAtAllMayCountAsWrong) {
  const Arguments none = {"evaluate", "--data", gold({"a", "b"}), "--predictions",
                          write("none.jsonl", "")};
  refused(none, {"none.jsonl holds no predictions", "--missing wrong"});
  const json figures = json::parse(done(none + Arguments{"--missing", "wrong", "--json"}).out);
  EXPECT_EQ(figures["accuracy"], 0);
  EXPECT_EQ(figures["missing"], 2);
  EXPECT_EQ(figures["unparsed"], 0);
}

TEST_F(Evaluate, OneOutputTakesOneForm) {
  refused(evaluate({"a"}, {"a"}, {"--json", "--report", "-"}), {"--json", "--report -"});
}

TEST_F(Evaluate, TheNegativeLabelIsReadAsLabelsAre) {
  const std::string composed = "caf\u00e9", written = " cafe\u0301 ";
  const Arguments given = {"--json", "--negative", written};
  const json figures = json::parse(done(evaluate({"a", composed}, {"a", composed}, given)).out);
  EXPECT_EQ(figures["negative"], composed);
  auto rows = corpus();
  for (json& each : rows) {
    if (each["label"] == "no_relation") each["label"] = composed;
  }
  write_rows("rows.jsonl", rows);
  done(extract("-", plain() + Arguments{"--skip-negative", "--negative", written}));
  done(finetune("run", {"--holdout", "2", "--negative", written}));
}

TEST_F(Evaluate, AnInventoryIsNamedWhereThereIsOne) {
  const std::string labels = write("labels.json", json({"a", "b"}).dump());
  EXPECT_THAT(done(evaluate({"a", "b"}, {"a", "c"}, {"--labels", labels})).err,
              HasSubstr("neither the gold nor the inventory has: 'c'"));
  refused(evaluate({"a", "b"}, {"a", "b"}, {"--labels", labels, "--negative", "x"}),
          {"--negative 'x'", "neither the gold nor the inventory has this label"});
  refused(evaluate({"a", "b"}, {"a", "b"}, {"--negative", "x"}),
          {"--negative 'x': the gold does not have this label. The labels are 'a', 'b'."});
}

TEST_F(Evaluate, PairsMayHaveSeveralLabels) {
  const std::string data = "crossre:" RELATUM_FIXTURES "/task/crossre.json";
  std::string text = "id,label\n";
  std::ifstream file(RELATUM_FIXTURES "/task/crossre.json");
  for (std::string line; std::getline(file, line);) {
    const json relation = json::parse(line)["relations"].back();  // the pair's last label
    text += fmt::format("{}:{}-{}:{}-{},{}\n", json::parse(line)["doc_key"].get<std::string>(),
                        relation[0].get<int>(), relation[1].get<int>(), relation[2].get<int>(),
                        relation[3].get<int>(), relation[4].get<std::string>());
  }
  const json figures = json::parse(
      done({"evaluate", "--data", data, "--predictions", write("p.csv", text), "--json"}).out);
  EXPECT_EQ(figures["official"]["name"], "macro");
  EXPECT_EQ(figures["examples"], 10);
  EXPECT_GT(figures["gold_labels"], 10);
  EXPECT_EQ(figures["accuracy"], 1.0);
  EXPECT_EQ(figures["metrics"]["micro_all"]["precision"], 1.0);
  EXPECT_DOUBLE_EQ(figures["metrics"]["micro_all"]["recall"],
                   10.0 / figures["gold_labels"].get<double>());
}

TEST_F(Evaluate, TheReportTellsWhereItsFiguresComeFrom) {
  const Arguments arguments = evaluate({"a", "b", "a"}, {"b", "b", "a"},
                                       {"--report", path("report.html")});
  write(
      "answers.tsv.run.json",
      json({{"model", "tiny-model"}, {"adapter", "runs/<mine>"}, {"time", "2026-01-31T12:00:00Z"}})
          .dump());
  EXPECT_EQ(done(arguments).err, "");
  const std::string page = read("report.html");
  for (const char* part :
       {"tiny-model", "runs/&lt;mine&gt;", "2026-01-31T12:00:00Z", "answers.tsv",
        "<mark class=\"head\">Rain</mark>", "Wrong answers: 1", "no run was named"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr("<td>semeval_macro")));
  refused(arguments, {"report.html", "--overwrite"});
  write("answers.tsv.run.json", "{");
  EXPECT_THAT(done(arguments + Arguments{"--overwrite"}).err, HasSubstr("warning: "));
  EXPECT_THAT(read("report.html"), Not(HasSubstr("tiny-model")));
}

TEST_F(Evaluate, TheRunIsShownWhereItIsNamed) {
  done(finetune("run", {"--holdout", "3"}));
  done(Arguments{"extract", "--adapter", path("run"), "--data", path("rows.jsonl"), "--out",
                 path("p.jsonl"), "--compute", "f32", "--threads", "1"});
  const Arguments named = {"evaluate",      "--data",    path("rows.jsonl"), "--predictions",
                           path("p.jsonl"), "--adapter", path("run")};
  const Outcome outcome = done(named + Arguments{"--json", "--report", path("report.html")});
  const json printed = json::parse(outcome.out);
  EXPECT_EQ(printed["run"]["status"], "done");
  EXPECT_EQ(printed["training"]["steps"], printed["run"]["steps"]);
  EXPECT_FALSE(printed["training"]["dev"].empty());
  EXPECT_THAT(done(named).out, HasSubstr("dev F1"));
  const std::string page = read("report.html");
  for (const char* part : {"Time and memory", "loss", "Records", "base_hash"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  refused(Arguments{"evaluate", "--data", path("rows.jsonl"), "--predictions", path("p.jsonl"),
                    "--adapter", path("nowhere"), "--report", path("other.html")},
          {"nowhere", "no run.json"});
  json record = json::parse(read("p.jsonl.run.json"));
  record["base_hash"] = "0000";
  write("p.jsonl.run.json", record.dump());
  refused(named + Arguments{"--report", path("other.html")}, {"another base model"});
}

TEST_F(Evaluate, RetrievedExamplesComeFromTheIndexThatIsNamed) {
  done(index("index"));
  const Arguments arguments = evaluate({"a", "b", "a"}, {"b", "b", "a"}, with_index());
  EXPECT_THAT(done(arguments + Arguments{"--report", path("report.html")}).err,
              HasSubstr("the index's nearest are taken"));
  for (const char* part : {"class=\"retrieved\"", "looked up for this page"}) {
    EXPECT_THAT(read("report.html"), HasSubstr(part));
  }
  EXPECT_THAT(done(arguments).err, HasSubstr("--index has no effect without --report"));
}

TEST_F(Evaluate, AReportTakesNoInputsPlace) {
  const Arguments arguments = evaluate({"a", "b"}, {"b", "b"}, {"--overwrite"});
  refused(arguments + Arguments{"--report", path("gold.jsonl")}, {"gold.jsonl"});
  refused(arguments + Arguments{"--report", path("answers.tsv")}, {"answers.tsv"});
}

TEST_F(Evaluate, TwoSystemsHaveAReport) {
  const std::string data = gold({"a", "b", "a"}), first = answers({"a", "b", "a"});
  const std::string second = write("other.tsv", "1\tb\n2\tb\n3\ta\n");
  const Arguments arguments = {"compare", "--data", data,       "--predictions",
                               first,     second,   "--report", path("compared.html")};
  EXPECT_EQ(done(arguments).err, "");
  for (const char* part : {"McNemar", "answers.tsv", "other.tsv", "\"kind\":\"comparison\""}) {
    EXPECT_THAT(read("compared.html"), HasSubstr(part));
  }
  refused(arguments, {"compared.html", "--overwrite"});
  done(arguments + Arguments{"--overwrite", "--json"});
  refused({"compare", "--data", data, "--predictions", first, second, "--json", "--report", "-"},
          {"--json", "--report -"});
}

}  // namespace
}  // namespace relatum::testing
