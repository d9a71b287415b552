// finetune, through the program: what it refuses before the first step, what it says, what dev is.
#include <algorithm>

#include "app/next_command.h"
#include "app/workbench.h"
#include "base/error.h"
#include "base/folder_lock.h"

namespace relatum::testing {
namespace {

class Finetune : public Workbench {
 protected:
  static Arguments replaced(Arguments arguments, const std::string& flag,
                            const std::string& value) {
    *(std::find(arguments.begin(), arguments.end(), flag) + 1) = value;
    return arguments;
  }
  // The corpus and one row that the context of 256 tokens cannot hold.
  std::string with_page() const {
    auto rows = corpus();
    std::string text = "Rain fell";
    for (int i = 0; i < 400; ++i) text += " on the road";
    rows.insert(rows.begin() + 4, row("page", text, "Rain", "road", kLabels[0]));
    return write_rows("page.jsonl", rows);
  }
  std::map<std::string, std::string> files(const std::string& folder) const {
    std::map<std::string, std::string> result;
    for (const auto& entry : fs::recursive_directory_iterator(path(folder))) {
      if (entry.is_regular_file()) result[entry.path().string()] = contents(entry.path());
    }
    return result;
  }
  json record(const std::string& run) const { return json::parse(read(run + "/run.json")); }
  json last_evaluation(const std::string& run) const {
    json last;
    for (const json& each : read_rows(run + "/log.jsonl")) {
      if (each.contains("dev_f1")) last = each;
    }
    return last;
  }
  static int count(const std::string& text, const std::string& part) {
    int found = 0;
    for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
  }
};

TEST_F(Finetune, DevPromptsAreWrappedAsTrainingRows) {
  copy(kModel, "chatty");
  json config = json::parse(read("chatty/tokenizer_config.json"));
  config["chat_template"] =
      "{{ '<|im_start|>system\\nin the end<|im_end|>' + "
      "'<|im_start|>' + messages[0].content }}";
  write("chatty/tokenizer_config.json", config.dump());
  const Arguments run = replaced(
      replaced(finetune("run", {"--chat", "--dev", path("rows.jsonl"), "--lr", "0.02"}), "--model",
               path("chatty")),
      "--epochs", "12");
  // The last step's adapter, by the record's words: with --chat, as extract reads them.
  const Arguments extraction{"extract",          "--model",   path("chatty"),
                             "--adapter",        path("run"), "--data",
                             path("rows.jsonl"), "--threads", "1",
                             "--compute",        "f32",       "--overwrite"};
  const auto accuracy = [&](const std::string& name) {
    done(extraction + Arguments{"--out", path(name)});
    const Outcome outcome = done(
        {"evaluate", "--data", path("rows.jsonl"), "--predictions", path(name), "--json"});
    return json::parse(outcome.out)["accuracy"].get<double>();
  };
  // Whether so small a model answers better or worse without the wrapping is chance.
  bool differs = false;
  for (int seed = 1; seed <= 8 && !differs; ++seed) {
    done(run + Arguments{"--eval-every", "100000", "--overwrite", "--seed", std::to_string(seed)});
    const double wrapped = accuracy("wrapped.jsonl");
    EXPECT_EQ(last_evaluation("run")["dev_accuracy"], wrapped);
    json plain = record("run");
    plain["chat"] = false;
    write("run/run.json", plain.dump());
    differs = accuracy("plain.jsonl") != wrapped;
  }
  EXPECT_TRUE(differs) << "else nothing is tested";
}

TEST_F(Finetune, LongRowsAreRefusedBeforeAnythingIsTrained) {
  with_page();
  const std::vector<std::string> parts{"page.jsonl:5", "'page'", "256", "--skip-bad-rows"};
  refused(finetune("run", {"--dev", path("page.jsonl")}), parts);
  refused(replaced(finetune("run"), "--train", path("page.jsonl")), parts);
  EXPECT_FALSE(there("run"));
}

TEST_F(Finetune, LongRowsAreLeftOutWhereAskedFor) {
  with_page();
  const Outcome outcome = done(
      replaced(finetune("run", {"--dev", path("page.jsonl") + "?limit=99", "--skip-bad-rows"}),
               "--train", path("page.jsonl")));
  EXPECT_EQ(count(outcome.err, "warning: "), 2) << outcome.err;  // one for each file
  EXPECT_THAT(outcome.err, HasSubstr("1 row longer than the model's context"));
  EXPECT_THAT(outcome.err, HasSubstr("'page' (line 5, "));
  for (const char* key : {"examples", "dev_examples"}) EXPECT_EQ(record("run")[key], 10) << key;
  for (const char* key : {"left_out", "dev_left_out"}) EXPECT_EQ(record("run")[key], 1) << key;
}

TEST_F(Finetune, ADevRowNeedsRoomForTheLongestAnswer) {
  auto labels = kLabels;
  labels.push_back("a label that nobody gives " + std::string(300, 'x'));
  write("labels.json", json(labels).dump());
  refused(finetune("run", {"--labels", path("labels.json"), "--holdout", "3"}),
          {"context is 256", "--skip-bad-rows"});
  done(finetune("run", {"--labels", path("labels.json")}));
}

TEST_F(Finetune, ARunIsReplacedOnlyOnceTheNewOneIsKnownToStart) {
  done(finetune("run", {"--holdout", "3"}));
  const auto before = files("run");
  with_page();
  write("labels.json", "[\"other\"]");
  const Arguments force{"--force"};
  refused(finetune("run", {"--dev", path("page.jsonl")}) + force, {"'page'"});
  refused(finetune("run", {"--targets", "no_such"}) + force, {"no_such"});
  refused(finetune("run", {"--labels", path("labels.json")}) + force, {"causes"});
  refused(finetune("run", {"--memory", "1KB"}) + force, {"does not fit"});
  refused(finetune("run", {"--negative", "none"}) + force, {"--negative", "'none'"});
  refused(finetune("run", {"--lr", "nan"}) + force, {"--lr", "finite"});
  refused(finetune("run", {"--index", path("absent")}) + force, {"absent"});
  refused(replaced(finetune("run"), "--model", kEmbedder) + force, {"encoder"});
  refused(replaced(finetune("run"), "--train", path("absent.jsonl")) + force, {"absent.jsonl"});
  refused(finetune("run", {"--resume", "--force"}), {"--resume", "--overwrite"});
  {
    Program program(replaced(finetune("run", force), "--train", "jsonl:-"), {.hold_input = true});
    program.interrupt();
    while (program.running()) ::usleep(1000);  // its input stays open
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.status, 130) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("nothing was written"));
  }
  EXPECT_EQ(files("run"), before);
  done(finetune("run", {"--overwrite", "--seed", "2"}));
  EXPECT_NE(files("run"), before);
}

TEST_F(Finetune, HeldOutSentencesAreNobodysNeighbour) {
  // The template insists on an example, and all that the index holds is dev data.
  const std::string insisting = write("insists.txt", "{{example_text}}\n{{text}}:");
  write_rows("dev.jsonl", {corpus()[0], corpus()[1], corpus()[2]});
  write_rows("others.jsonl", {corpus()[3], corpus()[4], corpus()[5]});
  write("labels.json", json(kLabels).dump());
  const Arguments all_labels{"--labels", path("labels.json")};
  done(replaced(index("index"), "--data", path("dev.jsonl")) + all_labels);
  const Arguments run = replaced(replaced(finetune("run", with_index()), "--train",
                                          path("others.jsonl")),
                                 "--prompt", insisting) +
                        all_labels;
  const Outcome without = run_program(run);
  EXPECT_THAT(without.err, Not(HasSubstr("in the dev data")));
  const Outcome with = run_program(replaced(run, "--out", path("other")) +
                                   Arguments{"--dev", path("dev.jsonl")});
  EXPECT_EQ(with.status, 1) << with.err;
  EXPECT_THAT(with.err, HasSubstr("3 rows of the index are also in the dev data and are never"));
  // Nine of ten held out: the tenth has nobody left but itself.
  done(index("all"));
  const Outcome held = run_program(replaced(
      finetune("held", {"--index", path("all"), "--embedder", kEmbedder, "--holdout", "9"}),
      "--prompt", insisting));
  EXPECT_EQ(held.status, 1) << held.err;
  EXPECT_THAT(held.err, HasSubstr("9 rows of the index"));
}

TEST_F(Finetune, TheNegativeLabelMakesTheDevFigure) {
  auto rows = corpus();
  for (json& each : rows) {
    if (each["label"] == "no_relation") each["label"] = "NA";
  }
  write_rows("rows.jsonl", rows);
  done(finetune("plain", {"--dev", path("rows.jsonl")}));
  EXPECT_EQ(last_evaluation("plain")["dev_metric"], "micro_all");
  done(finetune("run", {"--dev", path("rows.jsonl"), "--negative", "NA"}));
  EXPECT_EQ(last_evaluation("run")["dev_metric"], "tacred_micro");
  EXPECT_EQ(record("run")["negative"], "NA");
}

TEST_F(Finetune, FewSentencesMakeManySteps) {
  const Outcome outcome = done(finetune("run"));
  EXPECT_GE(record("run")["steps"], 8);
  EXPECT_TRUE(record("run")["batch_tokens_automatic"]);
  EXPECT_GT(record("run")["batch_tokens"], 0);
  EXPECT_THAT(outcome.err, HasSubstr("steps per epoch"));
  EXPECT_THAT(outcome.err, HasSubstr("chosen from the data"));
  EXPECT_THAT(outcome.err, HasSubstr("adapter of the last step will be kept"));
  EXPECT_THAT(outcome.err, HasSubstr("4 of 4 labels have fewer than 10 training examples"));
  EXPECT_THAT(outcome.err, HasSubstr("1 epoch"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("1 epochs")));
  EXPECT_THAT(outcome.err,
              HasSubstr("next: relatum extract --adapter " + path("run") + " --data FILE"));
  done(finetune("one", {"--batch-tokens", "4096"}));
  EXPECT_EQ(record("one")["steps"], 1);
  EXPECT_EQ(record("one")["batch_tokens"], 4096);
}

TEST_F(Finetune, UnusualValuesGetOneWarningEach) {
  const auto warned = [&](const Arguments& flags, const std::string& part) {
    const Outcome outcome = run_program(finetune("run", flags + Arguments{"--force"}));
    EXPECT_EQ(count(outcome.err, "warning: "), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("warning: " + part));
  };
  warned({"--lr", "100", "--clip", "0.000001"}, "--lr 100 ");
  warned({"--dropout", "0.95"}, "--dropout 0.95 ");
  warned({"--alpha", "100000", "--lr", "0.000001"}, "--alpha 100000 ");
  warned({"--neighbours", "2"}, "--neighbours has no effect without --index");
  warned({"--embedder", kEmbedder}, "--embedder has no effect without --index");
  warned({"--patience", "2"}, "--patience has no effect without --dev or --holdout");
  warned({"--lr", "0.00000001"}, "--lr 1e-08 ");
  EXPECT_THAT(done(finetune("run", {"--negative", "no_relation", "--force"})).err,
              HasSubstr("what `extract --skip-negative` leaves out"));
  EXPECT_EQ(count(run_program(finetune("run", {"--force"})).err, "warning"), 0);
}

TEST_F(Finetune, ALabelThatOnlyDevHasIsToldOnce) {
  write_rows("train.jsonl", {corpus()[0], corpus()[3], corpus()[5]});
  const Outcome outcome = done(
      replaced(finetune("run", {"--dev", path("rows.jsonl")}), "--train", path("train.jsonl")));
  EXPECT_EQ(count(outcome.err, "warning: "), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("'causes(e2,e1)', 'no_relation'"));
  EXPECT_THAT(outcome.err, HasSubstr("4 rows"));
  EXPECT_EQ(json::parse(read("run/labels.json")).size(), 4u);
}

TEST_F(Finetune, RowsThatAreNotTakenAsGivenAreTold) {
  auto rows = corpus();
  rows[0]["label"] = nullptr;
  rows[0]["labels"] = {kLabels[0], kLabels[1]};
  write_rows("rows.jsonl", rows);
  EXPECT_THAT(done(finetune("run")).err,
              HasSubstr("1 row with several labels, of which the first is learned"));
  EXPECT_THAT(done(index("index")).err, HasSubstr("1 row with several labels"));
  rows[0]["label"] = kLabels[3];
  write_rows("rows.jsonl", rows);
  refused(finetune("other"), {"rows.jsonl:1", kLabels[3], "not among"});
}

TEST_F(Finetune, AHoldOutOfWholeSentencesSaysHowLargeItIs) {
  auto rows = corpus();
  rows.resize(5);
  for (size_t i = 0; i < 5; ++i) {  // each sentence asked about in both directions
    rows.push_back(rows[i]);
    rows.back()["id"] = std::to_string(11 + i);
    std::swap(rows.back()["head"], rows.back()["tail"]);
  }
  write_rows("rows.jsonl", rows);
  EXPECT_THAT(done(finetune("run", {"--holdout", "3"})).err,
              HasSubstr("2 rows held out, not 3: rows of one sentence or document stay"));
  refused(finetune("other", {"--holdout", "1"}), {"cannot hold out 1 of 10", "--holdout"});
}

TEST(NextCommand, CanBePasted) {
  jobs::FinetuneOptions options;
  options.model.model = "tiny";
  options.out = "my run's";
  EXPECT_EQ(app::extract_command(options),
            "relatum extract --adapter 'my run'\\''s' "
            "--data FILE --out predictions.jsonl");
}

TEST_F(Finetune, AFolderIsWrittenByOneCommandAtATime) {
  fs::create_directories(path("run"));
  {
    const FolderLock held(path("run"));
    refused(finetune("run"), {path("run"), "being written by another command"});
  }
  done(finetune("run"));
}

TEST_F(Finetune, NumbersThatAreNoneAreRefused) {
  const auto wrong = [&](const Arguments& more, const std::string& part) {
    const Outcome outcome = run_program(finetune("run", more));
    EXPECT_EQ(outcome.status, 2) << more[1];
    EXPECT_THAT(outcome.err, HasSubstr(part)) << more[1];
  };
  for (const char* seed : {"-1", "99999999999999999999999", "1.5", "4294967296"}) {
    wrong({"--seed", seed}, "--seed");
  }
  for (const char* size :
       {"-1", "-1GB", "99999999999999999999999", "99999999999GB", "much", "2.5GB", ""}) {
    wrong({"--memory", size}, "is no size of memory");
  }
  done(finetune("run", {"--seed", "4294967295", "--memory", "2500MB"}));
}

}  // namespace
}  // namespace relatum::testing
