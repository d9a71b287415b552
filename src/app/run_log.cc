// Cuts the log of a resumed run and appends to it.
#include "app/run_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"

namespace relatum::app {
namespace {

// A killed program may leave half a line behind, which is no entry.
std::optional<int64_t> step_of(const std::string& line) {
  try {
    return io::require_int(io::parse_json(line, "log.jsonl"), "step", "log.jsonl");
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string entries_up_to(const std::string& text, int64_t last) {
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const auto step = step_of(line);
    if (step && *step <= last) kept += line + '\n';
  }
  return kept;
}

}  // namespace

void RunLog::open(const std::filesystem::path& path, std::optional<int64_t> resumed) {
  path_ = path;
  const bool keep = resumed && std::filesystem::exists(path);
  if (keep) write_file(path, entries_up_to(read_file(path), *resumed));
  file_.open(path, keep ? std::ios::app : std::ios::trunc);
}

void RunLog::write(const nlohmann::json& entry) {
  errno = 0;
  file_ << io::dump_json(entry) << '\n' << std::flush;
  if (file_) return;
  fail("app.finetune", fmt::format("cannot write {}: {}. Free some space or check the folder's "
                                   "permissions.", path_.string(), std::strerror(errno)));
}

}  // namespace relatum::app
