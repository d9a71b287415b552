// Versions of the files that Relatum itself writes and reads again.
#pragma once

#include <cstdint>
#include <string>

namespace relatum::io {

/// Throws Error that names both versions where a file's form is another one than `read`, the only
/// one that is read. `place` is the file, `remedy` what to do, as the end of a sentence.
void check_format_version(int64_t written, int64_t read, const std::string& place,
                          const std::string& remedy);

}  // namespace relatum::io
