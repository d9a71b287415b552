// Arms of a study that differ in what they retrieve, and in the rows and labels that they learn.
#include <algorithm>

#include "app/workbench.h"

namespace relatum::testing {
namespace {

const std::string kOtherEmbedder = RELATUM_FIXTURES "/encoders/mpnet";

class StudyArms : public Workbench {
 protected:
  void SetUp() override {
    Workbench::SetUp();
    write_rows("rows.jsonl", repeated_corpus(4));
    write("maybe.txt", "{{#example}}{{example_text}} {{example_label}}\n{{/example}}{{text}}:");
    write("list.txt", "{{labels}}\n{{text}}:");
  }
  // `study` stands below [study], `tables` behind the stages that all arms share.
  void study(const std::string& prompt, const std::string& study, const std::string& tables,
             const std::string& top = "") const {
    write("s.toml", "model = \"" + kModel + "\"\ntrain = \"rows.jsonl\"\nprompt = \"" + prompt +
                        "\"\nthreads = 1\n" + top + "[study]\nname = \"arms\"\nseeds = [1]\n" +
                        study +
                        "[finetune]\nepochs = 1\ncompute = \"f32\"\n[extract]\ncompute = "
                        "\"f32\"\nscores = true\n" +
                        tables);
  }
  json cells() const { return json::parse(read("arms.json"))["cells"]; }
  // Files below the study's work whose name ends so, in order.
  std::vector<std::string> made(const std::string& ending) const {
    std::vector<std::string> found;
    for (const std::string& each : listing()) {
      if (each.ends_with(ending) && each.starts_with("runs/")) found.push_back(each);
    }
    return found;
  }
};

TEST_F(StudyArms, SeveralEmbeddersHaveAnIndexEach) {
  study("maybe.txt", "holdout = 8\n",
        "[index]\nembedder = \"" + kEmbedder +
            "\"\n[[arm]]\nname = \"none\"\nindex = false\n"
            "[[arm]]\nname = \"first\"\n[[arm]]\nname = \"other\"\nindex.embedder = \"" +
            kOtherEmbedder + "\"\n");
  done({"study", path("s.toml")});
  const json all = cells();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_FALSE(all[0]["settings"].contains("index"));
  const auto embedder = [&](size_t i) {
    return all[i]["settings"]["index"]["inputs"]["embedder"].get<std::string>();
  };
  EXPECT_NE(embedder(1), embedder(2));
  std::set<std::string> names;
  for (const std::string& file : made("index.json")) {
    names.insert(json::parse(read(file))["embedder"]["name"].get<std::string>());
  }
  EXPECT_EQ(names, (std::set<std::string>{"bert", "mpnet"}));
  std::set<std::string> used;
  for (const std::string& file : made("run.json")) {
    if (!file.ends_with("/run.json")) continue;
    used.insert(json::parse(read(file))["index_hash"].get<std::string>());
  }
  EXPECT_EQ(used.size(), 3u);  // none, and two
  EXPECT_TRUE(used.contains(""));
}

// Arms may be scored by a test file's labels and by a patch of them; each keeps its own.
TEST_F(StudyArms, ArmsMayBeScoredByOtherLabelsOfTheSameFile) {
  const std::string rows = "tacred:" RELATUM_FIXTURES "/task/tacred.json";
  json patch;
  for (int row = 1; row <= 10; ++row) patch["own" + std::to_string(row)] = "org:founded";
  write("patch.json", patch.dump());
  study("maybe.txt", "",
        "[[arm]]\nname = \"base\"\nfinetune = false\n"
        "[[arm]]\nname = \"relabelled\"\nfinetune = false\n"
        "evaluate.relabel = \"retacred:" +
            path("patch.json") + "\"\n",
        "test = \"" + rows + "\"\n");
  std::string file = read("s.toml");
  const std::string named = "rows.jsonl";
  write("s.toml", file.replace(file.find(named), named.size(), rows));
  done({"study", path("s.toml")});
  const json all = json::parse(read("arms.json"));
  ASSERT_EQ(all["cells"].size(), 2u);
  EXPECT_EQ(all["cells"][0]["answers"], all["cells"][1]["answers"]);
  EXPECT_NE(all["cells"][0]["rows"], all["cells"][1]["rows"]);
  ASSERT_EQ(all["arms"].size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(all["arms"][i]["figures"]["accuracy"]["mean"],
              all["cells"][i]["figures"]["accuracy"]);
  }
  done({"study", path("s.toml"), "--page"});
  patch.erase("own10");  // Re-TACRED has no label for it
  write("patch.json", patch.dump());
  refused({"study", path("s.toml")},
          {"arm 'relabelled'", "[extract] reads other rows", "'own10'",
           "1 row is left out by the patch", "relatum convert --relabel"});
}

// A rate that makes numbers overflow costs its own cell alone.
TEST_F(StudyArms, ACellThatCannotBeRunIsPassedOver) {
  study("maybe.txt", "holdout = 8\nbaseline = \"good\"\n",
        "[[arm]]\nname = \"bad\"\nfinetune.lr = 1e30\n[[arm]]\nname = \"good\"\n");
  const Outcome outcome = run_program({"study", path("s.toml"), "--limit-cells", "1"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("warning: bad, seed 1: "));
  EXPECT_THAT(outcome.err, HasSubstr("1 of 2 cells have results"));
  ASSERT_EQ(cells().size(), 1u);
  EXPECT_EQ(cells()[0]["arm"], "good");
  done({"study", path("s.toml"), "--page"});
  EXPECT_THAT(read("arms.md"), HasSubstr("- Without results: bad (seed 1)."));
}

TEST_F(StudyArms, APageOfAStudyThatWasStoppedIsComputedFirst) {
  study("maybe.txt", "holdout = 8\n",
        "[[arm]]\nname = \"one\"\n[[arm]]\nname = \"two\"\n"
        "finetune.rank = 2\n");
  done({"study", path("s.toml"), "--limit-cells", "1"});
  json stopped = json::parse(read("arms.json"));
  const json arms = stopped["arms"];
  stopped.erase("arms");
  write("arms.json", stopped.dump());
  done({"study", path("s.toml"), "--page"});
  EXPECT_EQ(json::parse(read("arms.json"))["arms"], arms);
  write("arms.md", "a page of my own");
  refused({"study", path("s.toml"), "--page"}, {"arms.md", "move the file"});
  EXPECT_EQ(read("arms.md"), "a page of my own");
}

// An index by what another arm's model, of the same seed, reads in a sentence.
TEST_F(StudyArms, ARunOfAnotherArmMayEmbed) {
  const std::string arms = "[index]\nembedder = \"" + kEmbedder +
                           "\"\n[[arm]]\nname = \"alone\"\nindex = false\n"
                           "[[arm]]\nname = \"words\"\n[[arm]]\nname = \"states\"\n"
                           "index.embedder = \"arm:";
  study("maybe.txt", "holdout = 8\n", arms + "alone\"\n");
  done({"study", path("s.toml"), "--arm", "states"});
  EXPECT_EQ(made("index.json").size(), 1u);
  const json index = json::parse(read(made("index.json")[0]));
  EXPECT_EQ(index["embedder"]["kind"], "run");
  EXPECT_EQ(made("adapter_model.safetensors").size(), 2u) << "the run that embeds, and the arm's";
  done({"study", path("s.toml")});
  const json all = cells();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(made("adapter_model.safetensors").size(), 3u) << "that of 'alone' was there";
  std::set<std::string> keys;
  for (const json& cell : all) keys.insert(cell["key"].get<std::string>());
  EXPECT_EQ(keys.size(), 3u);
  done({"study", path("s.toml")});
  EXPECT_EQ(cells(), all);
  study("maybe.txt", "holdout = 8\n", arms + "none\"\n");
  refused({"study", path("s.toml")}, {"arm 'states'", "no arm is called that", "'words'"});
  study("maybe.txt", "holdout = 8\n", arms + "words\"\n");
  refused({"study", path("s.toml")}, {"arm 'states'", "arm:words", "that arm has an index itself"});
}

TEST_F(StudyArms, AGridOfEmbeddersIsNamedByThem) {
  study("maybe.txt", "holdout = 8\n",
        "[index]\nembedder = \"x\"\n[grid]\nindex.embedder = [\"" + kEmbedder + "\", \"" +
            kOtherEmbedder + "\"]\nfinetune.examples = [\"nearest\", \"random\"]\n");
  const std::string listed = done({"study", path("s.toml"), "--list"}).out;
  for (const char* arm : {"embedder bert, examples nearest", "embedder bert, examples random",
                          "embedder mpnet, examples nearest", "embedder mpnet, examples random"}) {
    EXPECT_THAT(listed, HasSubstr(std::string("\t") + arm + "\t"));
  }
}

TEST_F(StudyArms, RandomExamplesAreAnArm) {
  study("maybe.txt", "holdout = 8\n",
        "[index]\nembedder = \"" + kEmbedder +
            "\"\n[grid]\nfinetune.examples = [\"nearest\", "
            "\"random\"]\n");
  done({"study", path("s.toml")});
  ASSERT_EQ(cells().size(), 2u);
  std::set<std::string> kinds, shown;
  for (const std::string& file : made(".jsonl.run.json")) {
    const json record = json::parse(read(file));
    kinds.insert(record["example_choice"].get<std::string>());
    std::string ids;
    for (const json& row : read_rows(file.substr(0, file.size() - 9))) {
      ids += row["neighbours"][0]["id"].get<std::string>() + " ";
    }
    shown.insert(ids);
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"nearest", "random"}));
  EXPECT_EQ(shown.size(), 2u);
}

// Rows of the training part and of the part held out, cut by labels; an inventory for the answers.
TEST_F(StudyArms, LabelsThatTrainingLeavesOutAreAsked) {
  write("unseen.json", json({"part-of", "no_relation"}).dump());
  study("list.txt", "holdout = 10\ntrain-rows = \"?without=part-of,no_relation&sample=12\"\n",
        "labels = \"unseen.json\"\n[[arm]]\nname = \"unseen\"\n[[arm]]\nname = \"shuffled\"\n"
        "finetune.label-list = \"shuffled\"\n[[arm]]\nname = \"seen\"\ntrain = \"?sample=20\"\n",
        "test = \"?without=causes(e1,e2),causes(e2,e1)\"\n");
  done({"study", path("s.toml")});
  const json all = cells();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]["training"]["examples"], 12);
  EXPECT_EQ(all[2]["training"]["examples"], 20);
  for (const json& cell : all) {
    EXPECT_EQ(cell["rows"], all[0]["rows"]);
    EXPECT_EQ(cell["figures"]["examples"], 5);  // of each label its share of ten
    for (const json& label : cell["labels"]) {
      EXPECT_THAT((std::vector<json>{"part-of", "no_relation"}), ::testing::Contains(label));
    }
  }
  std::set<std::string> learned;
  for (const std::string& file : made("labels.json")) {
    if (file.find("/finetune-") != file.npos) learned.insert(json::parse(read(file)).dump());
  }
  EXPECT_EQ(learned,
            (std::set<std::string>{json({kLabels[0], kLabels[2]}).dump(), json(kLabels).dump()}));
}

// Beside an arm of relations alone, one that learns to find the marked entities as well.
TEST_F(StudyArms, OfBothTasksAreAskedForRelations) {
  const std::string both =
      "[[arm]]\nname = \"both\"\ntrain = \"?entities=marked\"\n"
      "finetune.task = \"joint\"\n";
  study("maybe.txt", "holdout = 8\nbaseline = \"alone\"\n",
        "[[arm]]\nname = \"alone\"\n" + both + "extract.task = \"relations\"\n");
  done({"study", path("s.toml")});
  const json all = cells();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["rows"], all[1]["rows"]);
  EXPECT_GT(all[1]["training"]["tokens"], all[0]["training"]["tokens"]);
  study("maybe.txt", "holdout = 8\n", both);
  refused({"study", path("s.toml")}, {"arm 'both'", "[finetune]", "task = \"relations\""});
  study("maybe.txt", "holdout = 8\n", "[[arm]]\nname = \"a\"\nfinetune.task = \"entities\"\n");
  refused({"study", path("s.toml")}, {"arm 'a'", "'task' is entities"});
}

// Gold has pairs that stand in no sentence together, which are not asked.
TEST_F(StudyArms, OfSentencesPairsNeedGoldThatHasThem) {
  write("documents.jsonl",
        R"({"id":"d","text":"Bo met Ann. Cy left Bo.","entities":[{"id":"B","start":0,"end":2},)"
        R"({"id":"A","start":7,"end":10},{"id":"C","start":12,"end":14}],)"
        R"("relations":[{"head":"B","tail":"A","label":"met"}]})"
        "\n");
  const auto file = [&](const std::string& test, const std::string& evaluate) {
    write("s.toml", "model = \"" + kModel +
                        "\"\ntrain = \"documents.jsonl\"\ntest = \"documents.jsonl" + test +
                        "\"\nprompt = \"plain.txt\"\nthreads = 1\n[study]\nname = \"arms\"\n"
                        "[finetune]\nepochs = 1\ncompute = \"f32\"\npairs = \"sentences\"\n"
                        "[extract]\ncompute = \"f32\"\n" +
                        evaluate + "[[arm]]\nname = \"sentences\"\n");
  };
  file("", "");
  refused({"study", path("s.toml")}, {"[evaluate]", "?negative=no_relation"});
  file("?negative=no_relation", "");
  refused({"study", path("s.toml")}, {"[evaluate]", "missing = \"wrong\""});
  file("?negative=no_relation", "[evaluate]\nmissing = \"wrong\"\n");
  done({"study", path("s.toml")});
  const json cell = cells()[0];
  EXPECT_EQ(cell["figures"]["examples"], 6);
  const std::string answers = cell["answers"], right = cell["right"];
  EXPECT_EQ(answers.find('-'), answers.npos) << answers;
  EXPECT_GE(std::ranges::count(right, '1'), 4) << "pairs across sentences have no relation";
}

TEST_F(StudyArms, TrainRowsArePartsOfWhatHoldoutLeaves) {
  const std::string arms = "[grid]\nfinetune.rank = [2, 4]\n";
  study("list.txt", "train-rows = \"?limit=5\"\n", arms, "test = \"rows.jsonl\"\n");
  refused({"study", path("s.toml")}, {"'train-rows'", "'holdout'"});
  study("list.txt", "holdout = 5\ntrain-rows = \"rows.jsonl\"\n", arms);
  refused({"study", path("s.toml")}, {"'train-rows'", "parts alone"});
  study("list.txt", "holdout = 5\n", arms, "test = \"rows.jsonl\"\n");
  refused({"study", path("s.toml")}, {"'test' and 'holdout'"});
}

TEST_F(StudyArms, PrepareDrawsAsTheRowsSay) {
  done(index("index"));
  const Arguments random = Arguments{"--prompt", path("maybe.txt"), "--examples", "random"} +
                           with_index();
  done(prepare("some.jsonl", random + Arguments{"--limit", "5"}));
  done(prepare("all.jsonl", random));
  done(prepare("other.jsonl", random + Arguments{"--examples-seed", "2"}));
  done(prepare("near.jsonl", Arguments{"--prompt", path("maybe.txt")} + with_index()));
  const auto some = read_rows("some.jsonl"), all = read_rows("all.jsonl");
  ASSERT_EQ(some.size(), 5u);
  for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i], all[i]);
  EXPECT_NE(read("all.jsonl"), read("other.jsonl"));
  EXPECT_NE(read("all.jsonl"), read("near.jsonl"));
}

}  // namespace
}  // namespace relatum::testing
