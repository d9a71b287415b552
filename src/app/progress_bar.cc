// Drawing and wording of progress.
#include "app/progress_bar.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unicode/uchar.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/counted.h"
#include "base/printable.h"
#include "base/utf8.h"

namespace relatum::app {
namespace {

constexpr int kBarWidth = 24;
constexpr double kSilent = 2, kRedraw = 0.1, kLogged = 30;  // seconds

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

// A terminal gives these two columns.
bool wide(UChar32 code) {
  const int width = u_getIntPropertyValue(code, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH;
}

// Of seconds one passes each second.
std::string rate_text(const Progress& p, double rate) {
  return p.unit == "s" ? "" : fmt::format("{:.{}f}/s", rate, rate < 10 ? 2 : 0);
}

}  // namespace

std::string fit_columns(const std::string& line, int columns) {
  size_t end = 0;
  while (end < line.size()) {
    const Utf8Char next = utf8_at(line, end);
    columns -= wide(next.code) ? 2 : 1;
    if (columns < 0) break;
    end += next.size;
  }
  return line.substr(0, end);
}

bool ProgressRate::take(const Progress& p, double now) {
  if (running_ && p.task == task_) return false;
  running_ = true;
  task_ = p.task;
  first_ = p.done;
  start_ = now;
  return true;
}

double ProgressRate::rate(const Progress& p, double now) const {
  return now > start_ ? (p.done - first_) / (now - start_) : 0;
}

std::string ProgressRate::left(const Progress& p, double now) const {
  const double per_second = rate(p, now);
  if (per_second <= 0 || p.total <= p.done) return "";
  return duration_text((p.total - p.done) / per_second) + " left";
}

std::string ProgressRate::bar(const Progress& p, double now) const {
  const double share = p.total > 0 ? std::clamp(p.done / p.total, 0.0, 1.0) : 0;
  const auto filled = size_t(share * kBarWidth);
  std::string line = fmt::format("{} [{}{}] {:.0f}/{:.0f} {}", p.task, std::string(filled, '#'),
                                 std::string(kBarWidth - filled, '.'), p.done, p.total, p.unit);
  for (const std::string& part : {rate_text(p, rate(p, now)), left(p, now), p.note}) {
    if (!part.empty()) line += "  " + part;
  }
  return printable(line);
}

std::string ProgressRate::sentence(const Progress& p, double now) const {
  const std::string done = p.total > 0 ? fmt::format("{:.0f} of {:.0f}", p.done, p.total)
                                       : fmt::format("{:.0f}", p.done);
  std::string line = fmt::format("{}: {} {}", p.task, done, p.unit);
  for (const std::string& part : {rate_text(p, rate(p, now)), left(p, now), p.note}) {
    if (!part.empty()) line += ", " + part;
  }
  return line;
}

std::optional<std::string> ProgressLines::next(const Progress& progress, double now) {
  if (rate_.take(progress, now)) {
    last_ = now;
    return std::nullopt;
  }
  if (now - last_ < kLogged) return std::nullopt;
  last_ = now;
  return rate_.sentence(progress, now);
}

bool ProgressBar::terminal() { return isatty(STDERR_FILENO) != 0; }

void ProgressBar::show(const Progress& p, double now) {
  if (!enabled_) return;
  if (rate_.take(p, now)) {
    clear();
    last_ = now;
    return;
  }
  if (rate_.elapsed(now) < kSilent || now - last_ < kRedraw) return;
  last_ = now;
  // The rest of the line is cleared after the text is drawn: clearing it first would flicker.
  const std::string line = fit_columns(rate_.bar(p, now), terminal_width() - 1);
  std::fputs(("\r" + line + "\033[K").c_str(), stderr);
  std::fflush(stderr);
  visible_ = true;
}

void ProgressBar::clear() {
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

void ProgressBar::end() {
  clear();
  rate_.reset();
}

}  // namespace relatum::app
