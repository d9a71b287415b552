// The tiny GGUF as llama-gguf-split would cut it.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <string>

#include "io/gguf.h"
#include "support/gguf_writer.h"
#include "support/tensors.h"

namespace relatum::testing {

/// Writes tests/fixtures/llama/tiny.gguf into `folder` as big-00001-of-0000N.gguf and so on, the
/// metadata in the first. `change`: called with each part's number before it is written.
inline std::filesystem::path write_parts(
    const std::filesystem::path& folder, int64_t count,
    const std::function<void(int64_t, GgufWriter&)>& change = {}) {
  const auto whole = io::GgufFile::open(fixture("llama/tiny.gguf"));
  const auto total = int64_t(whole.tensors().size());
  const auto path = [&](int64_t number) {
    return folder / fmt::format("big-{:05}-of-{:05}.gguf", number, count);
  };
  for (int64_t number = 1; number <= count; ++number) {
    GgufWriter writer;
    if (number == 1) {
      for (const io::GgufEntry& entry : whole.metadata()) {
        writer.set(std::string(entry.key), entry.value);
      }
    }
    writer.set_u32("split.no", uint32_t(number - 1));
    writer.set_u32("split.count", uint32_t(count));
    writer.set_i32("split.tensors.count", int32_t(total));
    for (int64_t i = (number - 1) * total / count; i < number * total / count; ++i) {
      const io::GgufTensor& tensor = whole.tensors()[size_t(i)];
      writer.add_tensor(tensor.name, tensor.type, tensor.shape, tensor.bytes);
    }
    if (change) change(number, writer);
    writer.write(path(number));
  }
  return path(1);
}

}  // namespace relatum::testing
