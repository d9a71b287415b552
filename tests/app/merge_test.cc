// relatum merge and export: what they tell, and commands that work as they are printed.
#include <sstream>

#include "app/workbench.h"

namespace relatum::testing {
namespace {

class MergeCommand : public Workbench {
 protected:
  void SetUp() override {
    Workbench::SetUp();
    done({"finetune", "--model", kModel, "--train", path("rows.jsonl"), "--prompt",
          path("plain.txt"), "--epochs", "2", "--compute", "f32", "--out", path("run")});
  }
  Arguments merge(const std::string& out, const Arguments& more = {}) const {
    return Arguments{"merge", "--adapter", path("run"), "--out", path(out)} + more;
  }
  // The words of a printed command, whose paths need no quoting here.
  Arguments words_of(const std::string& command) const {
    Arguments words;
    std::istringstream stream(command);
    for (std::string word; stream >> word;) words.push_back(word);
    EXPECT_EQ(words.at(0), "relatum");
    words.erase(words.begin());
    for (std::string& word : words) {
      if (word == "FILE") word = path("rows.jsonl");
      if (word == "predictions.jsonl") word = path("again.jsonl");
    }
    return words + Arguments{"--compute", "f32", "--scores"};
  }
};

TEST_F(MergeCommand, ThePrintedCommandAsksTheResultLikeTheRun) {
  done({"extract", "--adapter", path("run"), "--data", path("rows.jsonl"), "--compute", "f32",
        "--scores", "--out", path("answers.jsonl")});
  for (const char* out : {"merged", "merged.gguf"}) {
    const Outcome outcome = done(merge(out, {"--format", "f32", "--json", "--quiet"}));
    EXPECT_EQ(outcome.err, "");
    const json told = json::parse(outcome.out);
    EXPECT_EQ(told.at("base"), "nf4");
    EXPECT_EQ(told.at("linears"), 14);
    EXPECT_FALSE(told.contains("comparison"));
    done(words_of(told.at("extract").get<std::string>()) + Arguments{"--overwrite"});
    const auto want = read_rows("answers.jsonl"), got = read_rows("again.jsonl");
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i]["label"], want[i]["label"]);
      for (const auto& [label, value] : want[i]["scores"].items()) {
        EXPECT_NEAR(got[i]["scores"][label].get<double>(), value.get<double>(), 1e-5) << label;
      }
    }
  }
  EXPECT_THAT(done({"inspect", path("merged")}).out, HasSubstr("model "));
}

TEST_F(MergeCommand, TellsWhatItCosts) {
  const Arguments data{"--data", path("rows.jsonl")};
  const json cost = json::parse(
                        done(merge("m.gguf", data + Arguments{"--format", "q4_0", "--json"})).out)
                        .at("comparison");
  EXPECT_EQ(cost.at("examples"), 10);
  EXPECT_EQ(cost.at("labels"), 4);
  EXPECT_GT(cost.at("largest_difference"), cost.at("mean_difference"));
  EXPECT_TRUE(cost.at("f1_before").is_number());
  EXPECT_TRUE(cost.at("f1_after").is_number());
  const Outcome table = done(merge("merged", data));
  EXPECT_THAT(table.out, HasSubstr("4 labels for 10 sentences"));
  EXPECT_THAT(table.out, HasSubstr("probability  differs by "));
  EXPECT_THAT(table.out, HasSubstr("0 of 10 changed"));
  EXPECT_THAT(table.err, HasSubstr("relatum extract --model " + path("merged") + " --base keep"));
}

TEST_F(MergeCommand, AnExistingResultStaysWithoutOverwrite) {
  done(merge("merged"));
  refused(merge("merged"), {"already exists", "--overwrite"});
  const Outcome again = done(
      merge("merged", {"--overwrite", "--prompt", "compact", "--limit", "3", "--chat"}));
  EXPECT_THAT(again.err,
              HasSubstr("warning: --limit, --prompt and --chat have no effect without --data."));
  refused(merge("run", {"--overwrite"}), {"which this command reads"});
  refused(merge("m.gguf", {"--format", "safetensors"}), {"has no safetensors"});
  refused(merge("other", {"--data", "-"}), {"cannot be standard input"});
}

TEST_F(MergeCommand, AnExportedAdapterIsInspectedAndUsed) {
  const Outcome outcome = done({"export", "--adapter", path("run"), "--out", path("run.gguf")});
  EXPECT_THAT(outcome.err, HasSubstr("pairs of 14 linears for a base of architecture 'llama'"));
  EXPECT_THAT(outcome.err, HasSubstr("trained on its base in nf4"));
  EXPECT_THAT(outcome.err,
              HasSubstr("next: relatum extract --model " + kModel + " --adapter " +
                        path("run.gguf") + " --base nf4 --prompt " + path("run/prompt.txt") +
                        " --labels " + path("run/labels.json") + " --data FILE"));
  const std::string seen = done({"inspect", path("run.gguf")}).out;
  for (const char* part :
       {"adapter", "llama", "adapter.lora.alpha", "blk.0.attn_q.weight.lora_a"}) {
    EXPECT_THAT(seen, HasSubstr(part));
  }
  done({"extract", "--model", kModel, "--base", "nf4", "--adapter", path("run.gguf"), "--prompt",
        path("plain.txt"), "--labels", path("run/labels.json"), "--data", path("rows.jsonl"),
        "--out", path("a.jsonl")});
  refused({"extract", "--model", path("run.gguf"), "--prompt", path("plain.txt"), "--data",
           path("rows.jsonl"), "--out", path("b.jsonl")},
          {"is an adapter, not a model", "--adapter"});
  refused(
      {"extract", "--model", kModel, "--adapter", path("run.gguf"), "--prompt", path("plain.txt"),
       "--data", path("rows.jsonl"), "--out", path("run.gguf"), "--overwrite"},
      {"is a file that this command reads"});
}

}  // namespace
}  // namespace relatum::testing
