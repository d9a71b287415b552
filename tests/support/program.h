// Runs the real program: arguments, standard input, environment and limits in; what it said out.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary.h"

namespace relatum::testing {

using Arguments = std::vector<std::string>;

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// How a program ended. A signal's number is given as a negative status.
struct Outcome {
  int status = -1;
  std::string out, err;
};

struct Surroundings {
  std::string input;                               ///< all of standard input
  bool hold_input = false;                         ///< instead: a pipe, for send()
  std::map<std::string, std::string> environment;  ///< added to the test's own
  std::optional<rlim_t> file_size;                 ///< no file grows beyond: as on a full disk
  std::filesystem::path out;                       ///< where standard output goes; empty: kept
};

/// A running relatum. Its HOME is an empty folder, so that no model of the user's is found.
class Program {
 public:
  explicit Program(const Arguments& arguments, const Surroundings& surroundings = {}) {
    std::ofstream(folder_ / "in", std::ios::binary) << surroundings.input;
    int ends[2] = {-1, -1};
    if (surroundings.hold_input && ::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) become(arguments, surroundings, ends[0]);
    if (ends[0] >= 0) ::close(ends[0]);
    input_ = ends[1];
  }
  ~Program() {
    close_input();
    if (!running()) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  bool running() {
    if (!ended_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) ended_ = true;
    return !ended_;
  }
  /// Whether it takes SIGINT by now (the kernel's mask of caught signals says so).
  bool catches_interrupt() const {
    std::istringstream lines(contents("/proc/" + std::to_string(pid_) + "/status"));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("SigCgt:")) continue;
      return std::stoull(line.substr(7), nullptr, 16) >> (SIGINT - 1) & 1;
    }
    return false;
  }
  /// As Ctrl-C, once the program is ready for it.
  void interrupt() {
    while (running() && !catches_interrupt()) ::usleep(1000);
    if (running()) ::kill(pid_, SIGINT);
  }
  void send(std::string_view text) {
    if (::write(input_, text.data(), text.size()) != ssize_t(text.size())) close_input();
  }
  void close_input() {
    if (input_ >= 0) ::close(input_);
    input_ = -1;
  }
  Outcome wait() {
    close_input();
    if (!ended_) ::waitpid(pid_, &status_, 0);
    ended_ = true;
    return {WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_),
            contents(folder_ / "out"), contents(folder_ / "err")};
  }

 private:
  void redirect(int target, const std::filesystem::path& path, int flags) const {
    const int fd = ::open(path.c_str(), flags, 0600);
    if (fd < 0 || ::dup2(fd, target) < 0) ::_exit(126);
  }

  [[noreturn]] void become(const Arguments& arguments, const Surroundings& surroundings,
                           int input) const {
    constexpr int kWrite = O_WRONLY | O_CREAT;
    redirect(STDOUT_FILENO, surroundings.out.empty() ? folder_ / "out" : surroundings.out, kWrite);
    redirect(STDERR_FILENO, folder_ / "err", kWrite);
    if (input < 0) {
      redirect(STDIN_FILENO, folder_ / "in", O_RDONLY);
    } else {
      ::dup2(input, STDIN_FILENO);
    }
    ::setenv("HOME", folder_.path().c_str(), 1);
    for (const char* other :
         {"XDG_DATA_HOME", "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE", "OLLAMA_MODELS"}) {
      ::unsetenv(other);
    }
    for (const auto& [name, value] : surroundings.environment) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
    if (surroundings.file_size) {
      const rlimit limit{*surroundings.file_size, *surroundings.file_size};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    std::vector<char*> words = {const_cast<char*>(RELATUM_PROGRAM)};
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(RELATUM_PROGRAM, words.data());
    ::_exit(127);
  }

  TemporaryFolder folder_;
  pid_t pid_ = -1;
  int input_ = -1, status_ = 0;
  bool ended_ = false;
};

inline Outcome run_program(const Arguments& arguments, const Surroundings& surroundings = {}) {
  return Program(arguments, surroundings).wait();
}

}  // namespace relatum::testing
