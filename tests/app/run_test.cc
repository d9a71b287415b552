// relatum run: all stages from one file, checked first, skipped where they are done.
#include <atomic>

#include "app/run_plan.h"
#include "app/stage_options.h"
#include "app/workbench.h"
#include "base/parallel_for.h"
#include "jobs/extract.h"

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
           "prompt = \"example.txt\"\n" +
           top + "[index]\nembedder = \"" + kEmbedder + "\"\n" + more("index") +
           "[finetune]\nepochs = 1\nrank = 4\nquiet = true\n" + more("finetune") +
           "[extract]\nscores = true\n" + more("extract") + "[evaluate]\njson = true\n" +
           more("evaluate");
  }
  std::string write_config(const std::map<std::string, std::string>& extra = {},
                           const std::string& top = "threads = 1\n") const {
    return write("all.toml", config(extra, top));
  }
  // Runs `text`, with sixty epochs, as all.toml, and interrupts it once it has saved a state.
  void stop_within_fine_tuning(std::string text) const {
    text.replace(text.find("epochs = 1"), 10, "epochs = 60");
    write("all.toml", text);
    Program program({"run", path("all.toml")});
    while (program.running() && !there("all/run/state/state.safetensors")) ::usleep(1000);
    program.interrupt();
    EXPECT_EQ(program.wait().status, 130);
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

TEST_F(Run, GoesOnWithAnExtractionThatDidNotEnd) {
  const std::string file = write_config({{"extract", "batch-tokens = 1"}});
  done({"run", file});
  const std::string answers = read("all/predictions.jsonl");
  // As after a kill: some answers are saved, and the record knows of no end.
  json stages = json::parse(read("all/stages.json"));
  for (const char* key : {"finished", "sha256"}) stages["extract"].erase(key);
  write("all/stages.json", stages.dump());
  fs::remove(path("all/predictions.jsonl"));
  std::atomic<bool> stop{false};
  jobs::Host host;
  host.context.stop = &stop;
  host.context.progress = [&](const Progress& p) { stop = p.task == "scoring" && p.done >= 4; };
  const auto planned = app::plan_run(app::RunConfig(file));
  set_thread_count(1);
  EXPECT_FALSE(jobs::extract(app::extract_options(planned.at(2).arguments), host).finished);
  ASSERT_TRUE(there("all/predictions.jsonl.part.json"));
  const Outcome rest = done({"run", file});
  EXPECT_THAT(rest.err, HasSubstr("finetune: finished before"));
  EXPECT_THAT(rest.err, HasSubstr("going on behind the 4 rows"));
  EXPECT_EQ(read("all/predictions.jsonl"), answers);
  EXPECT_FALSE(there("all/predictions.jsonl.part"));
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
  refused({"run", write_config()}, {"predictions.jsonl already exists", "--overwrite"});
  done({"run", path("all.toml"), "--overwrite"});
  EXPECT_EQ(read_rows("all/predictions.jsonl").size(), 10u);
}

TEST_F(Run, GivesEachStageItsOwnThreads) {
  const std::string isa = "isa = \"avx2\"";
  done({"run",
        write_config({{"index", isa}, {"finetune", isa + "\nthreads = 1"}, {"extract", isa}}, "")},
       {.environment = {{"OMP_NUM_THREADS", "2"}}});
  EXPECT_EQ(json::parse(read("all/run/run.json"))["threads"], 1);
  EXPECT_EQ(json::parse(read("all/run/run.json"))["cpu"], "avx2");
  EXPECT_EQ(json::parse(read("all/predictions.jsonl.run.json"))["threads"], 2);
}

TEST_F(Run, GoesOnWithAStoppedFineTuning) {
  const std::string text = config({{"finetune", "batch-tokens = 64\nsave-every = 2"}},
                                  "threads = 1\n");
  stop_within_fine_tuning(text);
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
  write_rows("unlabelled.jsonl", {{{"id", "1"},
                                   {"text", "Tom saw a bird."},
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
  std::string unnamed = config({{"extract", "prompt = \"compact\""}});
  const std::string named = "prompt = \"example.txt\"\n";
  refuse(unnamed.replace(unnamed.find(named), named.size(), ""), {"compact", "roles-nolist"});
  refuse(config({{"extract", "out = \"rows.jsonl\""}}), {"rows.jsonl", "reads"});
  refuse(config({{"extract", "out = \"labels.json/x\""}}), {"labels.json is not a folder"});
  refuse(config({{"evaluate", "data = \"-\""}, {"extract", "data = \"-\""}}), {"standard input"});
}

TEST_F(Run, RefusesAKeyOfTooManyParts) {
  std::string key = "a";
  for (int i = 0; i < 50000; ++i) key += ".a";
  refused({"run", write("all.toml", "\n" + key + " = 1\n")}, {"all.toml:2", "parts"});
  refused({"run", write("all.toml", "[" + key + "]\n")}, {"all.toml:1", "parts"});
  refused({"run", write("all.toml", "a = {" + key + " = 1}\n")}, {"all.toml:1", "parts"});
  const std::string dots(500, '.');
  write("all.toml", "# " + dots + "\n" + config({}, "threads = 1\n") + "negative = \"" + dots +
                        "\\\"" + dots + "\"\n");
  refused({"run", path("all.toml")}, {"[evaluate]", "negative"});
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

TEST_F(Run, RefusesResultsThatWouldMeet) {
  const auto refuse =
      [&](const std::map<std::string, std::string>& extra, const std::vector<std::string>& parts) {
    refused({"run", write_config(extra)}, parts);
  };
  write("all.toml", "");
  write("labels.json", json(kLabels).dump());
  refuse({{"extract", "out = \"all/run\""}}, {"all/run", "[finetune]", "[extract]"});
  refuse({{"extract", "out = \"all/run/\""}}, {"all/run", "[finetune]", "[extract]"});
  refuse({{"extract", "out = \"all\""}}, {"config.toml", "lie inside", "[extract]"});
  refuse({{"extract", "out = \"all/run/answers.jsonl\""}}, {"lie inside", "[finetune]"});
  refuse({{"extract", "out = \"all/stages.json\""}}, {"stages.json", "the run itself"});
  refuse({{"evaluate", "report = \"all/predictions.jsonl\""}}, {"[extract]", "[evaluate]"});
  refuse({{"evaluate", "report = \"all/predictions.jsonl.run.json\""}}, {"record", "[evaluate]"});
  refuse({{"finetune", "out = \"all/index\""}}, {"[index]", "[finetune]"});
  refuse({{"finetune", "out = \"all\""}}, {"lie inside", "[finetune]"});
  // Nor is anything replaced that some stage reads.
  refuse({{"evaluate", "report = \"all.toml\""}}, {"all.toml", "reads"});
  refuse({{"evaluate", "report = \"example.txt\""}}, {"example.txt", "reads"});
  refuse({{"extract", "labels = \"labels.json\"\nout = \"labels.json\""}},
         {"labels.json", "reads"});
  refuse({{"finetune", "out = \"" + copy(kModel, "model") + "\""}}, {"model", "config.json"});
}

TEST_F(Run, KnowsWhetherTheAnswersCanBeScored) {
  const auto refuse =
      [&](const std::map<std::string, std::string>& extra, const std::vector<std::string>& parts) {
    refused({"run", write_config(extra)}, parts);
  };
  write("all.toml", "");
  const auto extract = [&](const std::string& more, const std::string& evaluate = "") {
    std::string text = config({{"extract", more}, {"evaluate", evaluate}}, "threads = 1\n");
    text.replace(text.find("scores = true\n"), 14, "");
    write("all.toml", text);
    return Arguments{"run", path("all.toml")};
  };
  refused(extract("format = \"triples\""), {"triples", "jsonl"});
  refuse({{"extract", "format = \"csv\""}}, {"[extract]", "--scores"});
  refuse({{"extract", "limit = 3"}}, {"[evaluate]", "7 of the 10 examples", "missing"});
  refuse({{"evaluate", "limit = 3"}}, {"[evaluate]", "[extract]", "'4'"});
  refuse({{"extract", "skip-negative = true"}}, {"skip-negative", "missing"});
  refuse({{"extract", "min-probability = 0.1"}}, {"min-probability", "missing"});
  refuse({{"extract", "skip-negative = true\nnegative = \"nope\""},
          {"evaluate", "missing = \"wrong\""}},
         {"[extract]", "'nope'"});
  refuse({{"finetune", "negative = \"nope\""}}, {"[finetune]", "'nope'"});
  refuse({{"evaluate", "negative = \"nope\""}}, {"[evaluate]", "'nope'"});
  refuse({{"evaluate", "official = \"semeval_macro\""}}, {"[evaluate]"});
  refuse({{"evaluate", "report = \"-\""}}, {"[evaluate]", "json"});
  refuse({{"evaluate", "task = \"joint\""}}, {"[evaluate]", "joint", "answer pairs"});
  refuse({{"finetune", "lr = inf"}}, {"lr", "finite"});
  refuse({{"finetune", "alpha = inf"}}, {"[finetune]", "--alpha", "finite"});
  refuse({{"extract", "base = \"bf16\""}}, {"'base' is bf16", "[finetune]", "force"});
  refuse({{"extract", "model = \"" + kOtherModel + "\""}}, {"'model'", "[finetune]", "force"});
  const Outcome fewer = done(
      extract("limit = 3\nskip-negative = true\nformat = \"csv\"", "missing = \"wrong\""));
  EXPECT_EQ(json::parse(fewer.out)["examples"], 10);
}

TEST_F(Run, LooksAtPredictionsThatAreThereBeforeItTrains) {
  write("other.jsonl", "{\"id\":\"1\",\"label\":\"part-of\"}\n");
  std::string text = config({{"evaluate", "predictions = \"other.jsonl\""}});
  text.erase(text.find("[extract]"), text.find("[evaluate]") - text.find("[extract]"));
  write("all.toml", text);
  refused({"run", path("all.toml")}, {"[evaluate]", "9 of 10", "'2'"});
  write("other.jsonl", "{\"id\":\"1\"\n");
  refused({"run", path("all.toml")}, {"other.jsonl:1"});
}

TEST_F(Run, LeavesAStrangersConfigurationAlone) {
  write("all/config.toml", "mine = true\n");
  refused({"run", write_config()}, {"all/config.toml already exists", "--overwrite"});
  EXPECT_EQ(read("all/config.toml"), "mine = true\n");
  write("all/config.toml", config({}, "threads = 1\n"));
  fs::remove(path("all/config.toml"));
  write("all/stages.json", "{\"first\": {}}");
  refused({"run", path("all.toml")}, {"stages.json", "'first'"});
}

TEST_F(Run, ReadsAFileInItsOwnFolder) {
  std::string text = config({}, "threads = 1\n");
  text.replace(text.find("\"all\""), 5, "\".\"");
  done({"run", write("config.toml", text)});
  EXPECT_EQ(read("config.toml"), text);
  EXPECT_TRUE(there("predictions.jsonl"));
}

TEST_F(Run, GoesOnWhateverTheFileSaysOfReplacing) {
  const std::string text = config({{"finetune",
                                    "batch-tokens = 64\nsave-every = 2\nforce = true\n"
                                    "overwrite = true"}},
                                  "threads = 1\n");
  stop_within_fine_tuning(text);
  const Outcome rest = done({"run", path("all.toml")});
  EXPECT_THAT(rest.err, HasSubstr("--resume"));
  EXPECT_THAT(rest.err, HasSubstr("index: finished before"));
}

TEST_F(Run, DoesWithoutTheIndexWhereAsked) {
  std::string text = config({{"extract", "no-index = true"}}, "threads = 1\n");
  text.replace(text.find("example.txt"), 11, "plain.txt");
  done({"run", write("all.toml", text)});
  EXPECT_TRUE(read_rows("all/predictions.jsonl")[0]["neighbours"].empty());
}

TEST_F(Run, IsQuietFromItsFirstLine) {
  const Outcome outcome = done({"run", write_config({}, "threads = 1\nquiet = true\n")});
  EXPECT_THAT(outcome.err, Not(HasSubstr("> relatum")));
  const Outcome loud = done({"run", write_config(), "--overwrite"});
  for (const char* stage : {"index", "finetune", "extract", "evaluate"}) {
    EXPECT_THAT(loud.err, HasSubstr(std::string("> relatum ") + stage));
  }
}

// Like all paths it is relative to the file's folder, and its content decides whether to go on.
TEST_F(Run, TypesAreAFileBesideTheConfiguration) {
  auto rows = corpus();
  for (json& row : rows) {
    row["head"]["type"] = "A";
    row["tail"]["type"] = "B";
  }
  write_rows("rows.jsonl", rows);
  const auto types = [&](const json& label) {
    write("types.json", R"({"pairs":[{"head":"A","tail":"B","labels":[)" + label.dump() + "]}]}");
  };
  types(rows[0]["label"]);
  const std::string file = write_config({{"extract", "types = \"types.json\""}});
  done({"run", file});
  for (const json& row : read_rows("all/predictions.jsonl")) {
    EXPECT_TRUE(row["label"] == rows[0]["label"] || row["label"] == "no_relation") << row;
  }
  EXPECT_THAT(done({"run", file}).err, HasSubstr("extract: finished before"));
  types(rows[1]["label"]);
  EXPECT_THAT(done({"run", file}).err, Not(HasSubstr("extract: finished before")));
}

TEST_F(Run, HoldsEachValueToItsKind) {
  const auto refuse = [&](const std::string& text, const std::vector<std::string>& parts) {
    write("slip.toml", text);
    refused({"run", path("slip.toml")}, parts);
  };
  write("slip.toml", "");
  for (const char* quiet : {"quiet = \"yes\"", "quiet = 1"}) {
    refuse(config({}, std::string(quiet) + "\n"), {"slip.toml:6", "'quiet'", "true or false"});
  }
  refuse(config({}, "threads = \"two\"\n"), {"slip.toml:6", "--threads", "'two'"});
  refuse(config({}, "threads = true\n"), {"slip.toml:6", "'threads'"});
  refuse(config({}, "isa = true\n"), {"slip.toml:6", "'isa'"});
  refuse(config({}, "isa = \"axv2\"\n"), {"slip.toml:6", "avx2? See"});
  refuse(config({}, "labels = 3\n"), {"slip.toml:6", "'labels'"});
  refuse(config({{"finetune", "holdout = true"}}), {"slip.toml:12", "'holdout'", "value"});
  refuse(config({{"finetune", "checkpoint = \"true\""}}), {"slip.toml:12", "'checkpoint'"});
  refuse(config({{"finetune", "checkpoint = 1"}}), {"slip.toml:12", "'checkpoint'"});
  refuse(config({{"extract", "out = \"\""}}), {"slip.toml:14", "'out'", "empty"});
  std::string text = config();
  text.erase(text.find("embedder"), text.find("[finetune]") - text.find("embedder"));
  refuse(text, {"slip.toml", "[index]", "--embedder is required"});
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
