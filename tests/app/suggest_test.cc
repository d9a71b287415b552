// relatum suggest: the loop from a run to new labels, and what is refused.
#include "app/workbench.h"

namespace relatum::testing {
namespace {

class Suggest : public Workbench {
 protected:
  void SetUp() override {
    Workbench::SetUp();
    done(finetune("run"));
  }
  Arguments suggest(const std::string& out, const Arguments& more = {},
                    const std::string& count = "3") const {
    return Arguments{"suggest", "--adapter", path("run"), "--data", path("rows.jsonl"),
                     "--out",   path(out),   "--compute", "f32",    "--threads",
                     "1",       "--count",   count} +
           more;
  }
};

TEST_F(Suggest, TheLoopCloses) {
  const Outcome outcome = done(suggest("tasks.json"));
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("3 of 10 texts by margin"));
  EXPECT_THAT(outcome.err, HasSubstr("tasks.xml is the labelling configuration"));
  // Somebody submits the predictions as they are, and exports.
  json tasks = json::parse(contents(path("tasks.json")));
  for (json& task : tasks) {
    task["annotations"] = json::array({{{"result", task["predictions"][0]["result"]}}});
  }
  const std::string labelled = write("export.json", tasks.dump());
  const json told = json::parse(done({"data", labelled, "--json"}).out);
  EXPECT_EQ(told["examples"], 3);
  EXPECT_EQ(told["without_label"], 0);
  done({"finetune", "--init-adapter", path("run"), "--train", labelled, "--labels",
        path("run/labels.json"), "--epochs", "1", "--compute", "f32", "--out", path("run2"),
        "--threads", "1"});
  EXPECT_TRUE(fs::exists(path("run2/run.json")));
}

TEST_F(Suggest, WritesLinesToStandardOutput) {
  Arguments to_screen = suggest("x", {"--by", "entropy"});
  to_screen[6] = "-";
  const Outcome outcome = done(to_screen);
  EXPECT_EQ(json_lines(outcome.out).size(), 3u);
  EXPECT_EQ(json_lines(outcome.out)[0]["pairs"].size(), 1u);
}

TEST_F(Suggest, TemporaryFilesLieWhereTmpdirSays) {
  Arguments to_screen = suggest("x");
  to_screen[6] = "-";
  fs::create_directories(path("scratch"));
  done(to_screen, {.environment = {{"TMPDIR", path("scratch")}}});
  EXPECT_TRUE(fs::is_empty(path("scratch")));
  const Outcome outcome = run_program(to_screen, {.environment = {{"TMPDIR", path("none")}}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("TMPDIR"));
}

TEST_F(Suggest, ReadsStandardInput) {
  Arguments from_input = suggest("s.jsonl");
  from_input[4] = "-";
  done(from_input, {.input = contents(path("rows.jsonl"))});
  EXPECT_EQ(read_rows("s.jsonl").size(), 3u);
}

TEST_F(Suggest, RefusesWhatItCannotDo) {
  write("there.json", "mine");
  write("mine/a.txt", "mine");
  write("read/annotation.conf", "[entities]\n");
  write("read/a.txt", "Ada met Bo");
  write("read/a.ann", "T1\tP 0 3\tAda\nT2\tP 8 10\tBo\n");
  refused(suggest("there.json"), {"there.json already exists", "--overwrite"});
  refused(suggest("mine"), {"mine already exists", "--overwrite"});
  refused(suggest("mine", {"--overwrite"}), {"annotation.conf", "another folder"});
  refused(suggest("rows.jsonl", {"--overwrite"}), {"rows.jsonl is a file that this command reads"});
  refused(suggest("s.txt"), {"s.txt", "--format"});
  refused(suggest("s.xml", {"--format", "labelstudio"}), {".json"});
  Arguments brat = suggest("read", {"--overwrite"});
  brat[4] = path("read");
  refused(brat, {"read, which this command reads"});
  brat[6] = "-";
  refused(brat + Arguments{"--format", "brat"}, {"brat's files are written to a folder"});
  write("there.xml", "mine");
  fs::remove(path("there.json"));
  refused(suggest("there.json"), {"there.xml already exists"});
  refused({"suggest", "--model", kModel, "--prompt", path("plain.txt"), "--data",
           path("rows.jsonl"), "--out", path("s.jsonl")},
          {"--labels"});
  const std::string lonely = write(
      "lonely.jsonl", R"({"id":"d","text":"Ada","entities":[{"id":"a","start":0,"end":3}]})");
  Arguments none = suggest("s.jsonl");
  none[4] = lonely;
  const Outcome outcome = run_program(none);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no pair of entities"));
  EXPECT_EQ(run_program(suggest("s.jsonl", {"--by", "doubt"})).status, 2);
}

TEST_F(Suggest, ReplacesBratsFolderAsAWhole) {
  done(suggest("for-brat"));
  write("for-brat/old.txt", "old");
  done(suggest("for-brat", {"--overwrite"}));
  EXPECT_FALSE(there("for-brat/old.txt"));
  EXPECT_TRUE(there("for-brat/annotation.conf"));
  EXPECT_EQ(json::parse(done({"data", path("for-brat"), "--json"}).out)["examples"], 3);
}

// While the texts are put aside, and while the result is written.
TEST_F(Suggest, AFullDiskLeavesNothing) {
  const auto before = listing();
  for (const auto bytes : {rlim_t{1000}, rlim_t{3000}}) {
    const Outcome outcome = run_program(suggest("s.jsonl", {}, "10"), {.file_size = bytes});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(sentences(outcome.err), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("cannot write"));
    EXPECT_EQ(listing(), before);
  }
}

}  // namespace
}  // namespace relatum::testing
