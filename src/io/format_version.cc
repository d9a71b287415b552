// One sentence for all of them.
#include "io/format_version.h"

#include <fmt/format.h>

#include "base/error.h"

namespace relatum::io {

void check_format_version(int64_t written, int64_t read, const std::string& place,
                          const std::string& remedy) {
  if (written == read) return;
  fail("io.version",
       fmt::format("{} has version {} of its format, which is {} than version {}, the "
                   "only one that this build of Relatum reads: {}.",
                   place, written, written > read ? "newer" : "older", read, remedy));
}

}  // namespace relatum::io
