// Checks tensors and writes them behind the head.
#include "support/gguf_writer.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/ggml_types.h"

namespace relatum::testing {

void GgufWriter::add_tensor(const std::string& name, int ggml_type, std::vector<int64_t> shape,
                            std::span<const std::byte> bytes) {
  const auto& entry = tensors_.emplace_back(io::GgufTensorEntry{name, ggml_type, std::move(shape)});
  if (entry.bytes() != bytes.size()) {
    fail("io.gguf", fmt::format("tensor '{}': its values are not {} bytes of {}, but {}.", name,
                                bytes.size(), io::find_ggml_type(ggml_type)->name, entry.bytes()));
  }
  bytes_.push_back(bytes);
}

void GgufWriter::write(const std::filesystem::path& path) const {
  AtomicFile file(path);
  file.write(io::gguf_head(*this, tensors_));
  for (const auto& bytes : bytes_) {
    file.write(bytes);
    file.write(io::gguf_padding(bytes.size(), alignment()));
  }
  file.commit();
}

}  // namespace relatum::testing
