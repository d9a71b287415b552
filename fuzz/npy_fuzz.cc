// libFuzzer's entry for npy.
#include "targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  relatum::fuzz::npy(std::as_bytes(std::span(data, size)));
  return 0;
}
