// Programs that end, write much, take long, or are not there.
#include "graph/documents/run_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "base/atomic_file.h"
#include "graph/documents/pdf_text.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::graph {
namespace {

using End = ProgramRun::End;
using testing::error_of;

ProgramRun shell(const std::string& script, const ProgramLimits& limits = {}) {
  return run_program({"/bin/sh", "-c", script}, limits);
}

TEST(RunProgram, GivesWhatItWritesAndItsStatus) {
  const ProgramRun run = shell("echo out; echo err >&2; cat; exit 3");
  EXPECT_EQ(run.end, End::kDone);
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.output, "out\n");
  EXPECT_EQ(run.errors, "err\n");
  EXPECT_EQ(shell("kill -9 $$").status, 137);
  EXPECT_EQ(run_program({"echo", "a b", "$HOME"}, {}).output, "a b $HOME\n");  // no shell
}

TEST(RunProgram, HasLimits) {
  EXPECT_EQ(run_program({"/nowhere/program"}, {}).end, End::kAbsent);
  EXPECT_EQ(shell("sleep 600", {.seconds = 0.05}).end, End::kTooLong);
  EXPECT_EQ(shell("exec >&- 2>&-; sleep 600", {.seconds = 0.05}).end, End::kTooLong);
  EXPECT_EQ(shell("exec yes", {.bytes = 1000}).end, End::kTooMuch);
  EXPECT_EQ(shell("printf 1234", {.bytes = 4}).output, "1234");
  EXPECT_EQ(shell("while [ $((i += 1)) -le 9000 ]; do echo xxxxxxxxx >&2; done").errors.size(),
            4096u);
  const std::atomic<bool> stop = true;
  EXPECT_EQ(shell("sleep 600", {.stop = &stop}).end, End::kStopped);
}

TEST(RunProgram, EndsWhatTheProgramStartedToo) {
  const testing::TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int end = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  // Shell and sleep both hold the pipe's other end.
  EXPECT_EQ(shell("exec 9>'" + pipe + "'; sleep 600 & echo enough; wait", {.bytes = 1}).end,
            End::kTooMuch);
  pollfd nobody{end, POLLIN, 0};
  EXPECT_EQ(poll(&nobody, 1, 10'000), 1);  // longer than a killed process takes to go
  EXPECT_EQ(nobody.revents, POLLHUP);
  close(end);
}

TEST(RunProgram, HasSignalsAsAShellLeavesThem) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto handler = std::signal(SIGINT, SIG_IGN);
  const int terminated = shell("kill -TERM $$; echo on").status;
  const int interrupted = shell("kill -INT $$; echo on").status;
  std::signal(SIGINT, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(terminated, 128 + SIGTERM);
  EXPECT_EQ(interrupted, 128 + SIGINT);
}

TEST(RunProgram, SaysSoWhereItIsNotRun) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "program";
  write_file(file, "#!/bin/sh\n");  // and nobody may run it
  EXPECT_EQ(error_of([&] { run_program({file.string()}, {}); }),
            "[graph.program] cannot start " + file.string() +
                ": Permission denied. Check that it may be run, and the system's limits of "
                "processes and open files.");
}

// Who ignores SIGCHLD, or was started so, is not told how a program ended.
TEST(RunProgram, SaysSoWhereNobodyTellsHowItEnded) {
  const auto before = std::signal(SIGCHLD, SIG_IGN);
  const std::string sentence = error_of([] { shell("exit 3"); });
  std::signal(SIGCHLD, before);
  EXPECT_EQ(sentence,
            "[graph.program] the system does not tell how /bin/sh ended: No child processes. Start "
            "this program without SIGCHLD ignored.");
}

/// Stands for pdftotext.
std::string program(const testing::TemporaryFolder& folder, const std::string& script) {
  const auto path = folder / "pdftotext";
  write_file(path, "#!/bin/sh\n" + script + "\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path.string();
}

TEST(PdfText, IsWhatTheProgramSays) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "-a b.pdf";
  write_file(file, "%PDF-1.4\n");
  EXPECT_EQ(pdf_text(file, program(folder, "printf '%s|' \"$@\""), {}),
            "-q|-enc|UTF-8|-eol|unix|-nopgbrk|" + file.string() + "|-|");
}

TEST(PdfText, SaysWhyThereIsNone) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "a.pdf";
  write_file(file, "%PDF-1.4\n");
  const auto refusal = [&](const std::string& script, const ProgramLimits& limits = {}) {
    return error_of([&] { pdf_text(file, program(folder, script), limits); });
  };
  const auto says = [&](const std::string& sentence, const std::string& what) {
    EXPECT_NE(sentence.find(file.string() + " " + what), std::string::npos) << sentence;
  };
  says(error_of([&] { pdf_text(file, "no-such-program", {}); }),
       "needs the program pdftotext, and there is no 'no-such-program'");
  says(refusal("echo 'Error: \033damaged' >&2; exit 1"),
       "is not read by pdftotext, which ends with 1: \"Error: \\x1bdamaged\"");
  says(refusal("sleep 600", {.seconds = 0.05}), "keeps pdftotext busy for more than 0.05 seconds");
  says(refusal("exec yes", {.bytes = 3 << 20}), "has more than 3 MB of text");
  write_file(file, "plain");
  says(refusal("echo never"), "does not begin as a PDF file does");
}

}  // namespace
}  // namespace relatum::graph
