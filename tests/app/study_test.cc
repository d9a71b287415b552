// relatum study: cells of a file, skipped where they are done, refused before anything runs.
#include <sstream>

#include "app/study_config.h"
#include "app/workbench.h"

namespace relatum::testing {
namespace {

class Study : public Workbench {
 protected:
  // Paths relative to the file's folder; `tables` goes behind what all arms share.
  std::string config(const std::string& tables, const std::string& top = "",
                     const std::string& study = "seeds = [1, 2]\n") const {
    return "model = \"" + kModel +
           "\"\ntrain = \"rows.jsonl\"\ntest = \"rows.jsonl\"\nprompt = \"plain.txt\"\n"
           "threads = 1\n" +
           top + "[study]\nname = \"ranks\"\nquestion = \"Which rank?\"\n" + study +
           "[finetune]\nepochs = 1\ncompute = \"f32\"\n[extract]\ncompute = \"f32\"\n" + tables;
  }
  std::string grid() const { return config("[grid]\nfinetune.rank = [2, 4]\n"); }
  json results() const { return json::parse(read("ranks.json")); }
  std::vector<std::vector<std::string>> listed() const {
    std::vector<std::vector<std::string>> rows;
    std::istringstream lines(done({"study", path("s.toml"), "--list"}).out);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream cells(line);
      rows.emplace_back();
      for (std::string cell; std::getline(cells, cell, '\t');) rows.back().push_back(cell);
    }
    return rows;
  }
  void refuse(const std::string& text, const std::vector<std::string>& parts) const {
    write("s.toml", text);
    refused({"study", path("s.toml")}, parts);
  }
};

TEST_F(Study, RunsAGridAndSkipsWhatIsDone) {
  write("s.toml", grid());
  const Outcome outcome = done({"study", path("s.toml")});
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("rank 2, seed 1: "));
  EXPECT_THAT(outcome.err, HasSubstr("4 of 4 cells have results"));
  const json all = results();
  ASSERT_EQ(all["cells"].size(), 4u);
  EXPECT_EQ(all["cells"][2]["arm"], "rank 4");
  EXPECT_EQ(all["cells"][2]["settings"]["finetune"]["settings"]["rank"], "4");
  EXPECT_EQ(all["cells"][2]["settings"]["finetune"]["settings"]["alpha"], "32");
  EXPECT_EQ(all["arms"].size(), 2u);
  EXPECT_EQ(all["plan"][2]["axes"], json::array({"rank 4"}));
  const std::string before = read("ranks.json");
  done({"study", path("s.toml")});
  EXPECT_EQ(read("ranks.json"), before);
  write("s.toml", config("[grid]\nfinetune.rank = [2, 8]\n"));
  const auto rows = listed();
  ASSERT_EQ(rows.size(), 4u);
  for (const auto& row : rows) ASSERT_EQ(row.size(), 4u);
  EXPECT_EQ(rows[0][0], "done");
  EXPECT_EQ(rows[2][0] + " " + rows[2][1] + " " + rows[2][2], "open rank 8 1");
  done({"study", path("s.toml"), "--arm", "rank 8", "--limit-cells", "1"});
  EXPECT_EQ(results()["cells"].size(), 5u);
  auto fewer = corpus();
  fewer.pop_back();
  write_rows("rows.jsonl", fewer);  // another content behind the same name
  EXPECT_EQ(listed()[0][0], "open");
}

// Settings that say what is the default anyway, where the file lies, and threads decide nothing.
TEST_F(Study, KnowsCellsByWhatDecidesThem) {
  write("s.toml", grid());
  const auto before = listed();
  std::string text = config("[grid]\nfinetune.rank = [2, 4]\n", "",
                            "seeds = [1, 2]\nwork = \"w\"\n");
  text.replace(text.find("threads = 1"), 11, "threads = 2");
  text.replace(text.find("epochs = 1"), 10, "epochs = 1\nalpha = 32");
  write("s.toml", text);
  EXPECT_EQ(listed(), before);
  text.replace(text.find("alpha = 32"), 10, "alpha = 16");
  write("s.toml", text);
  EXPECT_NE(listed()[0][3], before[0][3]);
}

TEST_F(Study, ComparesArmsWithAndWithoutStages) {
  write("s.toml", config("[index]\nembedder = \"" + kEmbedder +
                             "\"\n[[arm]]\nname = \"base\"\nfinetune = false\nindex = false\n"
                             "[[arm]]\nname = \"base, retrieval\"\nfinetune = false\n"
                             "prompt = \"example.txt\"\n[[arm]]\nname = \"taught\"\nindex = false\n"
                             "[[arm]]\nname = \"taught, retrieval\"\nprompt = \"example.txt\"\n",
                         "", "seeds = [1]\nbaseline = \"base\"\n"));
  done({"study", path("s.toml")});
  const json all = results();
  ASSERT_EQ(all["cells"].size(), 4u);
  EXPECT_TRUE(all["cells"][0]["seed"].is_null());
  EXPECT_FALSE(all["cells"][0]["settings"].contains("finetune"));
  EXPECT_TRUE(all["cells"][1]["settings"].contains("index"));
  EXPECT_EQ(all["cells"][3]["seed"], 1);
  EXPECT_TRUE(all["arms"][3]["difference"].is_object());
  int indexes = 0;
  for (const std::string& each : listing()) indexes += each.ends_with("index.json");
  EXPECT_EQ(indexes, 1);  // one for both
  EXPECT_EQ(done({"study", path("s.toml"), "--page"}).out, path("ranks.md") + "\n");
  EXPECT_THAT(read("ranks.md"), HasSubstr("| taught, retrieval | 1 |"));
  EXPECT_TRUE(there("ranks.svg"));
}

TEST_F(Study, MeasuresOnRowsThatItHoldsOut) {
  write_rows("rows.jsonl", repeated_corpus(4));
  std::string text = config("[grid]\ntrain = [\"?limit=10\", \"?limit=20\"]\n", "",
                            "seeds = [1]\nholdout = 12\n");
  text.erase(text.find("test = \"rows.jsonl\"\n"), 20);
  write("s.toml", text);
  done({"study", path("s.toml")});
  const json all = results();
  ASSERT_EQ(all["cells"].size(), 2u);
  EXPECT_EQ(all["cells"][0]["training"]["examples"], 10);
  EXPECT_EQ(all["cells"][1]["training"]["examples"], 20);
  for (const json& cell : all["cells"]) EXPECT_EQ(cell["figures"]["examples"], 12);
  EXPECT_EQ(all["cells"][0]["rows"], all["cells"][1]["rows"]);
}

TEST_F(Study, StopsOnCtrlCAndGoesOn) {
  std::string text = config("[grid]\nfinetune.rank = [2, 4]\n", "", "seeds = [1]\n");
  text.replace(text.find("epochs = 1"), 10, "epochs = 60\nbatch-tokens = 64\nsave-every = 2");
  write("s.toml", text);
  {
    Program program({"study", path("s.toml")});
    const auto state = [&] {
      if (!there("runs")) return false;
      for (const std::string& each : listing()) {
        if (each.ends_with("state.safetensors")) return true;
      }
      return false;
    };
    while (program.running() && !state()) ::usleep(1000);
    program.interrupt();
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.status, 130);
    EXPECT_THAT(outcome.err, HasSubstr("stopped: "));
  }
  const Outcome rest = done({"study", path("s.toml")});
  EXPECT_THAT(rest.err, HasSubstr("2 of 2 cells have results"));
  EXPECT_EQ(results()["cells"].size(), 2u);
}

TEST_F(Study, RefusesBeforeAnythingRuns) {
  const std::string file = path("s.toml");
  refuse(config("[grid]\nfinetune.rnak = [2, 4]\n"), {"s.toml:16", "rnak", "'rank'"});
  refuse(config("[grid]\nfinetne.rank = [2, 4]\n"), {"s.toml:16", "finetne", "finetune"});
  refuse(config("[grid]\nfinetune.rank = 2\n"), {"s.toml:16", "list of values"});
  refuse(config("[grid]\nindex.embedder = [\"a\"]\n"), {"no arm has [index]"});
  refuse(config("[grid]\nfinetune.rank = [2, 2]\n"), {"two arms are called 'rank 2'"});
  refuse(config("[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\nfinetune.rank = 16\n"),
         {"'a' and 'b'", "equal settings"});
  refuse(config("[[arm]]\nfinetune.rank = 2\n"), {"s.toml:15", "'name'"});
  refuse(config("[[arm]]\nname = \"a\"\nfinetune.rank = 0\n"), {"arm 'a'", "rank"});
  refuse(config("[[arm]]\nname = \"a\"\nfinetune.targets = \"q_prj\"\n"), {"arm 'a'", "q_prj"});
  refuse(config("[[arm]]\nname = \"a\"\nfinetune.threads = 2\n"),
         {"s.toml:17", "'threads'", "whole study"});
  refuse(config("[[arm]]\nname = \"a\"\nisa = \"avx2\"\n"), {"'isa'", "whole study"});
  refuse(config("[[arm]]\nname = \"a\"\nfinetune.seed = 2\n"), {"'seed'", "seeds"});
  refuse(config("[[arm]]\nname = \"a\"\nextract = false\n"), {"'extract'", "left out"});
  refuse(config("[[arm]]\nname = \"a\"\ntest = \"gone.jsonl\"\n"), {"arm 'a'", "gone.jsonl"});
  refuse(config("[[arm]]\nname = \"a\"\ntrain = \"?limit=5\"\n"), {"arm 'a'", "holdout"});
  refuse(config("[grid]\nfinetune.rank = [2]\n", "", "basline = \"a\"\n"),
         {"s.toml:9", "basline", "'baseline'"});
  refuse(config("[grid]\nfinetune.rank = [2]\n", "", "baseline = \"rank 3\"\n"),
         {"'rank 3'", "'rank 2'"});
  refuse(config("[grid]\nfinetune.rank = [2]\n", "", "seeds = [1, 1]\n"), {"s.toml:9", "seeds"});
  refuse(config("[grid]\nfinetune.rank = [2]\n", "", "seeds = [1000000000]\n"),
         {"s.toml:9", "from 0 to 999999999"});
  refuse(config("[grid]\nfinetune.rank = [2]\n", "", "metric = \"macr\"\n"),
         {"s.toml:9", "'macr'", "'macro'"});
  refuse("[study]\nname = \"../up\"\n", {"'../up'", "Leave out '/'"});
  refuse(config("[grid]\nfinetune.rank = [2]\n", "", "holdout = 5\n"), {"'test'", "holdout"});
  refuse(config("[grid]\nfinetune.rank = [2]\n", "out = \"x\"\n"), {"'out'", "work"});
  refuse(config("[[arm]]\nname = \"a\"\ntest = \"-\"\n"), {"arm 'a'", "standard input"});
  refuse(config(""), {"neither an [[arm]] nor a [grid]"});
  write("s.toml", grid());
  refused({"study", file, "--arm", "rank 3"}, {"'rank 3'", "'rank 2'"});
  refused({"study", file, "--page"}, {"ranks.json", "Run the study first"});
}

// Keys, kinds, names and baselines; data and models may not be there.
TEST_F(Study, FilesOfOursAreRead) {
  const fs::path examples = RELATUM_EXAMPLES;
  int files = 0;
  for (const fs::path& folder : {examples / "studies", examples / "../docs/studies"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() != ".toml") continue;
      SCOPED_TRACE(entry.path());
      const app::StudyConfig study = app::read_study(entry.path());
      EXPECT_GE(study.arms.size(), 2u);
      EXPECT_FALSE(study.question.empty());
      ++files;
    }
  }
  EXPECT_GE(files, 12);
}

TEST_F(Study, ArmsComputeAlikeUnlessTheFileSaysSo) {
  const std::string arms =
      "[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\nextract.compute = \"int8\"\n";
  refuse(config(arms), {"'a'", "f32", "'b'", "int8", "mixed-compute"});
  refuse(config(arms, "", "seeds = [1]\nalso = \"x.json\"\n"),
         {"'also' must be a list of results"});
  write("s.toml", config(arms, "", "seeds = [1]\nmixed-compute = true\n"));
  EXPECT_EQ(listed().size(), 2u);
}

}  // namespace
}  // namespace relatum::testing
