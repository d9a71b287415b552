// Malformed corpora, labels, prompts and predictions: one sentence each, nothing written.
#include "app/workbench.h"

namespace relatum::testing {
namespace {

class BadData : public Workbench {
 protected:
  // Every command that reads the data refuses it.
  void refused_data(const std::string& data, const std::vector<std::string>& parts) const {
    Arguments arguments = extract("out", plain());
    arguments[4] = data;
    refused(arguments, parts);
    arguments = index("out");
    arguments[4] = data;
    refused(arguments, parts);
    arguments = finetune("out");
    arguments[4] = data;
    refused(arguments, parts);
    arguments = prepare("out", plain());
    arguments[2] = data;
    refused(arguments, parts);
  }
  std::string second_row(const json& changes) const {
    auto rows = corpus();
    rows[1].merge_patch(changes);  // null takes a key away
    return write_rows("bad.jsonl", rows);
  }
};

TEST_F(BadData, RowsWithoutEntities) {
  refused_data(second_row({{"head", nullptr}}), {"bad.jsonl:2", "'head'"});
  refused_data(second_row({{"tail", {{"end", 1 << 20}}}}), {"bad.jsonl:2", "tail"});
  refused_data(second_row({{"head", {{"start", -1}}}}), {"bad.jsonl:2", "head"});
  refused_data("semeval2010:" + write("bad.txt", "1\t\"No entity at all.\"\nOther\nComment:\n\n"),
               {"bad.txt:1"});
  refused_data(write("bad.csv", "id,text\n1,none\n"), {"bad.csv"});
}

TEST_F(BadData, RowsThatAreNoRows) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  refused_data("jsonl:" + write("bad.jsonl", deep + "\n"), {"bad.jsonl:1", "deep"});
  refused_data("tacred:" + write("bad.json", deep), {"bad.json", "deep"});
  refused_data("jsonl:" + write("bad.jsonl", corpus()[0].dump() + "\n{\"id\": "), {"bad.jsonl:2"});
  refused_data("jsonl:" + write("bad.jsonl", "{\"id\":\"1\",\"text\":\"\\ud800\"}"),
               {"bad.jsonl:1"});
  refused_data(second_row({{"id", "1"}}), {"bad.jsonl:2", "'1'"});
}

TEST_F(BadData, FilesThatAreNone) {
  refused_data(write("empty.jsonl", ""), {"empty.jsonl", "empty"});
  refused_data(path("absent.jsonl"), {"absent.jsonl", "No such file"});
  refused_data("jsonl:" + folder_.path().string(), {folder_.path().string()});
  refused_data("nonsense:" + path("rows.jsonl"), {"nonsense"});
  refused_data(path("rows.jsonl") + "?limt=3", {"limt"});
}

TEST_F(BadData, LabelsThatAreUnknown) {
  // What is learnt from has to be right; what is answered needs no gold label.
  Arguments taught = finetune("run");
  taught[4] = "semeval2010:" + write("bad.txt",
                                     "1\t\"The <e1>a</e1> in the <e2>b</e2>.\"\n"
                                     "Componet-Whole(e1,e2)\nComment:\n\n");
  refused(taught, {"bad.txt:", "Componet-Whole(e1,e2)"});
  const std::string labels = write("labels.json", R"(["part-of","no_relation"])");
  refused(finetune("run", {"--labels", labels}), {"rows.jsonl:1", "'causes(e1,e2)'"});
  EXPECT_THAT(done(extract("-", plain() + Arguments{"--labels", labels})).err,
              HasSubstr("5 of 10 examples have a label that the inventory cannot answer, such as"));
  refused(extract("p.jsonl", plain() + Arguments{"--labels", write("l.json", "")}), {"l.json"});
  refused(extract("p.jsonl", plain() + Arguments{"--labels", write("l.json", "{}")}), {"l.json"});
  refused(extract("p.jsonl", plain() + Arguments{"--labels", write("l.json", "[\"a\",\"a\"]")}),
          {"l.json", "'a'"});
}

TEST_F(BadData, LabelsThatAnAdapterOrIndexLacks) {
  done(finetune("run"));
  done(index("index"));
  Arguments adapted = extract("p.jsonl", {"--adapter", path("run")});
  Arguments retrieved = extract("p.jsonl", plain() + with_index());
  adapted[4] = retrieved[4] = second_row({{"label", "partof"}});
  EXPECT_THAT(done(adapted).err, HasSubstr("that the adapter cannot answer: 'partof'"));
  fs::remove(path("p.jsonl"));
  EXPECT_THAT(done(retrieved).err, HasSubstr("that the index's inventory cannot answer: 'partof'"));
  fs::remove(path("p.jsonl"));
  const std::string few = write("few.json", R"(["part-of"])");
  Arguments held = extract("p.jsonl", plain() + with_index() + Arguments{"--labels", few});
  held[4] = write_rows("one.jsonl", {corpus()[1]});
  refused(held, {"index/labels.json", "'causes(e1,e2)'"});
}

TEST_F(BadData, BadRowsCanBeSkipped) {
  Arguments arguments = extract("p.jsonl", plain() + Arguments{"--skip-bad-rows"});
  arguments[4] = second_row({{"head", nullptr}});
  const Outcome outcome = done(arguments);
  EXPECT_THAT(outcome.err, HasSubstr("bad.jsonl:2"));
  EXPECT_THAT(outcome.err, HasSubstr("malformed rows skipped: 1."));
  EXPECT_EQ(read_rows("p.jsonl").size(), 9u);
}

// A list of all formats where nothing could be read; where a row is bad, what the file was taken
// for.
TEST_F(BadData, FormatsAreListedWhereTheFormatIsInDoubt) {
  const std::string tasks = write("t.json",
                                  R"([{"id":1,"data":{"text":"Ada"},"annotations":[5]}])");
  const Arguments convert = {"convert", tasks, "--to", "jsonl", "--out", path("x")};
  const Outcome bad = run_program(convert);
  EXPECT_THAT(bad.err, HasSubstr("t.json:1: row 1: expected an object with key 'result'"));
  EXPECT_THAT(bad.err, HasSubstr("The file was taken for labelstudio, as its first JSON object has "
                                 "the keys 'id', 'data', 'annotations'. Where it is of another "
                                 "format, name that by FORMAT:PATH. Else correct the row"));
  EXPECT_THAT(bad.err, Not(HasSubstr("docred")));
  EXPECT_THAT(run_program(convert + Arguments{"--skip-bad-rows"}).err, HasSubstr("docred"));
}

TEST_F(BadData, PlacesAreThoseOfTheFile) {
  const std::string text = corpus()[0].dump() + "\n{\"text\":\"ab\"}\n";
  const Arguments more = plain() + Arguments{"--skip-bad-rows"};
  Arguments arguments = extract("a.jsonl", more);
  arguments[4] = "jsonl:" + write("bad.jsonl", text) + "?limit=5";
  EXPECT_THAT(done(arguments).err, HasSubstr("warning: " + path("bad.jsonl") + ":2: "));
  arguments = extract("b.jsonl", more);
  arguments[4] = "-";
  EXPECT_THAT(done(arguments, {.input = text}).err, HasSubstr("warning: standard input:2: "));
}

TEST_F(BadData, WarningsAreGivenOnce) {
  const auto count = [](const std::string& all, const std::string& part) {
    int found = 0;
    for (size_t at = all.find(part); at != all.npos; at = all.find(part, at + 1)) ++found;
    return found;
  };
  auto rows = corpus();
  rows[1]["note"] = "x";
  write_rows("rows.jsonl", rows);
  copy(kModel, "models/named");
  const std::string rows_path = path("rows.jsonl");
  const std::string job = "model = \"named\"\nmodels = \"" + path("models") + "\"\ntrain = \"" +
                          rows_path + "\"\ntest = \"" + rows_path + "\"\nprompt = \"" +
                          path("plain.txt") + "\"\nout = \"all\"\nthreads = 1\n" +
                          "[finetune]\nepochs = 1\n[extract]\n[evaluate]\n";
  fs::create_directory(path("named"));
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path());
  const Outcome outcome = done({"run", write("jobs/job.toml", job)});
  fs::current_path(before);
  EXPECT_EQ(count(outcome.err, "'note'"), 1) << outcome.err;
  // The job lies elsewhere, so that its model is a name, which the working folder has as a path.
  EXPECT_EQ(count(outcome.err, "'named' is a path here, too"), 1) << outcome.err;
}

TEST_F(BadData, PatchesAreTold) {
  const std::string tacred =
      R"([{"id":"a","relation":"no_relation","token":["x","y"],"subj_start":0,"subj_end":0,)"
      R"("obj_start":1,"obj_end":1},{"id":"b","relation":"no_relation","token":["x","y"],)"
      R"("subj_start":1,"subj_end":1,"obj_start":0,"obj_end":0}])";
  const std::string patch = write("patch.json", R"({"a":"per:identity"})");
  const Outcome outcome = done({"prepare", "--data", "tacred:" + write("t.json", tacred), "--out",
                                "-", "--prompt", path("plain.txt"), "--relabel",
                                "retacred:" + patch});
  EXPECT_THAT(outcome.err, HasSubstr("t.json: --relabel changed 1 label."));
  EXPECT_THAT(outcome.err, HasSubstr("t.json: 1 example dropped: not in the patch."));
}

TEST_F(BadData, PromptsThatDoNotFit) {
  json longest = corpus()[1];
  std::string text = longest["text"];
  for (int i = 0; i < 200; ++i) text += " xyz";
  longest["text"] = text;
  const std::string data = write_rows("long.jsonl", {corpus()[0], longest});
  Arguments arguments = extract("p.jsonl", plain());
  arguments[4] = data;
  refused(arguments, {"'2'", "256"});
  refused(arguments + Arguments{"--answer", "free"}, {"'2'", "256"});
  arguments = finetune("run");
  arguments[4] = data;
  refused(arguments, {"long.jsonl:2", "'2'", "256"});
  refused(extract("p.jsonl", plain() + Arguments{"--answer", "free", "--max-new-tokens", "250"}),
          {"256"});
}

TEST_F(BadData, TemplatesThatAreNone) {
  refused(prepare("p.jsonl", {"--prompt", "compct"}), {"'compct'", "compact"});
  refused(prepare("p.jsonl", {"--prompt", write("t.txt", "")}), {"t.txt"});
  refused(prepare("p.jsonl", {"--prompt", write("t.txt", "{{txt}}")}), {"t.txt", "txt"});
  refused(prepare("p.jsonl", {"--prompt", folder_.path().string()}), {folder_.path().string()});
}

TEST_F(BadData, PredictionsThatAreNone) {
  const auto evaluate = [&](const std::string& text) {
    return Arguments{"evaluate", "--data", path("rows.jsonl"), "--predictions",
                     write("p.jsonl", text)};
  };
  refused(evaluate(""), {"p.jsonl"});
  refused(evaluate("{\"id\":\"1\"}\n"), {"p.jsonl:1", "label"});
  refused(evaluate("1\tpart-of\n2"), {"p.jsonl:2"});
  refused(evaluate("1\tpart-of\n1\tpart-of\n"), {"'1'", "more than once"});
  refused(evaluate("77\tpart-of\n"), {"'77'"});
  Arguments foreign = evaluate("");
  foreign.back() = path("absent");
  refused(foreign, {"absent"});
  std::string all;
  for (const json& each : corpus()) all += each["id"].get<std::string>() + "\tpart-of\n";
  refused(evaluate(all) + Arguments{"--negative", "none"}, {"--negative", "'none'"});
}

TEST_F(BadData, NumbersThatCannotBe) {
  refused(finetune("run", {"--holdout", "10"}), {"10 of 10"});
  refused(finetune("run", {"--rank", "0"}), {"rank 0"});
  refused(finetune("run", {"--dropout", "1"}), {"dropout 1"});
  refused(finetune("run", {"--targets", "no_proj"}), {"'no_proj'", "q_proj"});
  refused(finetune("run", {"--limit", "0"}), {"--limit 0"});
  refused(finetune("run", {"--holdout", "2", "--dev", path("rows.jsonl")}), {"--dev", "--holdout"});
}

// Whoever opens a pipe waits for its writer.
TEST_F(BadData, PipesAreRefusedAtOnce) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  refused_data(path("pipe"), {"pipe is a pipe", "standard input"});
  refused({"evaluate", "--data", path("rows.jsonl"), "--predictions", path("pipe")},
          {"pipe is a pipe"});
  refused(extract("p.jsonl", plain(), path("pipe")), {"pipe"});
  refused(extract("p.jsonl", plain() + Arguments{"--labels", path("pipe")}), {"pipe is a pipe"});
  refused(extract("p.jsonl", {"--prompt", path("pipe")}), {"pipe"});
}

TEST_F(BadData, ACommaTooMany) {
  const std::string row = R"({"id":"1","token":["a","b"],"subj_start":0,"subj_end":0,)"
                          R"("obj_start":1,"obj_end":1,"relation":"no_relation"})";
  refused_data("tacred:" + write("bad.json", "[" + row + ",\n]"), {"bad.json:2: ", "comma"});
  refused_data("tacred:" + write("bad.json", "[" + row + ",,\n" + row + "]"), {"comma"});
}

TEST_F(BadData, TextThatIsNotUtf8) {
  refused({"tokenize", "--model", kModel, "--text", "a\xff"}, {"not UTF-8"});
}

}  // namespace
}  // namespace relatum::testing
