// `finetune --resume --out R` with nothing else, or with little: the run knows the rest.
#include "app/resume_arguments.h"

#include <algorithm>
#include <atomic>
#include <functional>

#include "app/stage_options.h"
#include "app/workbench.h"
#include "base/parallel_for.h"
#include "jobs/finetune.h"

namespace relatum::testing {
namespace {

class ResumeAlone : public Workbench {
 protected:
  void SetUp() override {
    Workbench::SetUp();
    home_ = fs::current_path();
  }
  void TearDown() override { fs::current_path(home_); }

  Arguments alone(const std::string& out, const Arguments& more = {}) const {
    return Arguments{"finetune", "--resume", "--out", path(out)} + more;
  }
  Arguments whole(const std::string& out, const Arguments& more = {}) const {
    Arguments arguments = finetune(
        out, Arguments{"--batch-tokens", "64", "--rank", "4", "--lr", "0.01", "--dropout", "0.2",
                       "--holdout", "3", "--save-every", "1", "--base", "f32"} +
                 more);
    *(std::find(arguments.begin(), arguments.end(), "--epochs") + 1) = "4";
    return arguments;
  }
  // As the program would, in this process, so that it can be stopped behind a step.
  static void stop_behind(int64_t step, const Arguments& arguments) {
    std::atomic<bool> stop{false};
    jobs::Host host;
    host.context.stop = &stop;
    host.context.progress = [&](const Progress& p) {
      stop = p.task == "training" && p.done >= double(step);
    };
    set_thread_count(1);
    EXPECT_FALSE(jobs::finetune(app::finetune_options(arguments), host).finished);
  }
  json record(const std::string& run) const { return json::parse(read(run + "/run.json")); }

  fs::path home_;
};

TEST_F(ResumeAlone, TakesEverythingFromTheRun) {
  done(whole("whole", {"--limit", "9", "--label-weights", "balanced", "--negatives", "0.2"}));
  stop_behind(3,
              whole("run", {"--limit", "9", "--label-weights", "balanced", "--negatives", "0.2"}));
  const json stopped = record("run");
  EXPECT_EQ(stopped["options"]["limit"], "9");
  EXPECT_EQ(stopped["options"]["label-weights"], "balanced");
  EXPECT_FALSE(stopped["options"].contains("out"));
  done(alone("run"));
  EXPECT_EQ(read("run/adapter_model.safetensors"), read("whole/adapter_model.safetensors"));
  EXPECT_EQ(record("run")["holdout"], 3);
  EXPECT_EQ(record("run")["options"]["limit"], "9");
}

// As after a kill: the record still says that it runs.
TEST_F(ResumeAlone, GoesOnWithAKilledRunTwice) {
  done(whole("whole"));
  stop_behind(2, whole("run"));
  json killed = record("run");
  killed["status"] = "running";
  write("run/run.json", killed.dump());
  stop_behind(4, app::resumed_command(app::finetune_options(alone("run")), {}).arguments);
  done(alone("run"));
  EXPECT_EQ(read("run/adapter_model.safetensors"), read("whole/adapter_model.safetensors"));
}

// Killed before it saved anything: it begins again as it was asked for.
TEST_F(ResumeAlone, BeginsAgainWhereNoStateWasSaved) {
  done(whole("whole"));
  stop_behind(2, whole("run"));
  json killed = record("run");
  killed["status"] = "running";
  write("run/run.json", killed.dump());
  fs::remove_all(path("run/state"));
  refused(alone("run", {"--lr", "0.5"}), {"run.json is of a run", "--lr was 0.01 and is now 0.5"});
  EXPECT_THAT(done(alone("run")).err, HasSubstr("begins again"));
  EXPECT_EQ(read("run/adapter_model.safetensors"), read("whole/adapter_model.safetensors"));
  EXPECT_EQ(read_rows("run/log.jsonl").size(), read_rows("whole/log.jsonl").size());
}

TEST_F(ResumeAlone, EveryOptionThatDiffersIsNamedWithBothValues) {
  stop_behind(2, whole("run", {"--train", path("rows.jsonl")}));
  refused(alone("run", {"--lr", "0.5", "--rank", "8", "--seed", "7", "--limit", "5", "--chat",
                        "--train", path("other.jsonl")}),
          {"--lr was 0.01 and is now 0.5", "--rank was 4 and is now 8", "--seed was 1 and is now 7",
           "--limit was nothing and is now 5", "--chat was off and is now on",
           "--train was " + path("rows.jsonl") + " and is now ", "--resume --out " + path("run")});
  // The same in other words, and what may change.
  done(alone("run", {"--lr", "1e-2", "--rank", "4", "--threads", "1", "--save-every", "2",
                     "--train", path("./rows.jsonl"), "--base", "auto", "--memory", "50GB"}));
}

TEST_F(ResumeAlone, PathsAreThoseOfTheDirectoryThen) {
  fs::current_path(folder_.path());
  Arguments arguments = whole("run");
  *(std::find(arguments.begin(), arguments.end(), "--train") + 1) = "rows.jsonl";
  *(std::find(arguments.begin(), arguments.end(), "--prompt") + 1) = "plain.txt";
  stop_behind(2, arguments);
  fs::current_path(home_);
  fs::rename(path("rows.jsonl"), path("moved.jsonl"));
  fs::remove(path("plain.txt"));  // the run keeps its text
  refused(alone("run"),
          {"run.json", "--train rows.jsonl", "Give --train", "is not there any more"});
  done(alone("run", {"--train", path("moved.jsonl")}));
  EXPECT_EQ(record("run")["train"], path("moved.jsonl"));
}

TEST_F(ResumeAlone, OtherDataUnderThePathAreFoundByContent) {
  stop_behind(2, whole("run"));
  auto rows = corpus();
  rows[4]["text"] = "Tom saw a bird!";
  write_rows("rows.jsonl", rows);
  const Outcome outcome = run_program(alone("run"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("state.safetensors is of a run that was started with"));
}

TEST_F(ResumeAlone, WhatIsNotStoppedIsToldApart) {
  refused(alone("run"), {"run holds no state to go on from"});
  done(whole("run"));
  refused(alone("run"), {"holds a finished run", "nothing left to resume"});
  stop_behind(2, whole("other"));
  fs::remove(path("other/run.json"));
  refused(alone("other"), {"other/run.json"});
}

TEST_F(ResumeAlone, ARecordOfAnotherVersionsOptionsIsToldSo) {
  stop_behind(2, whole("run"));
  json changed = record("run");
  changed["options"]["no-such-flag"] = "1";
  write("run/run.json", changed.dump());
  refused(alone("run"), {"not those of this version", "no-such-flag"});
  changed["options"] = {{"rank", 4}};
  write("run/run.json", changed.dump());
  refused(alone("run"), {"run.json", "rank"});
}

// A run of a version that kept no options as they were given, nor the directory.
TEST_F(ResumeAlone, AnEarlierVersionsRunNeedsItsFilesAlone) {
  fs::copy(fs::path(RELATUM_FIXTURES) / "compatibility/unnumbered", path("made"),
           fs::copy_options::recursive);
  const std::string lost = "--train rows.jsonl";
  refused(alone("made/stopped"), {"--model model", lost, "Give --model and --train"});
  refused(alone("made/stopped",
                {"--model", kModel, "--train", path("made/rows.jsonl"), "--epochs", "9"}),
          {"--epochs was 8 and is now 9"});
  done(alone("made/stopped", {"--model", kModel, "--train", path("made/rows.jsonl"), "--prompt",
                              path("made/plain.txt")}));
  EXPECT_EQ(record("made/stopped")["status"], "done");
  EXPECT_EQ(record("made/stopped")["rank"], 2);
}

TEST_F(ResumeAlone, OtherwiseModelAndDataAreNeeded) {
  for (const std::string flag : {"--train", "--model"}) {
    Arguments arguments = finetune("run");
    const auto at = std::find(arguments.begin(), arguments.end(), flag);
    arguments.erase(at, at + 2);
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, HasSubstr(flag + " is required"));
  }
}

// --init-adapter alone names the model, and folds print their table.
TEST_F(ResumeAlone, StartsFromARunAndTrainsFolds) {
  done(whole("run"));
  Arguments second{"finetune", "--init-adapter", path("run"), "--train", path("rows.jsonl"),
                   "--out",    path("second"),   "--epochs",  "1",       "--threads",
                   "1"};
  done(second);
  EXPECT_EQ(record("second")["rank"], 4);
  EXPECT_EQ(record("second")["options"]["init-adapter"], path("run"));
  refused({"finetune", "--init-adapter", path("run"), "--train", path("rows.jsonl"), "--out",
           path("third"), "--rank", "8"},
          {"--rank 8", "rank 4"});
  const Outcome folds = done(finetune("folds", {"--folds", "2"}));
  EXPECT_THAT(folds.out, HasSubstr("mean"));
  const Outcome scored = done({"evaluate", "--data", path("rows.jsonl"), "--predictions",
                               path("folds/predictions.jsonl"), "--json"});
  EXPECT_EQ(json::parse(scored.out)["examples"], 10);
  const Outcome again = done(alone("folds"));
  EXPECT_EQ(again.out, folds.out);
  json fold = record("folds/fold-1");
  fold["status"] = "running";
  write("folds/fold-1/run.json", fold.dump());
  refused(alone("folds/fold-1"), {"one of several folds", "--resume --out " + path("folds")});
  refused(alone("folds", {"--folds", "3"}), {"--folds was 2 and is now 3"});
}

// A run that was killed before it saved a state begins again, with what was forced.
TEST_F(ResumeAlone, AForcedStartStaysForced) {
  done(whole("run"));
  fs::copy(kModel, path("model"), fs::copy_options::recursive);
  std::string weights = read("model/model.safetensors");
  weights.back() = char(weights.back() ^ 1);
  write("model/model.safetensors", weights);
  const Arguments second{
      "finetune", "--init-adapter", path("run"), "--train",      path("rows.jsonl"),
      "--model",  path("model"),    "--out",     path("second"), "--epochs",
      "1",        "--threads",      "1"};
  refused(second, {"has other weights", "--force"});
  done(second + Arguments{"--force"});
  json begun = record("second");
  EXPECT_EQ(begun["init_adapter_force"], true);
  begun["status"] = "running";
  write("second/run.json", begun.dump());
  for (const char* file : {"adapter_model.safetensors", "adapter_config.json"}) {
    fs::remove(path("second") + "/" + file);
  }
  fs::remove_all(path("second/state"));
  const Outcome again = done(alone("second"));
  EXPECT_THAT(again.err, HasSubstr("begins again"));
  EXPECT_EQ(record("second")["init_adapter_force"], true);
  EXPECT_EQ(record("second")["init_adapter_forced"], true);
}

// The keys of [finetune] are the same names, and paths are relative to the file.
TEST_F(ResumeAlone, RunFilesHaveTheSameKeys) {
  done(whole("run"));
  write("w.json", R"({"part-of": 2})");
  const auto config = [&](const std::string& more) {
    return write("all.toml",
                 "out = \"all\"\nmodel = \"" + kModel +
                     "\"\ntrain = \"rows.jsonl\"\nthreads = 1\n[finetune]\nepochs = 1\n" + more);
  };
  done({"run", config("init-adapter = \"run\"\nlabel-weights = \"w.json\"\nnegatives = 1\n")});
  const json got = record("all/run");
  EXPECT_EQ(got["label_weights_used"]["part-of"], 2.0);
  EXPECT_EQ(got["negatives"], 1.0);
  EXPECT_EQ(got["init_adapter"], path("run"));
  const Outcome again = done({"run", path("all.toml")});
  EXPECT_THAT(again.err, HasSubstr("finetune: finished before"));
  write("w.json", R"({"part-of": 3})");
  EXPECT_THAT(done({"run", path("all.toml")}).err, Not(HasSubstr("finetune: finished before")));
  const Outcome folds = run_program({"run", config("folds = 2\n")});
  EXPECT_EQ(folds.status, 1);
  EXPECT_THAT(folds.err, HasSubstr("'folds' trains several adapters"));
  const Outcome rank = run_program({"run", config("init-adapter = \"run\"\nrank = 8\n")});
  EXPECT_THAT(rank.err, HasSubstr("--rank 8"));
}

}  // namespace
}  // namespace relatum::testing
