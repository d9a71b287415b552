// relatum run with a classifier: all stages, going on, and what is refused by name.
#include "app/workbench.h"
#include "support/tensors.h"

namespace relatum::testing {
namespace {

class RunClassifier : public Workbench {
 protected:
  // Paths relative to the file's folder; `extra` goes below the table of that name.
  std::string config(const std::string& model, const std::map<std::string, std::string>& extra = {},
                     const std::string& top = "") const {
    const auto more = [&](const std::string& table) {
      return extra.contains(table) ? extra.at(table) + "\n" : "";
    };
    return "out = \"all\"\nmodel = \"" + fixture(model).string() +
           "\"\ntrain = \"rows.jsonl\"\ntest = \"rows.jsonl\"\nthreads = 1\n" + top +
           "[finetune]\nhead = \"classifier\"\nepochs = 2\nbatch-tokens = 64\n" + more("finetune") +
           "[extract]\nscores = true\n" + more("extract") + "[evaluate]\njson = true\n" +
           more("evaluate");
  }
  void refuse(const std::string& text, const std::vector<std::string>& parts) {
    write("all.toml", text);
    refused({"run", path("all.toml")}, parts);
  }
};

TEST_F(RunClassifier, DoesItAllAndSkipsWhatIsDone) {
  struct Case {
    const char *model, *finetune, *method, *result;
  };
  for (const auto& [model, finetune, method, result] :
       {Case{"bert", "", "full", "model/model.safetensors"},
        Case{"encoders/roberta", "method = \"lora\"\nbase = \"f32\"", "lora",
             "adapter_model.safetensors"},
        Case{"encoders/xlm_roberta", "holdout = 3", "full", "model/model.safetensors"},
        Case{"llama/tied", "", "qlora", "adapter_model.safetensors"},
        Case{"llama/tied", "method = \"full\"", "full", "model/model.safetensors"}}) {
    SCOPED_TRACE(std::string(model) + " " + finetune);
    write("all.toml", config(model, {{"finetune", finetune}}));
    const Outcome outcome = done({"run", path("all.toml"), "--overwrite"});
    EXPECT_EQ(json::parse(outcome.out)["examples"], 10);
    EXPECT_EQ(json::parse(read("all/run/run.json"))["method"], method);
    EXPECT_TRUE(there(std::string("all/run/") + result));
    EXPECT_TRUE(there("all/run/classifier.safetensors"));
    const auto rows = read_rows("all/predictions.jsonl");
    ASSERT_EQ(rows.size(), 10u);
    EXPECT_EQ(rows[0]["scores"].size(), kLabels.size());
    const Outcome again = done({"run", path("all.toml")});
    for (const char* stage : {"finetune: ", "extract: "}) {
      EXPECT_THAT(again.err, HasSubstr(std::string(stage) + "finished before"));
    }
    // What decides the classifier decides whether it is trained again.
    write("all.toml", config(model, {{"finetune", std::string(finetune) + "\nhead-lr = 0.002"}}));
    EXPECT_THAT(done({"run", path("all.toml")}).err, Not(HasSubstr("finetune: finished before")));
  }
}

TEST_F(RunClassifier, GoesOnWithAStoppedFineTuning) {
  std::string text = config("bert", {{"finetune", "save-every = 2"}});
  text.replace(text.find("epochs = 2"), 10, "epochs = 90");
  write("all.toml", text);
  Program program({"run", path("all.toml")});
  while (program.running() && !there("all/run/state/state.safetensors")) ::usleep(1000);
  program.interrupt();
  EXPECT_EQ(program.wait().status, 130);
  const Outcome rest = done({"run", path("all.toml")});
  EXPECT_THAT(rest.err, HasSubstr("--resume"));
  EXPECT_EQ(read_rows("all/predictions.jsonl").size(), 10u);
}

TEST_F(RunClassifier, AnswersWithOneThatWasThereBefore) {
  write("all.toml", config("bert"));
  done({"run", path("all.toml")});
  const std::string answers = read("all/predictions.jsonl");
  for (const std::string& model :
       {std::string(), "model = \"" + fixture("bert").string() + "\"\n"}) {
    write("later.toml", "out = \"later\"\n" + model +
                            "test = \"rows.jsonl\"\nthreads = 1\n[extract]\nadapter = "
                            "\"all/run\"\nscores = true\n");
    done({"run", path("later.toml"), "--overwrite"});
    EXPECT_EQ(read("later/predictions.jsonl"), answers);
  }
  // Pairs beside an encoder need the encoder, which their record names.
  write("all.toml",
        config("encoders/roberta", {{"finetune", "method = \"lora\"\nbase = \"f32\""}}));
  done({"run", path("all.toml"), "--overwrite"});
  write("later.toml", "out = \"later\"\nmodel = \"" + fixture("encoders/roberta").string() +
                          "\"\ntest = \"rows.jsonl\"\nthreads = 1\n[extract]\nadapter = "
                          "\"all/run\"\nscores = true\n");
  done({"run", path("later.toml"), "--overwrite"});
  EXPECT_EQ(read("later/predictions.jsonl"), read("all/predictions.jsonl"));
}

TEST_F(RunClassifier, RefusesByNameBeforeItTrains) {
  write("all.toml", "");
  refuse(config("bert", {}, "prompt = \"plain.txt\"\n"), {"[finetune]", "--prompt", "classifier"});
  refuse(config("bert", {}, "[index]\nembedder = \"" + kEmbedder + "\"\n"),
         {"[finetune]", "--index", "classifier"});
  refuse(config("bert", {{"finetune", "chat = true"}}), {"[finetune]", "--chat"});
  refuse(config("bert", {{"finetune", "folds = 2"}}), {"[finetune]", "'folds'"});
  std::string free = config("bert");
  free.replace(free.find("scores = true"), 13, "answer = \"free\"");
  refuse(free, {"[extract]", "--answer", "classifier"});
  refuse(config("bert", {{"extract", "negligible = 0.001"}}), {"[extract]", "--negligible"});
  refuse(config("bert", {{"extract", "threshold = \"dev\""}}), {"[extract]", "holdout"});
  refuse(config("bert", {{"finetune", "head-dropout = 1.5"}}), {"[finetune]", "--head-dropout"});
  std::string words = config("bert");
  words.replace(words.find("head = \"classifier\"\n"), 20, "");
  refuse(words, {"[finetune]", "--head classifier"});
}

}  // namespace
}  // namespace relatum::testing
