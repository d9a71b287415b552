// Full disks and places where nothing can be written: one sentence, and nothing half-written.
#include <algorithm>

#include "app/workbench.h"

namespace relatum::testing {
namespace {

class BadOutput : public Workbench {
 protected:
  // Each command that writes a file or folder, with another place to write to.
  std::vector<Arguments> writers(const std::string& out) const {
    std::vector<Arguments> all = {extract("", plain()),
                                  index(""),
                                  finetune(""),
                                  prepare("", plain()),
                                  {"embed", "--embedder", kEmbedder, "--data", path("rows.jsonl"),
                                   "--out", "", "--threads", "1"}};
    for (Arguments& arguments : all) {
      for (size_t i = 1; i < arguments.size(); ++i) {
        if (arguments[i - 1] == "--out") arguments[i] = out;
      }
    }
    return all;
  }
  static bool half_written(const std::set<std::string>& paths) {
    return std::any_of(paths.begin(), paths.end(),
                       [](const std::string& path) { return path.find(".tmp") != path.npos; });
  }
};

TEST_F(BadOutput, BelowAFile) {
  for (const Arguments& arguments : writers(path("rows.jsonl/out"))) {
    refused(arguments, {path("rows.jsonl")});
  }
}

// /proc holds no files of ours, even for root, for whom a folder's permissions mean nothing.
TEST_F(BadOutput, WhereNobodyMayWrite) {
  for (const Arguments& arguments : writers("/proc/relatum-test")) {
    refused(arguments, {"/proc/relatum-test"});
  }
  for (const Arguments& arguments : writers("/proc/relatum-test/deeper/out")) {
    refused(arguments, {"/proc/relatum-test"});
  }
  const std::string answers = write("answers.jsonl", contents(path("rows.jsonl")));
  refused({"evaluate", "--data", path("rows.jsonl"), "--predictions", answers, "--report",
           "/proc/relatum-test/report.html"},
          {"/proc/relatum-test"});
}

TEST_F(BadOutput, WithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere; run as another user";
  fs::create_directories(path("locked"));
  fs::permissions(path("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  for (const Arguments& arguments : writers(path("locked/out"))) {
    refused(arguments, {path("locked"), "permission"});
  }
  fs::permissions(path("locked"), fs::perms::owner_all);
}

TEST_F(BadOutput, OverAFolderAFileOrADevice) {
  fs::create_directories(path("folder/inner"));
  refused(extract("folder", plain()), {path("folder")});
  refused(prepare("folder", plain()), {path("folder")});
  refused(index("folder"), {path("folder"), "inner"});
  refused(index("rows.jsonl"), {path("rows.jsonl")});
  refused(finetune("rows.jsonl"), {path("rows.jsonl")});
  Arguments device = prepare("", plain());
  device[4] = "/dev/null";
  refused(device, {"/dev/null", "not a regular file"});
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

// A name says as little as a link where the files lie that would be replaced.
TEST_F(BadOutput, OverAFileOfANamedModel) {
  copy(kModel, "models/llama");
  copy(kEmbedder, "models/bert");
  const std::string model = path("models/llama/config.json");
  const std::string embedder = path("models/bert/config.json");
  const Arguments named = {"--models", path("models"), "--overwrite"};
  refused(Arguments{"extract", "--model", "llama", "--data", path("rows.jsonl"), "--out", model} +
              plain() + named,
          {model});
  refused(
      Arguments{"embed", "--embedder", "bert", "--data", path("rows.jsonl"), "--out", embedder} +
          named,
      {embedder});
}

// Read or not, a model's files are nothing to be replaced by a result.
TEST_F(BadOutput, OverAFileOfAnIndexsEmbedder) {
  const std::string embedder = copy(kEmbedder, "models/bert");
  done({"index", "--embedder", embedder, "--data", path("rows.jsonl"), "--out", path("index")});
  const std::string vocabulary = path("models/bert/tokenizer.json");
  refused(prepare("models/bert/tokenizer.json",
                  plain() + Arguments{"--index", path("index"), "--models", path("models"),
                                      "--overwrite"}),
          {vocabulary, "the model in"});
}

// A run's folder takes what a run consists of, and nothing else goes for it.
TEST_F(BadOutput, FolderOfSomethingElseAsARun) {
  const std::string model = copy(kModel, "model");
  Arguments training = finetune("model");
  std::replace(training.begin(), training.end(), kModel, model);
  refused(training, {model, "read by this command"});
  refused(training + Arguments{"--overwrite"}, {model, "read by this command"});
  refused(finetune("model", {"--overwrite"}), {model, "config.json"});
  write("corpus/labels.json", "[]");
  refused(finetune("corpus"), {path("corpus"), "holds labels.json", "--overwrite"});
  write("mine/state/notes.txt", "keep");
  write("mine/thesis.tex", "keep");
  done(finetune("mine"));
  done(finetune("mine", {"--overwrite"}));
  EXPECT_EQ(read("mine/state/notes.txt") + read("mine/thesis.tex"), "keepkeep");
  const std::string style = write("pin/answers.json", "{{text}}:");
  Arguments styled = finetune("pin", {"--overwrite"});
  std::replace(styled.begin(), styled.end(), path("plain.txt"), style);
  refused(styled, {style, "reads"});
}

TEST_F(BadOutput, FullDisk) {
  // What libomp, clang's thread runtime, writes as it starts has 1,024 bytes; the output has more.
  const Surroundings full{.file_size = 1024};
  std::vector<json> rows = corpus();
  for (json each : corpus()) {
    each["id"] = each["id"].get<std::string>() + "b";
    rows.push_back(each);
  }
  write_rows("rows.jsonl", rows);
  for (const Arguments& arguments : writers(path("out"))) {
    if (arguments[0] != "finetune") refused(arguments, {path("out")}, full);
  }
  const auto before = listing();
  // Quiet, as what is said is a file here, too. Leaves whole files alone.
  const Outcome outcome = run_program(finetune("out", {"--quiet"}), full);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr(path("out/run.json")));
  auto expected = before;
  expected.insert({"out", "out/labels.json", "out/prompt.txt"});
  EXPECT_EQ(listing(), expected);
}

TEST_F(BadOutput, DiskThatFillsInTraining) {
  const Outcome outcome = run_program(finetune("run"), {.file_size = 16384});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(sentences(outcome.err), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(path("run/adapter_model.safetensors")));
  EXPECT_FALSE(there("run/adapter_model.safetensors"));
  EXPECT_FALSE(half_written(listing()));
  refused(finetune("run"), {"holds a run already", "--overwrite"});
  done(finetune("run", {"--force"}));
}

TEST_F(BadOutput, LogOnAFullDisk) {
  fs::create_directories(path("run"));
  fs::create_symlink("/dev/full", path("run/log.jsonl"));
  const Outcome outcome = run_program(finetune("run"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(sentences(outcome.err), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("run/log.jsonl: No space left on device"));
  EXPECT_FALSE(there("run/adapter_model.safetensors"));
  EXPECT_FALSE(half_written(listing()));
}

TEST_F(BadOutput, StandardOutputOnAFullDisk) {
  for (const Arguments& arguments :
       {Arguments{"--help"}, Arguments{"inspect", kModel},
        Arguments{"tokenize", "--model", kModel, "--text", "a"}, extract("-", plain())}) {
    Arguments given = arguments;
    for (std::string& each : given) each = each == path("-") ? "-" : each;
    const Outcome outcome = run_program(given, {.out = "/dev/full"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, Not(HasSubstr("written to standard output")));
    EXPECT_THAT(outcome.err, HasSubstr("cannot write to standard output"));
    EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
  }
}

}  // namespace
}  // namespace relatum::testing
