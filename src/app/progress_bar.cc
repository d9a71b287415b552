// Drawing of the progress line.
#include "app/progress_bar.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace relatum::app {
namespace {

constexpr int kBarWidth = 24;

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

}  // namespace

std::string duration_text(double seconds) {
  const auto s = int64_t(seconds + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
}

bool ProgressBar::terminal() { return isatty(STDERR_FILENO) != 0; }

void ProgressBar::show(const Progress& p) {
  if (!enabled_) return;
  const auto now = Clock::now();
  if (p.task != task_) {
    clear();
    task_ = p.task;
    start_ = last_ = now;
    first_ = p.done;
    return;
  }
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const bool recent = std::chrono::duration<double>(now - last_).count() < 0.1;
  if (elapsed < 0.5 || recent) return;
  last_ = now;
  const double rate = (p.done - first_) / elapsed;
  const double share = p.total > 0 ? std::clamp(p.done / p.total, 0.0, 1.0) : 0;
  const int filled = int(share * kBarWidth);
  std::string line = fmt::format("{} [{}{}] {:.0f}/{:.0f} {}  {:.{}f}/s", p.task,
                                 std::string(size_t(filled), '#'),
                                 std::string(size_t(kBarWidth - filled), '.'), p.done, p.total,
                                 p.unit, rate, rate < 10 ? 2 : 0);
  if (rate > 0) line += fmt::format("  {} left", duration_text((p.total - p.done) / rate));
  if (!p.note.empty()) line += "  " + p.note;
  if (int(line.size()) >= terminal_width()) line.resize(size_t(terminal_width() - 1));
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  visible_ = true;
}

void ProgressBar::clear() {
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
  task_.clear();
}

}  // namespace relatum::app
