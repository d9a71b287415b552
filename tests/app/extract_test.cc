// Extraction under a user's hands: outputs, what the run keeps, and rows that need no gold label.
#include <algorithm>

#include "app/workbench.h"

namespace relatum::testing {
namespace {

class Extract : public Workbench {
 protected:
  // An adapter with plain.txt as its style.
  void train(const Arguments& more = {}) const { done(finetune("run", more)); }
  Arguments by_run(const Arguments& more = {}) const {
    return Arguments{"extract",   "--adapter", path("run"), "--data", path("rows.jsonl"),
                     "--compute", "f32",       "--threads", "1"} +
           more;
  }
  std::vector<json> scores(const Arguments& arguments) const {
    return json_lines(done(arguments + Arguments{"--scores"}).out);
  }
};

TEST_F(Extract, AnswersOnStandardOutputWithNothingButTheRun) {
  train();
  const Outcome outcome = done(by_run());
  EXPECT_EQ(json_lines(outcome.out).size(), 10u);
  done(by_run({"--out", path("p.jsonl")}));
  EXPECT_EQ(read("p.jsonl"), outcome.out);
  EXPECT_EQ(done(by_run({"--out", "-"})).out, outcome.out);
}

TEST_F(Extract, NeverWritesOverWhatItReads) {
  train();
  fs::create_symlink(path("rows.jsonl"), path("link.jsonl"));
  fs::create_hard_link(path("rows.jsonl"), path("hard.jsonl"));
  for (const char* name : {"rows.jsonl", "link.jsonl", "hard.jsonl", "./rows.jsonl"}) {
    refused(by_run({"--out", path(name), "--overwrite"}), {"a file that this command reads"});
  }
  refused(Arguments{"extract", "--adapter", path("run"), "--data",
                    "jsonl:" + path("rows.jsonl") + "?limit=2", "--out", path("rows.jsonl"),
                    "--overwrite"},
          {"a file that this command reads"});
  refused(by_run({"--out", path("run/labels.json"), "--overwrite"}), {"labels.json is a file of"});
  refused(prepare("rows.jsonl", plain() + Arguments{"--overwrite"}), {"this command reads"});
}

TEST_F(Extract, ReplacesAnOutputOnlyWhenAsked) {
  write("p.jsonl", "mine\n");
  refused(extract("p.jsonl", plain()), {"p.jsonl already exists", "--overwrite"});
  EXPECT_EQ(read("p.jsonl"), "mine\n");
  done(extract("p.jsonl", plain() + Arguments{"--overwrite"}));
  EXPECT_EQ(read_rows("p.jsonl").size(), 10u);
  done(index("index"));
  refused(index("index"), {"already exists", "--overwrite"});
  done(index("index", {"--overwrite"}));
}

TEST_F(Extract, AStyleIsItsText) {
  train();
  const auto before = scores(by_run());
  // Edited, renamed, gone: the run has its own copy.
  const std::string text = read("plain.txt");
  write("plain.txt", "Something else: {{text}}");
  EXPECT_EQ(scores(by_run()), before);
  refused(by_run({"--prompt", path("plain.txt")}), {"another text of that name", "--force"});
  write("copy.txt", "\xEF\xBB\xBF" + std::string("{{text}}\r\n{{head}} and {{tail}}:\r\n"));
  EXPECT_EQ(scores(by_run({"--prompt", path("copy.txt")})), before);
  fs::remove(path("plain.txt"));
  EXPECT_EQ(scores(by_run()), before);
  write("other.txt", text + " {{head}}");
  refused(by_run({"--prompt", path("other.txt")}), {"prompt style", "--force"});
  done(by_run({"--prompt", path("other.txt"), "--force"}));
}

TEST_F(Extract, AsksForTheWordsThatWereTrained) {
  Arguments training = finetune("run");
  *(std::find(training.begin(), training.end(), "--prompt") + 1) = "roles-nolist";
  done(training);
  const json words = json::parse(read("run/answers.json"));
  EXPECT_EQ(words["causes(e1,e2)"], "causes");
  EXPECT_EQ(words["part-of"], "part of");
  // An inventory of the user's: known labels keep their words, one that collides gets its name.
  write("labels.json", R"(["part of it", "part-of", "part_of"])");
  const Outcome outcome = done(by_run({"--labels", path("labels.json"), "--scores"}));
  EXPECT_THAT(outcome.err, HasSubstr("the adapter was not trained on 2 of the 3 labels, such as"));
  for (const json& each : json_lines(outcome.out)) {
    const std::string label = each["label"];
    EXPECT_EQ(each["answer"], label == "part-of" ? "part of" : label);
  }
}

TEST_F(Extract, NeedsNoGoldLabel) {
  train();
  auto rows = corpus();
  rows[0]["label"] = "/people/person/spouse";
  rows[1]["label"] = "";
  rows[2].erase("label");
  write_rows("gold.jsonl", rows);
  for (json& each : rows) each.erase("label");
  write_rows("bare.jsonl", rows);
  const auto answers = [&](const char* name) {
    return done(Arguments{"extract", "--adapter", path("run"), "--data", path(name), "--compute",
                          "f32", "--threads", "1"});
  };
  const Outcome gold = answers("gold.jsonl");
  EXPECT_EQ(gold.out, answers("bare.jsonl").out);
  EXPECT_THAT(gold.err, HasSubstr("1 of 10 examples has a label that the adapter cannot answer"));
}

TEST_F(Extract, ARowThatIsTooLongIsNamedAndCanBeLeftOut) {
  train();
  auto rows = corpus();
  std::string page = "Rain made the road wet.";
  for (int i = 0; i < 200; ++i) page += " And it rained on.";
  rows[4] = row("page", page, "Rain", "road", kLabels[0]);
  write_rows("long.jsonl", rows);
  const Arguments extraction{"extract",   "--adapter", path("run"), "--data", path("long.jsonl"),
                             "--compute", "f32",       "--threads", "1"};
  refused(extraction, {"long.jsonl:5", "example 'page'", "--skip-bad-rows"});
  const Outcome outcome = done(extraction + Arguments{"--skip-bad-rows"});
  const auto answers = json_lines(outcome.out);
  ASSERT_EQ(answers.size(), 10u);
  EXPECT_TRUE(answers[4]["label"].is_null());
  EXPECT_THAT(outcome.err, HasSubstr("This row is too long and gets null as its answer."));
}

TEST_F(Extract, UsesTheRunsIndexUnlessToldNotTo) {
  done(index("index"));
  Arguments training = finetune("run", with_index());
  *(std::find(training.begin(), training.end(), "--prompt") + 1) = write(
      "maybe.txt", "{{#example}}{{example_text}} {{example_label}}\n{{/example}}{{text}}:");
  done(training);
  const auto with = json_lines(done(by_run()).out);
  ASSERT_EQ(with.size(), 10u);
  EXPECT_EQ(with[0]["neighbours"].size(), 1u);
  const Outcome without = done(by_run({"--no-index"}));
  ASSERT_EQ(json_lines(without.out).size(), 10u);
  EXPECT_EQ(json_lines(without.out)[0]["neighbours"].size(), 0u);
  // Named relative to the working directory of the training, which is another one now.
  json record = json::parse(read("run/run.json"));
  record["index"] = "elsewhere/index";
  write("run/run.json", record.dump());
  EXPECT_EQ(json_lines(done(by_run()).out)[0]["neighbours"].size(), 1u);
  // Both were moved.
  fs::create_directories(path("moved"));
  fs::rename(path("run"), path("moved/run"));
  fs::rename(path("index"), path("moved/index"));
  const Arguments moved{"extract",   "--adapter", path("moved/run"), "--data", path("rows.jsonl"),
                        "--compute", "f32",       "--threads",       "1"};
  EXPECT_EQ(json_lines(done(moved).out)[0]["neighbours"].size(), 1u);
  auto fewer = corpus();
  fewer.resize(8);
  write_rows("rows.jsonl", fewer);
  done(index("moved/index", {"--overwrite"}));
  refused(moved, {path("moved/run"), "has changed", "--no-index"});
  fs::remove_all(path("moved/index"));
  refused(moved, {path("moved/run"), "is not at", "--no-index"});
  done(moved + Arguments{"--no-index"});
}

TEST_F(Extract, WritesTablesAndTriples) {
  train();
  done(by_run({"--out", path("p.csv")}));
  EXPECT_TRUE(read("p.csv").starts_with("id,label,probability,answer,head,tail,text\n"));
  const Outcome triples = done(by_run({"--format", "triples", "--skip-negative"}));
  EXPECT_TRUE(triples.out.starts_with("head\trelation\ttail\tprobability\tid\n"));
  EXPECT_THAT(triples.out, Not(HasSubstr("no_relation")));
  EXPECT_EQ(done(by_run({"--format", "tsv", "--min-probability", "1"})).out,
            "id\tlabel\tprobability\tanswer\thead\ttail\ttext\n");
  refused(by_run({"--format", "csv", "--scores"}), {"--scores needs --format jsonl"});
  const Outcome figures = done(
      {"evaluate", "--data", path("rows.jsonl"), "--predictions", path("p.csv")});
  EXPECT_THAT(figures.out, HasSubstr("10"));
}

TEST_F(Extract, RowsNameOneOfSeveralAdapters) {
  done(finetune("one"));
  done(finetune("two", {"--seed", "2"}));
  auto rows = corpus();
  for (size_t i = 0; i < rows.size(); ++i) rows[i]["adapter"] = i % 2 ? "b" : "a";
  write_rows("rows.jsonl", rows);
  const Arguments both{"--adapter", "a=" + path("one"), "--adapter", "b=" + path("two")};
  const Arguments asked{"extract",   "--data", path("rows.jsonl"), "--compute", "f32",
                        "--threads", "1"};
  const Outcome outcome = done(asked + both);
  const auto answers = json_lines(outcome.out);
  ASSERT_EQ(answers.size(), 10u);
  EXPECT_EQ(answers[3]["adapter"], "b");
  EXPECT_THAT(outcome.err, HasSubstr("2 adapters beside one base take "));
  // Rows on a pipe, and an output that is read again.
  const Arguments piped{"extract", "--data", "-", "--compute", "f32", "--threads", "1"};
  EXPECT_EQ(json_lines(done(piped + both, {.input = read("rows.jsonl")}).out).size(), 10u);
  done(asked + both + Arguments{"--out", path("p.tsv")});
  EXPECT_THAT(done({"inspect", path("p.tsv")}).out, HasSubstr("predictions"));
  done({"evaluate", "--data", path("rows.jsonl"), "--predictions", path("p.tsv")});
  refused(asked + both + Arguments{"--out", path("two/run.json"), "--overwrite"},
          {"run.json is a file of"});
  refused(asked + Arguments{"--adapter", path("one"), "--adapter", path("two")},
          {"of several adapters each needs a name"});
  refused(asked + both + Arguments{"--adapter", "a=" + path("two")}, {"'a' is given twice"});
  refused(asked + Arguments{"--adapter", "c=" + path("two")},
          {"rows.jsonl:1: adapter 'a' is unknown", "Use c"});
  refused(asked + Arguments{"--adapter", "a=" + path("three"), "--adapter", "b=" + path("two")},
          {"there is no adapter at " + path("three")});
}

TEST_F(Extract, TellsWhatHasNoEffect) {
  EXPECT_THAT(done(extract("p.jsonl", plain() + Arguments{"--neighbours", "3"})).err,
              HasSubstr("--neighbours has no effect without --index"));
  refused(by_run(), {"there is no adapter at"});
}

TEST_F(Extract, TellsFilesThatAreNotTheRunsOwn) {
  Arguments training = finetune("run");
  *(std::find(training.begin(), training.end(), "--prompt") + 1) = "roles-nolist";
  done(training);
  *(std::find(training.begin(), training.end(), "--out") + 1) = path("other");
  done(training + Arguments{"--seed", "2"});
  const std::string before = done(by_run()).out;
  const std::map<std::string, std::string> changes = {
      {"labels.json", R"x(["part-of", "causes(e1,e2)", "causes(e2,e1)", "no_relation"])x"},
      {"answers.json", read("run/answers.json") + " "},
      {"adapter_config.json", read("run/adapter_config.json") + " "},
      {"adapter_model.safetensors", read("other/adapter_model.safetensors")}};
  for (const auto& [name, text] : changes) {
    const std::string own = read("run/" + name);
    write("run/" + name, text);
    refused(by_run(), {name, "is not what the run wrote", "--force"});
    EXPECT_THAT(done(by_run({"--force"})).err, HasSubstr(name + " is not what the run wrote"));
    fs::remove(path("run/" + name));
    refused(by_run(), {name, "is missing"});
    write("run/" + name, own);
  }
  EXPECT_EQ(done(by_run()).out, before);
  json record = json::parse(read("run/run.json"));
  record["files"]["../other/labels.json"] = "0";
  write("run/run.json", record.dump());
  refused(by_run(), {"run.json", "'files' names ../other/labels.json"});
}

TEST_F(Extract, NumbersThatAreNoneAreRefused) {
  for (const char* flag : {"--min-probability", "--negligible"}) {
    refused(extract("p.jsonl", plain() + Arguments{flag, "nan"}), {flag, "not a number"});
  }
}

}  // namespace
}  // namespace relatum::testing
