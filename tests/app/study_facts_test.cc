// What decides a study's cell is what the run comes to, not what its options stand at.
#include <set>
#include <sstream>

#include "app/workbench.h"
#include "support/tensors.h"

namespace relatum::testing {
namespace {

class StudyFacts : public Workbench {
 protected:
  void study(const std::string& arms, const std::string& finetune = "head = \"classifier\"\n",
             const std::string& rest = "test = \"rows.jsonl\"\n[study]\nname = \"facts\"\n") {
    write("s.toml", "model = \"" + fixture("bert").string() +
                        "\"\ntrain = \"rows.jsonl\"\nthreads = 1\n" + rest +
                        "seeds = [1]\n[finetune]\nepochs = 1\n" + finetune + arms);
  }
  std::set<std::string> keys() const {
    std::set<std::string> keys;
    std::istringstream lines(done({"study", path("s.toml"), "--list"}).out);
    for (std::string line; std::getline(lines, line);) {
      keys.insert(line.substr(line.rfind('\t') + 1));
    }
    return keys;
  }
};

const std::string kPlain = "[[arm]]\nname = \"plain\"\n";

TEST_F(StudyFacts, AnOptionAtTheDefaultOfAnotherMethodIsAnotherArm) {
  study(kPlain +
        "[[arm]]\nname = \"pairs\"\nfinetune.method = \"qlora\"\n"
        "[[arm]]\nname = \"faster\"\nfinetune.lr = 0.001\n");
  EXPECT_EQ(keys().size(), 3u);
}

TEST_F(StudyFacts, WhatTheRunComesToByItselfIsNoOtherArm) {
  for (const char* same : {"finetune.method = \"full\"", "finetune.lr = 0.0001"}) {
    study(kPlain + "[[arm]]\nname = \"named\"\n" + same + "\n");
    refused({"study", path("s.toml")}, {"'plain'", "'named'", "equal settings"});
  }
}

TEST_F(StudyFacts, AllWeightsHaveTheirRateAndNoRank) {
  study(kPlain);
  done({"study", path("s.toml")});
  const json all = json::parse(read("facts.json"));
  const json settings = all["cells"][0]["settings"]["finetune"]["settings"];
  EXPECT_EQ(settings["method"], "full");
  EXPECT_EQ(settings["lr"], "0.0001");
  for (const char* of_pairs : {"rank", "alpha", "dropout", "targets", "init", "lora-plus"}) {
    EXPECT_FALSE(settings.contains(of_pairs)) << of_pairs;
  }
  EXPECT_TRUE(settings.contains("head-dropout"));
  done({"study", path("s.toml"), "--page"});
  EXPECT_THAT(read("facts.md"), HasSubstr("finetune method full"));
}

// Before the first cell is trained.
TEST_F(StudyFacts, AClassifierIsAskedForWhatItLearnedAlone) {
  const std::string held = "[study]\nname = \"facts\"\nholdout = 4\n";
  const std::string cut = "train-rows = \"?without=part-of\"\n";
  study(kPlain, "head = \"classifier\"\n", held + cut);
  done({"study", path("s.toml"), "--list"});  // holds rows out
  refused({"study", path("s.toml")}, {"arm 'plain'", "'part-of'", "'labels' of [extract]"});
  EXPECT_FALSE(there("facts.json"));
  write("fewer.json", json({"no_relation"}).dump());
  study(kPlain, "head = \"classifier\"\n[extract]\nlabels = \"fewer.json\"\n", held + cut);
  done({"study", path("s.toml")});
  EXPECT_EQ(json::parse(read("facts.json"))["cells"][0]["labels"], json({"no_relation"}));
}

}  // namespace
}  // namespace relatum::testing
