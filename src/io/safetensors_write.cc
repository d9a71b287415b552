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

void check(const SafetensorsOutput& tensor) {
  uint64_t bytes = safetensors_dtype_size(tensor.dtype);
  RELATUM_CHECK(bytes > 0);
  for (const int64_t length : tensor.shape) bytes *= uint64_t(length);
  RELATUM_CHECK(bytes == tensor.bytes.size());
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::vector<SafetensorsOutput> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    const int left = rank_of(a.dtype), right = rank_of(b.dtype);
    return left != right ? left > right : a.name < b.name;
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const SafetensorsOutput& tensor : tensors) {
    check(tensor);
    RELATUM_CHECK(!header.contains(tensor.name));
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.write(std::string_view(reinterpret_cast<const char*>(&length), sizeof length));
  file.write(text);
  for (const SafetensorsOutput& tensor : tensors) file.write(tensor.bytes);
  file.commit();
}

}  // namespace relatum::io
