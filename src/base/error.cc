// Builds the sentences of errors and failed checks.
#include "base/error.h"

#include <cstring>

namespace relatum {

void fail(std::string_view where, const std::string& sentence) {
  throw Error("[" + std::string(where) + "] " + sentence);
}

void check_failed(const char* condition, const char* file, int line) {
  const char* stem = std::strrchr(file, '/');
  throw Error("[internal] check failed: " + std::string(condition) + " (" +
              (stem ? stem + 1 : file) + ":" + std::to_string(line) +
              "). This is a defect of Relatum: please report it.");
}

}  // namespace relatum
