// Small valid files that the io tests read, damage and compare.
#pragma once

#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "support/gguf_writer.h"

namespace relatum::testing {

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// 8 x 32 values: "a" in f32, "b" in q4_0; keys of every kind.
inline std::filesystem::path sample_gguf(const std::filesystem::path& path) {
  static const std::vector<float> values(256, 0.25f);
  static const std::vector<std::byte> blocks(8 * 18, std::byte(0x11));
  GgufWriter writer;
  writer.set_string("general.architecture", "llama");
  writer.set_u32("llama.block_count", 2);
  writer.set_i32("test.negative", -3);
  writer.set_u64("test.large", uint64_t{1} << 63);
  writer.set_f32("llama.rope.freq_base", 10000.5f);
  writer.set_bool("test.flag", true);
  writer.set_strings("tokenizer.ggml.tokens", std::array<std::string, 3>{"<s>", "", "é"});
  writer.set_ints("tokenizer.ggml.token_type", std::array<int32_t, 3>{1, -2, 3});
  writer.set_floats("tokenizer.ggml.scores", std::array<float, 2>{0.5f, -1.5f});
  writer.add_tensor("a", 0, {32, 8}, std::as_bytes(std::span(values)));
  writer.add_tensor("b", 2, {32, 8}, blocks);
  writer.write(path);
  return path;
}

inline void write_npy_file(const std::filesystem::path& path, MatView<const float> values) {
  AtomicFile file(path);
  io::write_npy(values, [&](std::string_view bytes) { file.write(bytes); });
  file.commit();
}

inline std::filesystem::path sample_safetensors(const std::filesystem::path& path) {
  static const std::vector<float> values(12, 1.5f);
  static const std::vector<uint16_t> halves(5, 0x3c00);
  io::write_safetensors(path,
                        {{"half", "F16", {5}, std::as_bytes(std::span(halves))},
                         {"z", "F32", {3, 2}, std::as_bytes(std::span(values).first(6))},
                         {"b", "F32", {3, 2}, std::as_bytes(std::span(values).last(6))}},
                        {{"format", "pt"}});
  return path;
}

/// Builds GGUF files by hand, byte by byte, for what the writer would refuse.
class RawGguf {
 public:
  explicit RawGguf(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
    text_ = "GGUF";
    u32(version).u64(tensors).u64(keys);
  }
  RawGguf& u32(uint32_t value) { return raw(&value, sizeof value); }
  RawGguf& u64(uint64_t value) { return raw(&value, sizeof value); }
  RawGguf& string(const std::string& value) {
    u64(value.size());
    return raw(value.data(), value.size());
  }
  RawGguf& tensor(const std::string& name, const std::vector<uint64_t>& shape, uint32_t type,
                  uint64_t offset) {
    string(name).u32(uint32_t(shape.size()));
    for (const uint64_t length : shape) u64(length);
    return u32(type).u64(offset);
  }
  /// Pads to the alignment and appends `bytes` zeros.
  RawGguf& data(size_t bytes) {
    text_.resize((text_.size() + 31) / 32 * 32 + bytes);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  RawGguf& raw(const void* from, size_t size) {
    text_.append(static_cast<const char*>(from), size);
    return *this;
  }
  std::string text_;
};

}  // namespace relatum::testing
