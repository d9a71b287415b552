// The second of two GGUF files of one model, behind a first one that is sound.
#include <cstring>
#include <string>
#include <utility>

#include "../memory.h"
#include "../tensors.h"
#include "io/gguf.h"

namespace relatum::fuzz {
namespace {

template <class T>
void append(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

// Without tensors, as llama-gguf-split can make it.
std::string first_part() {
  std::string out = "GGUF";
  append(out, uint32_t{3});
  append(out, uint64_t{0});
  append(out, uint64_t{2});
  for (const auto& [key, value] : {std::pair<std::string, uint32_t>{"split.no", 0},
                                   std::pair<std::string, uint32_t>{"split.count", 2}}) {
    append(out, uint64_t{key.size()});
    out += key;
    append(out, uint32_t(io::GgufType::kU32));
    append(out, value);
  }
  return out;
}

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  static const std::string first = first_part();
  const auto path = folder.write("x-00001-of-00002.gguf", std::as_bytes(std::span(first)));
  folder.write("x-00002-of-00002.gguf", bytes);
  return accepts([&] {
    const auto parsed = io::GgufFile::open(path);
    require(parsed.files().size() == 2, "both parts are read");
    for (const auto& tensor : parsed.tensors()) decode_last_row(tensor);
  });
}

}  // namespace

const Target& target_gguf_part() {
  static const Target target{"gguf_part", run};
  return target;
}

}  // namespace relatum::fuzz
