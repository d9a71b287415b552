// Signals, log and progress on standard error.
#include "app/environment.h"

#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <mutex>
#include <thread>

#include "app/output.h"
#include "app/progress_bar.h"
#include "app/standard_input.h"
#include "app/store_places.h"
#include "base/printable.h"

namespace relatum::app {
namespace {

std::atomic<bool> g_stop{false};  // a signal handler can reach nothing else

std::atomic<int64_t> g_stopped_at{0};  // milliseconds

// The first Ctrl-C asks the command to save and stop; the second ends the process at once. One that
// follows within a second is the same: timeout(1) signals a program, then its whole group.
void on_interrupt(int) {
  constexpr int64_t kSame = 1000;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t time = int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
  if (!g_stop.exchange(true)) {
    g_stopped_at = time;
  } else if (time - g_stopped_at >= kSame) {
    std::_Exit(kInterrupted);
  }
}

// The handler runs on a thread that does nothing else, with a stack of its own. All other threads
// block both signals, as they inherit the mask of this one: a handler on the stack of a thread that
// computes would overwrite what oneDNN's generated code keeps there (base/signals.h).
void take_interrupts() {
  sigset_t interrupts;
  sigemptyset(&interrupts);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&interrupts, signal);
  pthread_sigmask(SIG_BLOCK, &interrupts, nullptr);
  signal(SIGPIPE, SIG_DFL);  // `relatum … | head` ends quietly, also under a caller that ignores it
  signal(SIGXFSZ, SIG_IGN);  // the write fails instead, is told, and nothing is left behind
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
  static std::once_flag once;  // the thread lives as long as the process
  std::call_once(once, [interrupts] {
    std::thread([interrupts] {
      pthread_sigmask(SIG_UNBLOCK, &interrupts, nullptr);
      while (true) pause();
    }).detach();
  });
}

void set_up_log() {
  auto logger = spdlog::get("relatum");
  if (!logger) logger = spdlog::stderr_logger_mt("relatum");
  logger->set_pattern("%v");
  spdlog::set_default_logger(logger);
}

}  // namespace

std::filesystem::path home_folder() {
  const char* home = std::getenv("HOME");
  if (home && *home) return home;
  const passwd* user = ::getpwuid(::getuid());
  return user && user->pw_dir ? user->pw_dir : ".";
}

Environment::Environment(std::vector<std::string> arguments)
    : bar_(std::make_unique<ProgressBar>()), lines_(std::make_unique<ProgressLines>()),
      input_(std::make_unique<StandardInput>(g_stop)) {
  set_up_log();
  take_interrupts();
  host_.command = std::move(arguments);
  host_.models = default_models();
  host_.stores = default_stores(
      [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
      },
      home_folder());
  host_.input = input_.get();
  host_.before_input_waits = [this](std::function<void()> told) {
    input_->before_waiting(std::move(told));
  };
  host_.output = write_out;
  host_.context.stop = &g_stop;
  host_.context.log = [this](LogLevel level, const std::string& text) { log(level, text); };
  host_.context.progress = [this](const Progress& progress) { show(progress); };
  host_.context.progress_over = [this] {
    bar_->end();
    lines_->reset();
  };
}

void Environment::log(LogLevel level, const std::string& text) {
  if (level == LogLevel::kWarning && !warned_.insert(text).second) return;
  bar_->clear();
  const std::string line = printable(text);  // names and texts come from files
  if (level == LogLevel::kWarning) {
    spdlog::warn("warning: {}", line);
  } else if (level == LogLevel::kInfo) {
    spdlog::info("{}", line);
  } else {
    spdlog::debug("{}", line);
  }
}

Environment::~Environment() { bar_->clear(); }

void Environment::show(const Progress& progress) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const double seconds = std::chrono::duration<double>(now).count();
  if (ProgressBar::terminal()) return bar_->show(progress, seconds);
  if (const auto line = lines_->next(progress, seconds)) context().info(*line);
}

void Environment::set_quiet(bool quiet) {
  spdlog::set_level(quiet ? spdlog::level::warn : spdlog::level::info);
  bar_->set_enabled(!quiet && ProgressBar::terminal());
}

std::filesystem::path Environment::default_models() const {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data && *data) return std::filesystem::path(data) / "relatum" / "models";
  return home_folder() / ".local" / "share" / "relatum" / "models";
}

}  // namespace relatum::app
