// Ctrl-C: what is saved, what is not written, and that going on changes no bit of the result.
#include <poll.h>

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
    Arguments arguments = finetune(out, {"--batch-tokens", "64", "--holdout", "3", "--eval-every",
                                         "7", "--save-every", "5"});
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
    program.interrupt();
    program.send(read("rows.jsonl"));
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.status, 130) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("nothing was written"));
    EXPECT_EQ(listing(), before);
  }
};

TEST_F(Interrupt, AResumedRunEndsBitByBitTheSame) {
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
  refused(run, {"run holds a run already", "--resume", "--force"});

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

TEST_F(Interrupt, ResumeNeedsSomethingToGoOnFrom) {
  refused(finetune("run", {"--resume"}), {"run holds no state to go on from"});
  done(finetune("run"));
  refused(finetune("run", {"--resume"}), {"holds a finished run", "nothing left to resume"});
  refused(finetune("run"), {"run holds a run already", "--force"});
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
