// What the fuzzers run: parse hostile bytes, then touch everything that was handed out.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "io/gguf.h"
#include "io/json.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "io/to_weight.h"
#include "quant/format.h"
#include "tensor/buffer.h"

namespace relatum::fuzz {

/// A file in memory, so that readers that map a path run at full speed.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) : fd_(::memfd_create("fuzz", 0)) {
    const auto size = ssize_t(bytes.size());
    if (fd_ < 0 || ::write(fd_, bytes.data(), bytes.size()) != size) {
      throw std::runtime_error("no file in memory");
    }
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

/// Runs `action`; false where it throws Error. Any other exception is a finding and passes.
template <class Action>
bool accepts(const Action& action) {
  try {
    action();
    return true;
  } catch (const Error&) {
    return false;
  }
}

inline void decode(const Weight& weight) {
  if (weight.cols > (1 << 20)) return;
  Matrix<float> row(1, weight.cols);
  quant::decode_rows(weight, weight.rows - 1, row.view());
}

inline bool gguf(std::span<const std::byte> bytes) {
  const MemoryFile file(bytes);
  return accepts([&] {
    const auto parsed = io::GgufFile::open(file.path());
    for (const auto& [key, value] : parsed.metadata()) {
      accepts([&] { parsed.get_string(key); });
      accepts([&] { parsed.get_int(key); });
      accepts([&] { parsed.get_double(key); });
      accepts([&] { parsed.get_bool(key); });
      accepts([&] { parsed.get_strings(key); });
      accepts([&] { parsed.get_ints(key); });
      accepts([&] { parsed.get_doubles(key); });
    }
    for (const auto& tensor : parsed.tensors()) accepts([&] { decode(io::to_weight(tensor)); });
  });
}

inline bool safetensors(std::span<const std::byte> bytes) {
  const MemoryFile file(bytes);
  return accepts([&] {
    const auto parsed = io::Safetensors::open(file.path());
    for (const auto& tensor : parsed.tensors()) {
      accepts([&] {
        const Weight weight = io::to_weight(tensor);
        if (weight.size() > 0) decode(weight);
      });
    }
  });
}

inline bool json(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return accepts([&] {
    const auto value = io::parse_json(text, "input");
    // What was read can be written, and reads the same.
    if (io::parse_json(io::dump_json(value), "again") != value) std::terminate();
  });
}

inline bool npy(std::span<const std::byte> bytes) {
  const MemoryFile file(bytes);
  return accepts([&] { io::read_npy(file.path()); });
}

}  // namespace relatum::fuzz
