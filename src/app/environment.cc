// Signals, log and progress on standard error.
#include "app/environment.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "app/progress_bar.h"

namespace relatum::app {
namespace {

std::atomic<bool> g_stop{false};  // a signal handler can reach nothing else

// The first Ctrl-C asks the command to save and stop; the second ends the process at once.
void on_interrupt(int) {
  if (g_stop.exchange(true)) std::_Exit(kInterrupted);
}

void set_up_log() {
  auto logger = spdlog::get("relatum");
  if (!logger) logger = spdlog::stderr_logger_mt("relatum");
  logger->set_pattern("%v");
  spdlog::set_default_logger(logger);
}

}  // namespace

Environment::Environment(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)), bar_(std::make_unique<ProgressBar>()) {
  set_up_log();
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  context_.stop = &g_stop;
  context_.log = [this](LogLevel level, const std::string& line) {
    bar_->clear();
    if (level == LogLevel::kWarning) {
      spdlog::warn("warning: {}", line);
    } else if (level == LogLevel::kInfo) {
      spdlog::info("{}", line);
    } else {
      spdlog::debug("{}", line);
    }
  };
  context_.progress = [this](const Progress& progress) { bar_->show(progress); };
}

Environment::~Environment() { bar_->clear(); }

void Environment::end_progress() { bar_->clear(); }

void Environment::set_quiet(bool quiet) {
  spdlog::set_level(quiet ? spdlog::level::warn : spdlog::level::info);
  bar_->set_enabled(!quiet && ProgressBar::terminal());
}

std::filesystem::path Environment::default_models() const {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data && *data) return std::filesystem::path(data) / "relatum" / "models";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : ".") / ".local" / "share" / "relatum" / "models";
}

}  // namespace relatum::app
