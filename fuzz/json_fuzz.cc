// libFuzzer's entry for json.
#include "targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  relatum::fuzz::json(std::as_bytes(std::span(data, size)));
  return 0;
}
