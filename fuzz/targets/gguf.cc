// GGUF files: every key by every getter, and a row of each tensor.
#include "io/gguf.h"

#include "../target.h"
#include "../tensors.h"
#include "base/memory_file.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  const MemoryFile file(text_of(bytes));
  return accepts([&] {
    const auto parsed = io::GgufFile::open(file.path());
    for (const io::GgufEntry& entry : parsed.metadata()) {
      const std::string_view key = entry.key;
      accepts([&] { parsed.get_string(key); });
      accepts([&] { parsed.get_int(key); });
      accepts([&] { parsed.get_double(key); });
      accepts([&] { parsed.get_bool(key); });
      accepts([&] { parsed.get_strings(key); });
      accepts([&] { parsed.get_ints(key); });
      accepts([&] { parsed.get_doubles(key); });
    }
    for (const auto& tensor : parsed.tensors()) decode_last_row(tensor);
  });
}

}  // namespace

const Target& target_gguf() {
  static const Target target{"gguf", run};
  return target;
}

}  // namespace relatum::fuzz
