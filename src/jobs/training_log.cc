// Cuts the log of a resumed run and appends to it.
#include "jobs/training_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"

namespace relatum::jobs {
namespace {

// A killed program may leave half a line behind, which is no entry.
std::optional<int64_t> step_of(const std::string& line) {
  try {
    return io::require_int(io::parse_json(line, "log.jsonl"), "step", "log.jsonl");
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string entries_up_to(const std::string& text, int64_t last, bool evaluation_due) {
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const auto step = step_of(line);
    if (!step || *step > last) continue;
    if (evaluation_due && *step == last && io::parse_json(line, "log.jsonl").contains("dev_f1")) {
      continue;
    }
    kept += line + '\n';
  }
  return kept;
}

// False where it is no file, or not as it was written: a finished run does not fail for what
// somebody wrote in it.
bool read_sound(const std::filesystem::path& log, const TakeEntry& take) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(log, ignored)) return false;
  try {
    read_log(log, take);
  } catch (const Error&) {
    return false;
  }
  return true;
}

[[noreturn]] void cannot_write(const std::filesystem::path& path) {
  fail("jobs.finetune", fmt::format("cannot write {}: {}. Free some space or check the folder's "
                                    "permissions.",
                                    path.string(), std::strerror(errno)));
}

}  // namespace

void read_log(const std::filesystem::path& log, const TakeEntry& take) {
  std::ifstream file(log);
  int64_t lines = 0;
  for (std::string line; std::getline(file, line);) {
    const std::string place = fmt::format("{}:{}", log.string(), ++lines);
    nlohmann::json entry;
    try {
      entry = io::parse_json(line, place);
    } catch (const Error&) {
      if (file.eof()) break;  // half a line
      throw;
    }
    take(entry, place);
  }
}

std::optional<LossCourse> loss_course(const std::filesystem::path& log) {
  std::vector<double> losses;
  LossCourse course;
  const bool sound = read_sound(log, [&](const nlohmann::json& entry, const std::string& place) {
    if (!io::find(entry, "loss")) return;
    losses.push_back(io::require_double(entry, "loss", place));
    course.moved = course.moved || io::require_double(entry, "grad_norm", place) != 0;
  });
  if (!sound || losses.empty()) return std::nullopt;
  const auto window = ptrdiff_t(std::max<size_t>(1, losses.size() / 10));
  course.steps = int64_t(losses.size());
  course.first = std::accumulate(losses.begin(), losses.begin() + window, 0.0) / double(window);
  course.last = std::accumulate(losses.end() - window, losses.end(), 0.0) / double(window);
  return course;
}

std::optional<DevFigures> dev_figures(const std::filesystem::path& log, int64_t step) {
  std::optional<DevFigures> found;
  const bool sound = read_sound(log, [&](const nlohmann::json& entry, const std::string& place) {
    if (!io::find(entry, "dev_f1") || io::require_int(entry, "step", place) != step) return;
    found = {step, io::get_string(entry, "dev_metric", "", place),
             io::require_double(entry, "dev_f1", place),
             io::get_double(entry, "dev_accuracy", 0, place)};
  });
  return sound ? found : std::nullopt;
}

TrainingLog::~TrainingLog() {
  if (fd_ >= 0) ::close(fd_);
}

void TrainingLog::open(const std::filesystem::path& path, std::optional<int64_t> resumed,
                       bool evaluation_due) {
  path_ = path;
  const bool keep = resumed && std::filesystem::exists(path);
  if (keep) write_file(path, entries_up_to(read_file(path), *resumed, evaluation_due));
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (keep ? 0 : O_TRUNC),
               0644);
  if (fd_ < 0) cannot_write(path_);
}

void TrainingLog::write(const nlohmann::json& entry) {
  const std::string line = io::dump_json(entry) + '\n';
  const off_t before = ::lseek(fd_, 0, SEEK_END);  // a pipe has no place to go back to
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = ::write(fd_, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int reason = errno;
      if (before >= 0 && done > 0 && ::ftruncate(fd_, before) != 0) errno = 0;
      errno = reason;
      cannot_write(path_);
    }
    done += size_t(count);
  }
}

}  // namespace relatum::jobs
