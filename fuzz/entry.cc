// libFuzzer's entry to the target that this program was built for.
#include <cstdint>
#include <cstdlib>

#include "target.h"

namespace {

using relatum::fuzz::Target;

const Target& target() {
  for (const Target* each : relatum::fuzz::targets()) {
    if (each->name == RELATUM_FUZZ_TARGET) return *each;
  }
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Target& own = target();
  own.run(std::as_bytes(std::span(data, size)));
  return 0;
}
