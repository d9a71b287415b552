// --method full, through the program: the adapter's options it refuses, and `run` with it.
#include "app/workbench.h"

namespace relatum::testing {
namespace {

using FullMethod = Workbench;

TEST_F(FullMethod, TheAdaptersOptionsAreRefusedEvenWithTheirDefaults) {
  const std::vector<Arguments> options{{"--rank", "16"},
                                       {"--alpha", "32"},
                                       {"--dropout", "0.05"},
                                       {"--targets", "all-linear"},
                                       {"--rslora"},
                                       {"--dora"},
                                       {"--lora-plus", "1"},
                                       {"--init", "default"},
                                       {"--save-modules", "lm_head"},
                                       {"--ensure-weight-tying"}};
  for (const Arguments& option : options) {
    refused(finetune("run", Arguments{"--method", "full"} + option), {option[0], "Leave it out"});
  }
}

TEST_F(FullMethod, AFileOfStagesTrainsAndAnswersWithItsOwnModel) {
  write("all.toml", "out = \"all\"\nmodel = \"" + kModel +
                        "\"\ntrain = \"rows.jsonl\"\ntest = \"rows.jsonl\"\n"
                        "prompt = \"plain.txt\"\nthreads = 1\n[finetune]\nmethod = \"full\"\n"
                        "epochs = 1\nlr = 0.001\n[extract]\n[evaluate]\njson = true\n");
  EXPECT_EQ(json::parse(done({"run", path("all.toml")}).out)["examples"], 10);
  EXPECT_TRUE(there("all/run/model/model.safetensors"));
  const json record = json::parse(read("all/run/run.json"));
  EXPECT_EQ(record["method"], "full");
  EXPECT_FALSE(record.contains("rank"));
  for (const char* stage : {"finetune: ", "extract: "}) {
    EXPECT_THAT(done({"run", path("all.toml")}).err,
                HasSubstr(std::string(stage) + "finished before"));
  }
}

}  // namespace
}  // namespace relatum::testing
