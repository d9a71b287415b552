// What a study's grid makes of arms: what it leaves as it is, and copies that come to the same.
#include <algorithm>
#include <sstream>

#include "app/study_arm_names.h"
#include "app/workbench.h"

namespace relatum::testing {
namespace {

using ::testing::ElementsAre;

class StudyGrid : public Workbench {
 protected:
  void SetUp() override {
    Workbench::SetUp();
    write_rows("rows.jsonl", repeated_corpus(4));
  }
  void study(const std::string& study, const std::string& tables) const {
    write("s.toml", "model = \"" + kModel +
                        "\"\ntrain = \"rows.jsonl\"\nprompt = \"plain.txt\"\nthreads = 1\n"
                        "[study]\nname = \"grid\"\nseeds = [1]\nholdout = 8\n" +
                        study + "[extract]\ncompute = \"f32\"\n" + tables);
  }
  std::vector<std::string> arms() const {
    std::vector<std::string> names;
    std::istringstream lines(done({"study", path("s.toml"), "--list"}).out);
    for (std::string line; std::getline(lines, line);) {
      const size_t begin = line.find('\t') + 1;
      names.push_back(line.substr(begin, line.find('\t', begin) - begin));
    }
    return names;
  }
  json results() const { return json::parse(read("grid.json")); }
};

const std::string kFinetune = "[finetune]\nepochs = 1\ncompute = \"f32\"\n";

TEST_F(StudyGrid, LeavesWhatAnArmSetsItself) {
  study("", kFinetune +
                "[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\nfinetune.rank = 2\n"
                "[[arm]]\nname = \"c\"\n[arm.finetune]\nalpha = 1\n"
                "[grid]\nfinetune.rank = [4, 8]\n");
  EXPECT_THAT(arms(), ElementsAre("a, rank 4", "a, rank 8", "b", "c, rank 4", "c, rank 8"));
  study("", kFinetune +
                "[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\n"
                "train = \"?limit=5\"\n[grid]\ntrain = [\"?limit=10\", \"?limit=20\"]\n");
  EXPECT_THAT(arms(), ElementsAre("a, train limit=10", "a, train limit=20", "b"));
  study("", kFinetune +
                "[[arm]]\nname = \"a\"\nfinetune.rank = 2\n[grid]\n"
                "finetune.rank = [4, 8]\n");
  refused({"study", path("s.toml")},
          {"s.toml:18", "every arm that it could change sets it itself", "'finetune.rank'"});
  study("", kFinetune + "[[arm]]\nname = \"a\"\n[arm.grid]\nfinetune.rank = [4, 8]\n");
  refused({"study", path("s.toml")}, {"s.toml:16", "'grid' is a table of the whole study"});
}

// The base model does not train, so what others train on changes nothing in it.
TEST_F(StudyGrid, CopiesThatComeToTheSameAreOneArm) {
  study("baseline = \"base\"\n",
        kFinetune +
            "[[arm]]\nname = \"base\"\nfinetune = false\n[[arm]]\nname = \"taught\"\n"
            "[grid]\ntrain = [\"?limit=8\", \"?limit=16\", \"?limit=24\"]\n");
  EXPECT_THAT(arms(), ElementsAre("base", "taught, train limit=8", "taught, train limit=16",
                                  "taught, train limit=24"));
  const Outcome outcome = done({"study", path("s.toml")});
  EXPECT_THAT(outcome.err, HasSubstr("'base': 3 copies"));
  EXPECT_THAT(outcome.err, HasSubstr("(3 of 4 cells)"));
  const json all = results();
  ASSERT_EQ(all["cells"].size(), 4u);
  EXPECT_EQ(all["study"]["baseline"], "base");
  EXPECT_TRUE(all["arms"][1].contains("difference"));
  EXPECT_EQ(done({"study", path("s.toml"), "--page"}).err.find("the page shows"),
            std::string::npos);
  EXPECT_THAT(read("grid.svg"), HasSubstr("<polyline"));
  EXPECT_THAT(read("grid.svg"), HasSubstr(">base</text>"));
}

TEST_F(StudyGrid, CopiesKeepTheValuesThatChangeThem) {
  write("other.txt", "{{text}} so:");
  study("", kFinetune +
                "[[arm]]\nname = \"base\"\nfinetune = false\n[grid]\n"
                "train = [\"?limit=8\", \"?limit=16\"]\n"
                "prompt = [\"plain.txt\", \"other.txt\"]\n");
  EXPECT_THAT(arms(), ElementsAre("base, prompt plain.txt", "base, prompt other.txt"));
  study("",
        kFinetune + "[grid]\nfinetune = [false, true]\ntrain = [\"?limit=8\", \"?limit=16\"]\n");
  EXPECT_THAT(arms(),
              ElementsAre("no finetune", "finetune, train limit=8", "finetune, train limit=16"));
  write("same.txt", read("plain.txt"));
  study("", kFinetune + "[grid]\nprompt = [\"plain.txt\", \"same.txt\"]\n");
  refused({"study", path("s.toml")},
          {"'prompt plain.txt' and 'prompt same.txt'", "equal settings"});
  study("baseline = \"base\"\n", kFinetune +
                                     "[[arm]]\nname = \"base\"\n[grid]\n"
                                     "finetune.rank = [2, 4]\n");
  refused({"study", path("s.toml")}, {"'baseline' is 'base'", "'base, rank 2'"});
}

TEST_F(StudyGrid, ArmsMayComeToBeCalledByTheirParts) {
  app::StudyConfig config;
  app::StudyArm& arm = config.arms.emplace_back();
  arm.name = "base, train limit=8, prompt a";
  arm.written = "base";
  arm.axes = {{"train", "train limit=8", {}}, {"prompt", "prompt a", {}}};
  for (const char* name : {"base", "base, prompt a", "base, train limit=8", arm.name.c_str()}) {
    EXPECT_EQ(app::find_arm(config, name, false), &arm) << name;
  }
  EXPECT_EQ(app::find_arm(config, "base", true), nullptr) << "once they are planned";
  for (const char* name : {"", "basement", "base, prompt", "base, prompt b", "other"}) {
    EXPECT_EQ(app::find_arm(config, name, false), nullptr) << name;
  }
  arm.copies = {"base, train limit=8", "base, train limit=16"};
  EXPECT_EQ(app::find_arm(config, "base, train limit=16", true), &arm);
}

// Any name of an arm that stands for copies is its name: the listed one, and those of the copies.
TEST_F(StudyGrid, CopiesAreKnownByTheirNamesToo) {
  const std::string grid = kFinetune +
                           "[grid]\nfinetune = [false, true]\n"
                           "train = [\"?limit=8\", \"?limit=16\"]\n";
  for (const char* baseline : {"no finetune", "no finetune, train limit=16"}) {
    study("baseline = \"" + std::string(baseline) + "\"\n", grid);
    done({"study", path("s.toml")});
    EXPECT_EQ(results()["study"]["baseline"], "no finetune");
    const std::string told = done({"study", path("s.toml"), "--page"}).err;
    EXPECT_EQ(told.find("warning"), told.npos) << told;
  }
  EXPECT_EQ(results()["plan"][0]["axes"], json::array({"no finetune"}));
  EXPECT_EQ(results()["plan"][0]["copies"].size(), 2u);
  for (const char* name : {"no finetune", "no finetune, train limit=16"}) {
    done({"study", path("s.toml"), "--arm", name, "--limit-cells", "1"});
  }
  refused({"study", path("s.toml"), "--arm", "finetune"}, {"no arm 'finetune'", "'no finetune'"});
  study("baseline = \"no finetune\"\n",
        grid + "\"finetune.rank\" = [2, 4]\n");  // of the arms that train alone
  EXPECT_THAT(done({"study", path("s.toml"), "--page"}).err,
              HasSubstr("the page shows arms as grid.json has them"));
}

// Prompts of equal content, and rows that the base model is not trained on.
TEST_F(StudyGrid, NamesOfCopiesLeaveOutWhatChangesNothingAlone) {
  write("same.txt", read("plain.txt"));
  write("other.txt", "{{text}} so:");
  write("other2.txt", "{{text}} so:");
  const std::string grid =
      "[grid]\nprompt = [\"plain.txt\", \"same.txt\", \"other.txt\", \"other2.txt\"]\n"
      "train = [\"?limit=8\", \"?limit=16\"]\n";
  const std::string base = kFinetune + "[[arm]]\nname = \"base\"\nfinetune = false\n";
  study("", base + grid);
  EXPECT_THAT(arms(), ElementsAre("base, prompt plain.txt", "base, prompt other.txt"));
  done({"study", path("s.toml")});
  EXPECT_EQ(done({"study", path("s.toml"), "--page"}).err.find("warning"), std::string::npos);
  const std::string other =
      "[[arm]]\nname = \"base, prompt plain.txt\"\nfinetune = false\ntrain = \"?limit=8\"\n"
      "prompt = \"other.txt\"\nextract.answer = \"shares\"\n";
  study("", base + other + grid);
  refused({"study", path("s.toml")}, {"come to be called 'base, prompt plain.txt'"});
  study("", kFinetune +
                "[[arm]]\nname = \"a\"\nfinetune.rank = 4\n[[arm]]\nname = \"a\"\n"
                "[grid]\nfinetune.rank = [4, 8]\n");
  refused({"study", path("s.toml")}, {"'a' and 'a, rank 4'", "equal settings"});
}

TEST_F(StudyGrid, AnArmThatEmbedsMayStandForCopies) {
  write("example.txt", "{{#example}}{{example_text}} {{example_label}}\n{{/example}}{{text}}:");
  write("same.txt", read("plain.txt"));
  const std::string near = kFinetune +
                           "[[arm]]\nname = \"taught\"\n[[arm]]\nname = \"near\"\n"
                           "prompt = \"example.txt\"\nindex.embedder = \"arm:";
  const std::string grid = "\"\n[grid]\nprompt = [\"plain.txt\", \"same.txt\"]\n";
  for (const char* name : {"taught", "taught, prompt same.txt"}) {
    study("", near + name + grid);
    EXPECT_THAT(arms(), ElementsAre("taught", "near"));
    done({"study", path("s.toml"), "--arm", "near"});
  }
  study("", near + "taught\"\n[grid]\nprompt = [\"plain.txt\", \"example.txt\"]\n");
  refused({"study", path("s.toml")},
          {"arm:taught", "no arm is called that", "'taught, prompt plain.txt'"});
}

// Where all weights are trained there is no adapter to have a rank.
TEST_F(StudyGrid, ValuesThatChangeNothingAreTakenOutOfCopies) {
  study("", kFinetune +
                "[[arm]]\nname = \"LoRA\"\n[[arm]]\nname = \"all\"\n"
                "finetune.method = \"full\"\n[grid]\nfinetune.rank = [2, 4]\n");
  EXPECT_THAT(arms(), ElementsAre("LoRA, rank 2", "LoRA, rank 4", "all"));
  done({"study", path("s.toml")});
  const json all = results();
  ASSERT_EQ(all["cells"].size(), 3u);
  EXPECT_EQ(all["cells"][2]["arm"], "all");
  EXPECT_EQ(all["plan"][0]["axes"], json::array({"rank 2"}));
  EXPECT_FALSE(all["plan"][2].contains("axes"));
}

// Such an arm's run embeds, too, whichever stands first in the file.
TEST_F(StudyGrid, AnArmWithoutItsUnusedValuesEmbeds) {
  write("example.txt", "{{#example}}{{example_text}} {{example_label}}\n{{/example}}{{text}}:");
  const std::string all = "[[arm]]\nname = \"all\"\nfinetune.method = \"full\"\n";
  const std::string near =
      "[[arm]]\nname = \"near\"\nprompt = \"example.txt\"\nfinetune.rank = 2\n"
      "index.embedder = \"arm:all\"\n";
  for (const std::string& both : {all + near, near + all}) {
    fs::remove_all(path("runs"));  // where its run would lie
    fs::remove(path("grid.json"));
    study("", kFinetune + both + "[grid]\nfinetune.rank = [2, 8]\n");
    done({"study", path("s.toml"), "--arm", "near"});
  }
}

TEST_F(StudyGrid, NumbersAreNamedAsPeopleWriteThem) {
  study("", kFinetune + "[grid]\nfinetune.lr = [0.00005, 2e-4, 1e-12]\n");
  EXPECT_THAT(arms(), ElementsAre("lr 0.00005", "lr 0.0002", "lr 1e-12"));
}

TEST_F(StudyGrid, AnArmIsNoStudy) {
  for (const char* text :
       {"grid.finetune.rank = [4]\nname = \"a\"\n", "name = \"a\"\nstudy.x = 1\n"}) {
    study("", kFinetune + "[[arm]]\n" + text);
    refused({"study", path("s.toml")}, {"is a table of the whole study"});
  }
  study("", kFinetune + "[[arm]]\nisa = \"avx2\"\nname = \"a\"\n");
  refused({"study", path("s.toml")}, {"'isa' is the same for a whole study"});
}

TEST_F(StudyGrid, TellsWhatIsNotUsed) {
  const std::string two = "[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\nprompt = \"other.txt\"\n";
  write("other.txt", "{{text}} so:");
  study("", two);
  const std::string told = done({"study", path("s.toml"), "--list"}).err;
  EXPECT_THAT(told, HasSubstr("warning: "));
  EXPECT_THAT(told, HasSubstr("'seeds' of [study] are not used"));
  EXPECT_EQ(told.find("'train'"), told.npos) << "rows are held out of it";
  std::string text = read("s.toml");
  text.replace(text.find("holdout = 8\n"), 12, "");
  write("s.toml", "test = \"rows.jsonl\"\n" + text);
  EXPECT_THAT(done({"study", path("s.toml"), "--list"}).err, HasSubstr("'train' is not used"));
  study("", kFinetune + two);
  EXPECT_EQ(done({"study", path("s.toml"), "--list"}).err, "");
}

TEST_F(StudyGrid, APageTellsWhatTheFileSaysOtherwise) {
  const std::string arms = kFinetune + "[grid]\nfinetune.rank = [2, 4]\n";
  study("title = \"Ranks\"\n", arms);
  done({"study", path("s.toml")});
  EXPECT_EQ(done({"study", path("s.toml"), "--page"}).err.find("warning"), std::string::npos);
  std::string text = read("s.toml");
  write("s.toml", text.replace(text.find("seeds = [1]"), 11, "seeds = [1, 2]"));
  EXPECT_THAT(done({"study", path("s.toml"), "--page"}).err, HasSubstr("the page shows seeds as"));
  study("title = \"Sizes\"\nbaseline = \"rank 2\"\n",
        kFinetune + "[grid]\nfinetune.rank = [2, 4, 8]\n");
  const std::string told = done({"study", path("s.toml"), "--page"}).err;
  EXPECT_THAT(told, HasSubstr("the page shows baseline, title, arms as grid.json has them"));
  EXPECT_THAT(read("grid.md"), HasSubstr("# Ranks"));
}

}  // namespace
}  // namespace relatum::testing
