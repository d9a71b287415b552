// relatum run: all stages from one file, checked first, skipped where they are done.
#include "app/workbench.h"

namespace relatum::testing {
namespace {

class Run : public Workbench {
 protected:
  // Paths relative to the file's folder; `extra` goes below the table of that name.
  std::string config(const std::map<std::string, std::string>& extra = {},
                     const std::string& top = "") const {
    const auto more = [&](const std::string& table) {
      return extra.contains(table) ? extra.at(table) + "\n" : "";
    };
    return "out = \"all\"\nmodel = \"" + kModel +
           "\"\ntrain = \"jsonl:rows.jsonl?limit=10\"\ntest = \"rows.jsonl\"\n"
           "prompt = \"example.txt\"\n" + top + "[index]\nembedder = \"" + kEmbedder + "\"\n" +
           more("index") + "[finetune]\nepochs = 1\nrank = 4\nquiet = true\n" + more("finetune") +
           "[extract]\nscores = true\n" + more("extract") + "[evaluate]\njson = true\n" +
           more("evaluate");
  }
  std::string write_config(const std::map<std::string, std::string>& extra = {},
                           const std::string& top = "threads = 1\n") const {
    return write("all.toml", config(extra, top));
  }
};

TEST_F(Run, DoesItAllRelativeToItsFile) {
  const Outcome outcome = done({"run", write_config()});
  EXPECT_EQ(json::parse(outcome.out)["examples"], 10);
  for (const char* name : {"config.toml", "index/index.json", "run/adapter_model.safetensors",
                           "predictions.jsonl", "report.html", "stages.json"}) {
    EXPECT_TRUE(there(std::string("all/") + name)) << name;
  }
  EXPECT_EQ(json::parse(read("all/run/run.json"))["rank"], 4);
  const auto rows = read_rows("all/predictions.jsonl");
  ASSERT_EQ(rows.size(), 10u);
  EXPECT_EQ(rows[0]["neighbours"][0]["id"], "1");
  EXPECT_EQ(rows[0]["scores"].size(), kLabels.size());
}

TEST_F(Run, SkipsWhatIsDoneAndDoesAgainWhatChanged) {
  done({"run", write_config()});
  const std::string adapter = read("all/run/run.json"), answers = read("all/predictions.jsonl");
  const Outcome again = done({"run", path("all.toml")});
  for (const char* stage : {"index: ", "finetune: ", "extract: "}) {
    EXPECT_THAT(again.err, HasSubstr(std::string(stage) + "finished before"));
  }
  EXPECT_EQ(json::parse(again.out)["examples"], 10);
  EXPECT_EQ(read("all/run/run.json"), adapter);
  const Outcome changed = done({"run", write_config({{"extract", "neighbours = 2"}})});
  EXPECT_THAT(changed.err, HasSubstr("finetune: finished before"));
  EXPECT_THAT(changed.err, Not(HasSubstr("extract: finished before")));
  EXPECT_EQ(read("all/run/run.json"), adapter);
  EXPECT_NE(read("all/predictions.jsonl"), answers);
  auto rows = corpus();
  rows.erase(rows.begin());
  write_rows("rows.jsonl", rows);  // another content behind the same name
  const Outcome renewed = done({"run", path("all.toml")});
  EXPECT_THAT(renewed.err, Not(HasSubstr("finished before")));
  EXPECT_EQ(json::parse(renewed.out)["examples"], 9);
}

TEST_F(Run, DoesADamagedResultAgain) {
  done({"run", write_config()});
  const std::string answers = read("all/predictions.jsonl");
  write("all/predictions.jsonl", "");
  const Outcome again = done({"run", path("all.toml")});
  EXPECT_THAT(again.err, HasSubstr("finetune: finished before"));
  EXPECT_EQ(read("all/predictions.jsonl"), answers);
}

TEST_F(Run, LeavesAloneWhatItDidNotMake) {
  write("all/predictions.jsonl", "mine\n");
  refused({"run", write_config()}, {"predictions.jsonl is there already", "--overwrite"});
  done({"run", path("all.toml"), "--overwrite"});
  EXPECT_EQ(read_rows("all/predictions.jsonl").size(), 10u);
}

TEST_F(Run, GivesEachStageItsOwnThreads) {
  const std::string isa = "isa = \"avx2\"";
  done({"run", write_config({{"index", isa}, {"finetune", isa + "\nthreads = 1"},
                             {"extract", isa}}, "")}, {.environment = {{"OMP_NUM_THREADS", "2"}}});
  EXPECT_EQ(json::parse(read("all/run/run.json"))["threads"], 1);
  EXPECT_EQ(json::parse(read("all/run/run.json"))["cpu"], "avx2");
  EXPECT_EQ(json::parse(read("all/predictions.jsonl.run.json"))["threads"], 2);
}

TEST_F(Run, GoesOnWithAStoppedFineTuning) {
  std::string text = config({{"finetune", "batch-tokens = 64\nsave-every = 2"}}, "threads = 1\n");
  text.replace(text.find("epochs = 1"), 10, "epochs = 60");
  write("all.toml", text);
  Program program({"run", path("all.toml")});
  while (program.running() && !there("all/run/state/state.safetensors")) ::usleep(1000);
  program.interrupt();
  EXPECT_EQ(program.wait().status, 130);
  const Outcome rest = done({"run", path("all.toml")});
  EXPECT_THAT(rest.err, HasSubstr("index: finished before"));
  EXPECT_THAT(rest.err, HasSubstr("--resume"));
  EXPECT_EQ(read_rows("all/predictions.jsonl").size(), 10u);
}

TEST_F(Run, ChecksEverythingFirst) {
  const auto refuse = [&](const std::string& text, const std::vector<std::string>& parts) {
    write("slip.toml", text);
    refused({"run", path("slip.toml")}, parts);
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = config();
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  write("slip.toml", "");
  write_rows("unlabelled.jsonl", {{{"id", "1"}, {"text", "Tom saw a bird."},
                                   {"head", {{"start", 0}, {"end", 3}}},
                                   {"tail", {{"start", 10}, {"end", 14}}}}});
  write("bad.jsonl", "{}\n");
  write("labels.json", "[\"part-of\"]");
  refuse(with("test = \"rows", "test = \"nowhere"), {"nowhere.jsonl", "[extract]"});
  refuse(with("test = \"rows", "test = \"bad"), {"bad.jsonl:1", "[extract]"});
  refuse(with("test = \"rows", "test = \"unlabelled"), {"unlabelled.jsonl", "no label"});
  refuse(with("model = \"", "model = \"nowhere"), {"nowhere", "[finetune]"});
  refuse(with("embedder = \"", "embedder = \"nowhere"), {"nowhere", "[index]"});
  refuse(with("example.txt", "exmple.txt"), {"exmple.txt"});
  refuse(with("prompt = ", "labels = \"labels.json\"\nprompt = "), {"causes(e1,e2)"});
  refuse(config({{"finetune", "dev = \"gone.jsonl\""}}), {"gone.jsonl"});
  refuse(config({{"finetune", "targets = \"q_prj\""}}), {"q_prj"});
  refuse(config({{"extract", "prompt = \"compact\""}}), {"compact", "force"});
  refuse(config({{"extract", "out = \"rows.jsonl\""}}), {"rows.jsonl", "replaced"});
  refuse(config({{"extract", "out = \"labels.json/x\""}}), {"labels.json is not a folder"});
  refuse(config({{"evaluate", "data = \"-\""}, {"extract", "data = \"-\""}}), {"standard input"});
}

TEST_F(Run, FindsRowsThatAreTooLongFirst) {
  std::string page = "Rain made the road wet.";
  for (int i = 0; i < 200; ++i) page += " And it rained on.";
  const auto write_long = [&](const std::string& name) {
    auto rows = corpus();
    rows[4] = row("page", page, "Rain", "road", kLabels[0]);
    write_rows(name, rows);
  };
  const auto refuse = [&](const std::vector<std::string>& parts) {
    refused({"run", path("all.toml")}, parts);
    EXPECT_FALSE(there("all/run"));
  };
  const auto write_plain = [&](const std::string& finetune, const std::string& test) {
    std::string text = config({{"finetune", finetune}});
    text.replace(text.find("example.txt"), 11, "plain.txt");
    text.replace(text.find("test = \"rows"), 12, "test = \"" + test);
    write("all.toml", text);
  };
  write_long("long.jsonl");
  write_plain("", "long");
  refuse({"[extract]", "long.jsonl:5", "'page'", "context"});
  write_plain("dev = \"long.jsonl\"", "rows");
  refuse({"[finetune]", "long.jsonl:5", "'page'"});
  write("all.toml", config({{"finetune", "holdout = 10"}}));
  refuse({"[finetune]", "10"});
}

TEST_F(Run, NamesTheLineAndTheNearestKey) {
  const auto refuse = [&](const std::string& text, const std::vector<std::string>& parts) {
    write("slip.toml", text);
    refused({"run", path("slip.toml")}, parts);
  };
  write("slip.toml", "");
  refuse(config({{"evaluate", "jsn = true"}}), {"slip.toml:16", "[evaluate]", "'jsn'", "'json'?"});
  refuse(config({{"extract", "[extrct]"}}), {"slip.toml:14", "'extrct'", "'extract'?"});
  refuse(config({}, "trian = \"x\"\n"), {"slip.toml:6", "'trian'", "'train'?"});
  refuse(config({{"finetune", "epochs = -1"}}), {"slip.toml"});
  refuse(config({{"finetune", "batch-tokens = -1"}}), {"slip.toml:12", "--batch-tokens"});
  refuse(config({{"finetune", "targets = [\"q_proj\"]"}}), {"slip.toml:12", "'targets'"});
  refuse("out = \n", {"slip.toml:1"});
  refuse("out = \"x\"\n", {"slip.toml", "no stage"});
  refuse("[evaluate]\n", {"slip.toml", "'out'"});
  refused({"run", path("absent.toml")}, {"absent.toml"});
}

}  // namespace
}  // namespace relatum::testing
