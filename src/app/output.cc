// Both ways behind one write().
#include "app/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace relatum::app {

namespace {

[[noreturn]] void fail_stdout() {
  fail("app.output", fmt::format("cannot write to standard output: {}. Free some space, or send "
                                 "it elsewhere.",
                                 std::strerror(errno)));
}

}  // namespace

Output::Output(const std::string& path) {
  if (path != "-") file_.emplace(path);
}

void Output::write(std::string_view text) {
  if (file_) return file_->write(text);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) fail_stdout();
}

void Output::commit() {
  if (file_) return file_->commit();
  if (std::fflush(stdout) != 0) fail_stdout();
}

void write_out(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) fail_stdout();
}

std::string output_name(const std::string& path) { return path == "-" ? "standard output" : path; }

}  // namespace relatum::app
