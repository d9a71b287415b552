// relatum inspect: every file of ours by what is in it; the rest by what was seen.
#include <algorithm>

#include "app/workbench.h"

namespace relatum::testing {
namespace {

class Inspect : public Workbench {
 protected:
  std::string said(const std::string& what) const { return done({"inspect", what}).out; }
  void expect(const std::string& what, const std::vector<std::string>& parts) const {
    const std::string text = said(what);
    for (const std::string& part : parts) EXPECT_THAT(text, HasSubstr(part)) << what;
  }
};

TEST_F(Inspect, TellsData) {
  expect(path("rows.jsonl"), {"data ", "jsonl", "examples      10", "labels        4", "part-of"});
  expect("jsonl:" + path("rows.jsonl") + "?limit=3", {"examples      3"});
  auto rows = corpus();
  rows[0].erase("label");
  rows[1]["head"]["end"] = 999;
  write_rows("some.jsonl", rows);
  expect(path("some.jsonl"), {"bad rows      1", "line 2:", "(without a label)"});
}

TEST_F(Inspect, TellsWhatCommandsWrite) {
  const std::string job = "out = \"all\"\nmodel = \"" + kModel +
                          "\"\ntrain = \"rows.jsonl\"\ntest = \"rows.jsonl\"\nprompt = "
                          "\"plain.txt\"\nthreads = 1\n[finetune]\nepochs = 1\nrank = 4\n"
                          "[extract]\n[evaluate]\n";
  done({"run", write("all.toml", job)});
  expect(path("all"), {"job ", "finetune      finished", "all/run", "extract "});
  expect(path("all/run"), {"run ", "base_hash", "adapter ", "target_modules", "lora_A"});
  expect(path("all/run"), {"status        done", "trained on    ", ": 10 examples", "1 epoch",
                           "rank 4", "labels        causes(e1,e2), part-of", "no dev data"});
  expect(path("all/run/run.json"), {"run record", "rank"});
  expect(path("all/run/labels.json"), {"labels ", "count         4", "part-of"});
  expect(path("all/run/log.jsonl"), {"training log", "loss"});
  expect(path("all/run/adapter_config.json"), {"adapter settings", "LORA"});
  expect(path("all/run/adapter_model.safetensors"), {"adapter weights", "lora_A"});
  expect(RELATUM_FIXTURES "/compatibility/unnumbered/stopped/state/state.safetensors",
         {"training state", "step"});
  expect(path("all/predictions.jsonl"), {"predictions ", "rows          10"});
  expect(path("all/predictions.jsonl.run.json"), {"extraction record"});
  expect(path("all/report.html"), {"report ", "of            ", "rows.jsonl"});
  expect(path("all/stages.json"), {"stages of a run"});
  expect(path("all.toml"), {"relatum run"});
  done(prepare("prompts.jsonl", plain()));
  expect(path("prompts.jsonl"), {"prompts ", "rows          10"});
  done({"embed", "--embedder", kEmbedder, "--data", path("rows.jsonl"), "--out", path("v.npy"),
        "--threads", "1"});
  expect(path("v.npy"), {"NumPy", "10 x 32"});
  expect(path("plain.txt"), {"template ", "example       none"});
  expect(path("example.txt"), {"example       needed"});
  expect(write("p.tsv", "1\tpart-of\n2\t\n"), {"predictions ", "(without a label)"});
  const Arguments answers{"extract",   "--adapter", path("all/run"), "--data", path("rows.jsonl"),
                          "--threads", "1",         "--out"};
  for (const char* name : {"a.csv", "a.tsv"}) {
    done(answers + Arguments{path(name)});
    expect(path(name), {"predictions ", "rows          10"});
  }
  done(answers + Arguments{path("t.tsv"), "--format", "triples"});
  expect(path("t.tsv"), {"triples ", "rows          10"});
}

TEST_F(Inspect, TellsTypesOfEntitiesFromLabels) {
  const json person = {{"id", "a"}, {"start", 0}, {"end", 3}, {"type", "person"}};
  const json firm = {{"id", "p"}, {"start", 9}, {"end", 13}, {"type", "firm"}};
  const json runs = {{"head", "a"}, {"tail", "p"}, {"label", "runs"}};
  write_rows("documents.jsonl", {{{"id", "d"},
                                  {"text", "Ada runs Pell."},
                                  {"entities", {person, firm}},
                                  {"relations", json::array({runs})}}});
  const auto learn = [&](const std::string& task, const Arguments& more) {
    Arguments arguments{"finetune", "--model", kModel, "--task", task};
    done(arguments + more +
         Arguments{"--train", path("documents.jsonl"), "--out", path(task), "--epochs", "1",
                   "--compute", "f32", "--threads", "1"});
  };
  learn("joint", plain());
  expect(path("joint"), {"\ntypes         person, firm\n", "\nlabels        runs, no_relation\n",
                         "\nfinds         entities of up to 10 words\n", "\nprompts       style "});
  const Arguments pairs{"finetune",
                        "--model",
                        kModel,
                        "--task",
                        "joint",
                        "--head",
                        "classifier",
                        "--train",
                        path("documents.jsonl"),
                        "--out",
                        path("pairs"),
                        "--epochs",
                        "1",
                        "--compute",
                        "f32",
                        "--threads",
                        "1"};
  done(pairs);
  expect(path("pairs"),
         {"\ntypes         person, firm\n", "\nhead          classifier of all pairs"});
  learn("entities", {});
  expect(path("entities"), {"\ntypes         person, firm\n"});
  for (const char* other : {"\nlabels  ", "\nprompts  "}) {
    EXPECT_THAT(said(path("entities")), Not(HasSubstr(other)));
  }
}

TEST_F(Inspect, ShowsFoldsAsFinetunePrintedThem) {
  const Outcome folds = done(finetune("folds", {"--folds", "2"}));
  EXPECT_THAT(folds.err, HasSubstr("next: relatum evaluate --data " + path("rows.jsonl") +
                                   " --predictions " + path("folds/predictions.jsonl")));
  for (const char* what : {"folds", "folds/folds.json"}) {
    expect(path(what), {"folds ", "status        done", "fold-1 to fold-2", folds.out});
  }
  json record = json::parse(read("folds/folds.json"));
  record.erase("scores");
  write("folds/folds.json", record.dump());
  expect(path("folds"), {"--resume --out " + path("folds")});
}

TEST_F(Inspect, TellsOtherFilesOfOurs) {
  expect(write("w.json", R"({"no_relation": 0.5, "founded": 2})"), {"label weights", "founded"});
  done(finetune("run"));
  done({"merge", "--adapter", path("run"), "--out", path("merged"), "--threads", "1"});
  expect(path("merged/merge.json"), {"record of a merged model", path("run")});
  done(finetune("full", {"--method", "full"}));
  expect(path("full"), {"all weights"});
  EXPECT_THAT(said(path("full")), Not(HasSubstr("rank 0")));
  json stopped = json::parse(read("run/run.json"));
  stopped["status"] = "interrupted";
  stopped["steps"] = 1;
  stopped["epoch_steps"] = 60;
  stopped["epochs"] = 2;
  write("run/run.json", stopped.dump());
  expect(path("run"), {"1 step of about 120 (`relatum finetune --resume --out " + path("run")});
}

TEST_F(Inspect, ShowsEachOptionOfAnAdapterThatIsNotTheUsual) {
  const std::string lora = copy(RELATUM_FIXTURES "/llama/lora", "lora");
  const std::string before = said(lora);
  for (const char* key : {"bias", "use_dora", "rank_pattern", "peft_version", "cannot be used"}) {
    EXPECT_THAT(before, Not(HasSubstr(key)));
  }
  json config = json::parse(read("lora/adapter_config.json"));
  config["rank_pattern"] = {{"q_proj", 4}};
  config["layers_to_transform"] = {0};
  config["use_rslora"] = true;
  write("lora/adapter_config.json", config.dump());
  expect(lora, {"rank_pattern ", "layers_to_transform ", "use_rslora "});
  EXPECT_THAT(said(lora), Not(HasSubstr("cannot be used")));
  config["bias"] = "all";
  write("lora/adapter_config.json", config.dump());
  for (const std::string& what : {lora, lora + "/adapter_config.json"}) {
    expect(what, {"bias ", "\"all\"", "cannot be used", "trained biases are not supported"});
  }
}

TEST_F(Inspect, TellsHowAnIndexWasMade) {
  const std::string index = path("index");
  const Arguments make{"index",     "--embedder", kEmbedder, "--data", path("rows.jsonl"),
                       "--threads", "1",          "--out",   index};
  done(make);
  expect(index, {"index ", "vectors       10 of 32 values", "embedder      bert (f32, ",
                 "vectors are   mean, normalised, 48 tokens", "labels        4: causes(e1,e2), "});
  EXPECT_THAT(said(index), ::testing::Not(HasSubstr("before ")));
  done(make + Arguments{"--overwrite", "--query-prefix", "query: ", "--passage-prefix", "of: "});
  expect(index, {"before query  'query: '", "before stored 'of: '"});
}

TEST_F(Inspect, ShowsAModelAndAnAdapterInOneFolder) {
  copy(kModel, "both");
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
    write(std::string("both/") + name, contents(fs::path(RELATUM_FIXTURES "/llama/lora") / name));
  }
  expect(path("both"), {"adapter ", "lora_A", "model ", "Hugging Face folder"});
}

TEST_F(Inspect, SaysWhatWasSeenElsewhere) {
  const auto none = [&](const std::string& text, const std::vector<std::string>& parts) {
    refused({"inspect", write("thing.bin", text)}, parts);
  };
  write("thing.bin", "");
  none(
      "\x7f"
      "ELF\x02\x01",
      {"thing.bin", "6 bytes", "\\x7fELF"});
  none("", {"thing.bin", "empty"});
  none("{\"a\": null}", {"11 bytes", "{\"a\": null}"});
  fs::create_directories(path("things"));
  refused({"inspect", path("things")}, {"things", "empty"});
  write("things/a.xyz", "");
  refused({"inspect", path("things")}, {"things", "a.xyz"});
  refused({"inspect", path("nowhere")}, {"nowhere"});
}

// A model's, a label's or a file's name must not steer the terminal.
TEST_F(Inspect, EscapesWhatComesFromFiles) {
  auto rows = corpus();
  rows[0]["label"] = "red\x1b[31m";
  rows[1]["label"] = "turned\u202e";
  const std::string data = write_rows("odd\x1b]0;x\x07.jsonl", rows);
  const auto clean = [](const std::string& text) {
    for (const char c : text) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) return false;
    }
    return text.find("\u202e") == text.npos;
  };
  const std::string shown = done({"inspect", data}).out;
  EXPECT_TRUE(clean(shown));
  EXPECT_THAT(shown, HasSubstr("red\\x1b[31m"));
  EXPECT_THAT(shown, HasSubstr("turned\\u202e"));
  std::string predictions;
  for (const json& each : rows) {
    predictions += each["id"].get<std::string>() + "\t" + each["label"].get<std::string>() + "\n";
  }
  const Outcome table = done(
      {"evaluate", "--data", data, "--predictions", write("p.tsv", predictions)});
  EXPECT_TRUE(clean(table.out)) << table.out;
  EXPECT_TRUE(clean(table.err)) << table.err;
  for (const Arguments& wrong :
       std::vector<Arguments>{{"inspect", "no\x1b[1m\nsuch"},
                              {"evaluate", "--data", data, "--predictions", "no\x9b"},
                              {"ext\x1b[1mract"},
                              {"extract", "--\x1b[1m"},
                              {"extract", "--answer", "\x1b[1m"}}) {
    const Outcome outcome = run_program(wrong);
    EXPECT_NE(outcome.status, 0);
    EXPECT_TRUE(clean(outcome.err)) << outcome.err;
  }
}

TEST_F(Inspect, ModelsLeavesOutWhatIsHiddenAndBroken) {
  copy(kModel, "models/tiny");
  copy(kModel, "models/.cache");
  copy(kModel, "models/odd\x1b[31m");
  fs::create_symlink(path("gone"), path("models/link"));
  fs::create_symlink(path("gone.gguf"), path("models/link.gguf"));
  const Outcome list = done({"models", "--models", path("models")});
  EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 3);  // with the line above them
  EXPECT_THAT(list.out, HasSubstr("odd\\x1b[31m"));
  const auto tokenize = [&](const std::string& model) {
    return Arguments{"tokenize", "--model", model, "--models", path("models"), "--text", "a"};
  };
  refused(tokenize("tinny"), {"'tinny'", "Did you mean 'tiny'?"});
  copy(kModel, "models/twice");
  write("models/twice.gguf", contents(kOtherModel));
  refused(tokenize("twice"), {"several models", "models/twice)", "twice.gguf"});
  refused({"models", "--models", path("nowhere")}, {"nowhere", "not a folder"});
  fs::create_directories(path("bare"));
  const Outcome bare = done({"models", "--models", path("bare")});
  EXPECT_THAT(bare.err, HasSubstr("no GGUF file"));
  EXPECT_THAT(bare.err, Not(HasSubstr("or name a folder with --models")));
}

}  // namespace
}  // namespace relatum::testing
