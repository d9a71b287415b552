// Ctrl-C: what is saved, what is not written, and that going on changes no bit of the result.
#include <poll.h>

#include <algorithm>

#include "app/workbench.h"

namespace relatum::testing {
namespace {

/// log.jsonl as a pipe that holds few lines: a run cannot get far ahead of its reader, so that it
/// is interrupted in its midst however fast the machine is.
class PipeLog {
 public:
  explicit PipeLog(const std::string& path) {
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    fd_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);  // both ends: opening then waits for nobody
    EXPECT_GE(::fcntl(fd_, F_SETPIPE_SZ, 4096), 4096);
  }
  ~PipeLog() { ::close(fd_); }

  /// Reads until there is a line with `part`, or, where that is empty, until the program ends.
  void follow(Program& program, const std::string& part) {
    while (part.empty() || text_.find(part) == text_.npos) {
      const bool ended = !program.running();
      pollfd event{fd_, POLLIN, 0};
      if (::poll(&event, 1, 20) <= 0) {
        if (ended) return;
        continue;
      }
      char bytes[512];
      const ssize_t count = ::read(fd_, bytes, sizeof bytes);
      if (count > 0) text_.append(bytes, size_t(count));
    }
  }
  const std::string& text() const { return text_; }

 private:
  int fd_ = -1;
  std::string text_;
};

class Interrupt : public Workbench {
 protected:
  Arguments long_run(const std::string& out) const {
    Arguments arguments = finetune(
        out, {"--batch-tokens", "64", "--holdout", "3", "--eval-every", "7", "--save-every", "5"});
    *(std::find(arguments.begin(), arguments.end(), "--epochs") + 1) = "40";
    return arguments;
  }
  // What a run logged, without what depends on the clock.
  std::vector<json> logged(const std::string& name) const {
    auto rows = read_rows(name);
    for (json& each : rows) each.erase("tokens_per_s");
    for (json& each : rows) each.erase("examples_per_s");
    return rows;
  }
  // An extraction from standard input, interrupted while it waits for its rows.
  void expect_nothing_left(Arguments extraction) const {
    extraction[4] = "-";
    const auto before = listing();
    Program program(extraction, {.hold_input = true});
    program.send(read("rows.jsonl"));
    program.interrupt();
    while (program.running()) ::usleep(1000);  // its input stays open
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.status, 130) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("nothing was written"));
    EXPECT_EQ(listing(), before);
  }
};

TEST_F(Interrupt, AResumedRunEndsBitForBitTheSame) {
  done(long_run("whole"));
  fs::create_directories(path("run"));
  const Arguments run = long_run("run");
  std::string log;
  {
    PipeLog pipe(path("run/log.jsonl"));
    Program program(run);
    pipe.follow(program, "\"step\":2,");
    program.interrupt();
    pipe.follow(program, "");
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.status, 130) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("--resume"));
    log = pipe.text();
  }
  const json record = json::parse(read("run/run.json"));
  EXPECT_EQ(record["status"], "interrupted");
  const json whole = json::parse(read("whole/run.json"));
  EXPECT_LT(record["steps"], whole["steps"]);
  EXPECT_TRUE(there("run/state/state.safetensors"));
  EXPECT_FALSE(there("run/adapter_model.safetensors"));
  refused(run, {"run holds a run already", "--resume", "--overwrite"});

  // As after a kill: steps that the state does not have, and half a line.
  fs::remove(path("run/log.jsonl"));
  write("run/log.jsonl", log + "{\"step\":99999,\"loss\":1.0}\n{\"step\":100");
  done(run + Arguments{"--resume"});
  EXPECT_EQ(read("run/adapter_model.safetensors"), read("whole/adapter_model.safetensors"));
  EXPECT_EQ(logged("run/log.jsonl"), logged("whole/log.jsonl"));
  EXPECT_FALSE(there("run/state"));
  const json resumed = json::parse(read("run/run.json"));
  for (const char* key : {"steps", "tokens", "final_loss"}) EXPECT_EQ(resumed[key], whole[key]);
  EXPECT_GT(resumed["seconds"], record["seconds"]);
}

// A stopped run, and attempts to go on with something else. Each is refused, says what it is, and
// changes nothing; what is right goes on.
class StoppedRun : public Interrupt {
 protected:
  void SetUp() override {
    Interrupt::SetUp();
    fs::create_directories(path("run"));
    {
      PipeLog pipe(path("run/log.jsonl"));
      Program program(short_run("run"));
      pipe.follow(program, "\"step\":1,");
      program.interrupt();
      pipe.follow(program, "");
      ASSERT_EQ(program.wait().status, 130);
    }
    fs::remove(path("run/log.jsonl"));
  }
  Arguments short_run(const std::string& out) const {
    Arguments arguments = finetune(out, {"--batch-tokens", "64", "--base", "f32", "--rank", "4"});
    // Its log fills the pipe, so it cannot end before it is stopped.
    *(std::find(arguments.begin(), arguments.end(), "--epochs") + 1) = "20";
    return arguments;
  }
  Arguments right() const { return short_run("run") + Arguments{"--resume"}; }
  Arguments with(const std::string& flag, const std::string& value) const {
    Arguments arguments = right();
    *(std::find(arguments.begin(), arguments.end(), flag) + 1) = value;
    return arguments;
  }
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> result;
    for (const auto& entry : fs::recursive_directory_iterator(path("run"))) {
      if (entry.is_regular_file()) result[entry.path().string()] = contents(entry.path());
    }
    return result;
  }
  void refuses(const Arguments& arguments, const std::string& part) const {
    const auto before = files();
    refused(arguments, {part, "state.safetensors"});
    EXPECT_EQ(files(), before);
  }
};

TEST_F(StoppedRun, OtherOptionsAreNamed) {
  refuses(right() + Arguments{"--lr", "0.5"}, "--lr was 0.001 and is now 0.5");
  refuses(with("--epochs", "2"), "--epochs was 20 and is now 2");
  refuses(with("--rank", "8"), "--rank was 4 and is now 8");
  refuses(right() + Arguments{"--seed", "3"}, "--seed was 1 and is now 3");
  refuses(with("--base", "bf16"), "--base was f32 and is now bf16");
  refuses(right() + Arguments{"--dev", path("rows.jsonl")}, "the dev data's SHA-256 was nothing");
  write("other.txt", "{{text}}\n{{head}}, {{tail}}:");
  refuses(with("--prompt", path("other.txt")), "prompt style's SHA-256");
  copy(kModel, "model");
  std::string weights = read("model/model.safetensors");
  weights.back() = char(weights.back() ^ 1);
  write("model/model.safetensors", weights);
  refuses(with("--model", path("model")),
          "--model was " + kModel + " and is now " + path("model") + " (other weights)");
  write("labels.json",
        json({"no_relation", "causes(e1,e2)", "part-of", "causes(e2,e1)", "new"}).dump());
  refuses(right() + Arguments{"--labels", path("labels.json")},
          "--labels was nothing and is now " + path("labels.json") + " (4 labels then, 5 now)");
}

TEST_F(StoppedRun, OtherRowsAreNamed) {
  auto rows = corpus();
  std::swap(rows[0], rows[9]);
  refuses(with("--train", write_rows("order.jsonl", rows)),
          "rows (--train) stand in another order");
  rows = corpus();
  rows[4]["text"] = "Tom saw a bird!";
  refuses(with("--train", write_rows("edited.jsonl", rows)), "example '5'");
  rows = corpus();
  rows.pop_back();
  refuses(with("--train", write_rows("fewer.jsonl", rows)), "was 10 and is now 9");
  rows = corpus();
  for (json& each : rows) {
    if (each["label"] == "part-of") each["label"] = "piece-of";
  }
  refuses(with("--train", write_rows("renamed.jsonl", rows)),
          "--train was " + path("rows.jsonl") + " and is now " + path("renamed.jsonl") +
              " (label 2 was part-of and is now piece-of)");
}

TEST_F(StoppedRun, ACutStateIsRefusedAndTheWholeOneGoesOn) {
  const std::string state = read("run/state/state.safetensors");
  for (const size_t size : {size_t{0}, size_t{1000}, state.size() - 1}) {
    write("run/state/state.safetensors", state.substr(0, size));
    refuses(right(), "state.safetensors");
  }
  for (const size_t place : {state.find("\"rows\"") + 1, state.size() / 2, state.size() - 1}) {
    std::string flipped = state;
    flipped[place] = char(flipped[place] ^ 1);
    write("run/state/state.safetensors", flipped);
    refuses(right(), "state.safetensors");
  }
  write("run/state/state.safetensors", state);
  refuses(right() + Arguments{"--lr", "0.5"}, "--lr");
  done(right());
  done(short_run("whole"));
  EXPECT_EQ(read("run/adapter_model.safetensors"), read("whole/adapter_model.safetensors"));
}

// What is free now decides nothing that was decided then.
TEST_F(StoppedRun, GoesOnWithWhatItWasBegunWithWhateverIsFree) {
  const Outcome outcome = done(right() + Arguments{"--memory", "1kB"});
  EXPECT_THAT(outcome.err, HasSubstr("more than --memory"));
  done(short_run("whole"));
  EXPECT_EQ(read("run/adapter_model.safetensors"), read("whole/adapter_model.safetensors"));
}

TEST_F(Interrupt, ResumeNeedsSomethingToGoOnFrom) {
  refused(finetune("run", {"--resume"}), {"run holds no state to go on from"});
  done(finetune("run"));
  refused(finetune("run", {"--resume"}), {"holds a finished run", "nothing left to resume"});
  refused(finetune("run"), {"run holds a run already", "--overwrite"});
  const std::string first = read("run/adapter_model.safetensors");
  done(finetune("run", {"--force", "--seed", "2"}));
  EXPECT_NE(read("run/adapter_model.safetensors"), first);
}

TEST_F(Interrupt, AnExtractionLeavesNothing) { expect_nothing_left(extract("p.jsonl", plain())); }

TEST_F(Interrupt, ARetrievalLeavesNothing) {
  done(index("index"));
  expect_nothing_left(extract("p.jsonl", plain() + with_index()));
}

}  // namespace
}  // namespace relatum::testing
