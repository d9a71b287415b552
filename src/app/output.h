// Where a result goes: a file that appears whole or not at all, or standard output.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/atomic_file.h"

namespace relatum::app {

class Output {
 public:
  /// "-" is standard output.
  explicit Output(const std::string& path);
  void write(std::string_view text);
  /// Makes the file appear. Throws Error where it or standard output cannot be written.
  void commit();
  bool is_stdout() const { return !file_; }

 private:
  std::optional<AtomicFile> file_;
};

/// Writes to standard output at once. Throws Error where that cannot be.
void write_out(std::string_view text);

/// "standard output", or the path.
std::string output_name(const std::string& path);

}  // namespace relatum::app
