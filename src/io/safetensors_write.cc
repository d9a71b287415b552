// Lays a safetensors file out as the reference library does.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/safetensors.h"

namespace relatum::io {
namespace {

/// The reference sorts by the dtype's rank, widest first, so that every tensor stays aligned.
int rank_of(std::string_view dtype) {
  constexpr std::string_view kOrder[] = {"BOOL", "U8",  "I8",  "F8_E5M2", "F8_E4M3", "F8_E8M0",
                                         "I16",  "U16", "F16", "BF16",    "I32",     "U32",
                                         "F32",  "C64", "F64", "I64",     "U64"};
  return int(std::find(std::begin(kOrder), std::end(kOrder), dtype) - std::begin(kOrder));
}

constexpr auto kBefore = [](const auto& a, const auto& b) {
  const int left = rank_of(a.dtype), right = rank_of(b.dtype);
  return left != right ? left > right : a.name < b.name;
};

}  // namespace

uint64_t SafetensorsEntry::bytes() const {
  uint64_t bytes = safetensors_dtype_size(dtype);
  RELATUM_CHECK(bytes > 0);
  for (const int64_t length : shape) bytes *= uint64_t(length);
  return bytes;
}

void sort_for_safetensors(std::vector<SafetensorsEntry>& tensors) {
  std::sort(tensors.begin(), tensors.end(), kBefore);
}

std::string safetensors_head(std::span<const SafetensorsEntry> tensors,
                             const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const SafetensorsEntry& tensor : tensors) {
    RELATUM_CHECK(!header.contains(tensor.name));
    const uint64_t end = offset + tensor.bytes();
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

void write_safetensors(const std::filesystem::path& path, std::vector<SafetensorsOutput> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), kBefore);
  std::vector<SafetensorsEntry> entries;
  for (const SafetensorsOutput& tensor : tensors) {
    entries.push_back({tensor.name, tensor.dtype, tensor.shape});
    RELATUM_CHECK(entries.back().bytes() == tensor.bytes.size());
  }
  AtomicFile file(path);
  file.write(safetensors_head(entries, metadata));
  for (const SafetensorsOutput& tensor : tensors) file.write(tensor.bytes);
  file.commit();
}

}  // namespace relatum::io
