// posix_spawn, two pipes and a clock.
#include "graph/documents/run_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/error.h"

namespace relatum::graph {
namespace {

constexpr size_t kMostErrors = 4096;
constexpr int kLookMilliseconds = 100;  // how often the clock and the stop flag are looked at

[[noreturn]] void fail_to_start(const std::string& program, int code) {
  fail("graph.program", fmt::format("cannot start {}: {}. Check that it may be run, and the "
                                    "system's limits of processes and open files.",
                                    program, std::strerror(code)));
}

/// Both ends of a pipe, closed when it goes.
struct Pipe {
  int read = -1, write = -1;

  explicit Pipe(const std::string& program) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail_to_start(program, errno);
    read = ends[0], write = ends[1];
  }
  ~Pipe() {
    close_end(read);
    close_end(write);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
};

/// How the program starts: its three streams, a group of its own, signals as a shell leaves them.
class Start {
 public:
  Start(const Pipe& output, const Pipe& errors) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, output.write, 1);
    posix_spawn_file_actions_adddup2(&files_, errors.write, 2);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Start() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;

  /// 0, or the number of what went wrong.
  int run(const std::vector<std::string>& command, pid_t& process) const {
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    return posix_spawnp(&process, words[0], &files_, &attributes_, words.data(), environ);
  }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

/// Takes what waits in the pipe; false at its end. What exceeds `most` is counted as too much.
bool take(int end, std::string& into, size_t most, bool& too_much) {
  char bytes[1 << 16];
  const ssize_t count = ::read(end, bytes, sizeof bytes);
  if (count < 0) return errno == EINTR;
  const size_t fits = std::min(size_t(count), most - into.size());
  into.append(bytes, fits);
  too_much = fits < size_t(count);
  return count > 0;
}

/// The limits of one run, from now on.
class Watch {
 public:
  explicit Watch(const ProgramLimits& limits)
      : limits_(limits), until_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(limits.seconds))) {
  }
  /// kDone while it may go on.
  ProgramRun::End over() const {
    if (limits_.stop && limits_.stop->load(std::memory_order_relaxed)) {
      return ProgramRun::End::kStopped;
    }
    return Clock::now() >= until_ ? ProgramRun::End::kTooLong : ProgramRun::End::kDone;
  }

 private:
  using Clock = std::chrono::steady_clock;
  const ProgramLimits& limits_;
  Clock::time_point until_;
};

/// Reads until the program has closed both pipes.
ProgramRun::End listen(Pipe& output, Pipe& errors, const Watch& watch, size_t most,
                       ProgramRun& run) {
  while (output.read >= 0 || errors.read >= 0) {
    if (const auto over = watch.over(); over != ProgramRun::End::kDone) return over;
    pollfd ends[2] = {{output.read, POLLIN, 0}, {errors.read, POLLIN, 0}};
    if (poll(ends, 2, kLookMilliseconds) <= 0) continue;
    bool too_much = false, ignored = false;
    if (ends[0].revents && !take(output.read, run.output, most, too_much)) {
      Pipe::close_end(output.read);
    }
    if (ends[1].revents && !take(errors.read, run.errors, kMostErrors, ignored)) {
      Pipe::close_end(errors.read);
    }
    if (too_much) return ProgramRun::End::kTooMuch;
  }
  return ProgramRun::End::kDone;
}

/// Waits for its end, which may come long after it has closed its pipes.
ProgramRun::End wait_for(pid_t process, const std::string& program, const Watch& watch,
                         int& status) {
  while (true) {
    const pid_t ended = waitpid(process, &status, WNOHANG);
    if (ended == process) return ProgramRun::End::kDone;
    if (ended < 0 && errno != EINTR) {
      fail("graph.program", fmt::format("the system does not tell how {} ended: {}. Start this "
                                        "program without SIGCHLD ignored.",
                                        program, std::strerror(errno)));
    }
    if (const auto over = watch.over(); over != ProgramRun::End::kDone) return over;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

ProgramRun run_program(const std::vector<std::string>& command, const ProgramLimits& limits) {
  RELATUM_CHECK(!command.empty());
  ProgramRun run;
  Pipe output(command[0]), errors(command[0]);
  pid_t process = -1;
  if (const int code = Start(output, errors).run(command, process); code != 0) {
    if (code != ENOENT) fail_to_start(command[0], code);
    run.end = ProgramRun::End::kAbsent;
    return run;
  }
  Pipe::close_end(output.write);
  Pipe::close_end(errors.write);
  const Watch watch(limits);
  int status = 0;
  run.end = listen(output, errors, watch, limits.bytes, run);
  if (run.end == ProgramRun::End::kDone) run.end = wait_for(process, command[0], watch, status);
  if (run.end != ProgramRun::End::kDone) {
    ::kill(-process, SIGKILL);
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
  }
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

}  // namespace relatum::graph
