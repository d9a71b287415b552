// Maps safetensors files and checks every offset before a view is handed out.
#include "io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/counted.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "io/dotted_name.h"
#include "io/json.h"

namespace relatum::io {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr uint64_t kLengthBytes = 8;            // the header's length, little-endian
constexpr uint64_t kHeaderLimit = 100'000'000;  // the reference library's limit

[[noreturn]] void fail_file(const std::string& subject, const std::string& what) {
  fail("io.safetensors", fmt::format("{}: {}", subject, what));
}

/// The header's text; `data` becomes the bytes behind it.
std::string_view header_of(const fs::path& path, std::span<const std::byte> all,
                           std::span<const std::byte>& data) {
  uint64_t length = 0;
  if (all.size() < kLengthBytes) {
    fail_file(path.string(), fmt::format("expected a safetensors file, got {} bytes. The file "
                                         "may be cut: compare its size.",
                                         all.size()));
  }
  std::memcpy(&length, all.data(), kLengthBytes);
  if (length > kHeaderLimit) {
    fail_file(path.string(), fmt::format("a header of {} bytes is longer than the format allows. "
                                         "It is no safetensors file.",
                                         grouped(length)));
  }
  if (length > all.size() - kLengthBytes) {
    fail_file(path.string(),
              fmt::format("expected a header of {} bytes, the file ends after {}. The file may "
                          "be cut: compare its size.",
                          grouped(length), grouped(all.size() - kLengthBytes)));
  }
  data = all.subspan(kLengthBytes + length);
  return {reinterpret_cast<const char*>(all.data()) + kLengthBytes, size_t(length)};
}

/// product(shape) x dtype; fails where the dtype is unknown or the product overflows.
uint64_t bytes_of(const SafetensorsTensor& tensor) {
  const size_t size = safetensors_dtype_size(tensor.dtype);
  if (size == 0) {
    fail_file(tensor.place, fmt::format("dtype '{}' is unknown. Convert it to F32, F16 or BF16.",
                                        printable_start(tensor.dtype)));
  }
  uint64_t bytes = size;
  for (const int64_t length : tensor.shape) {
    if (length < 0 || __builtin_mul_overflow(bytes, uint64_t(length), &bytes) ||
        bytes > (uint64_t{1} << 58)) {
      fail_file(tensor.place, fmt::format("the shape has an impossible length ({}). The file is "
                                          "damaged.",
                                          length));
    }
  }
  return bytes;
}

struct Range {
  uint64_t begin, end;
  SafetensorsTensor tensor;
};

Range read_entry(const std::string& name, const json& entry, const fs::path& path,
                 std::span<const std::byte> data) {
  Range range{};
  SafetensorsTensor& tensor = range.tensor;
  tensor.name = name;
  tensor.place = fmt::format("tensor '{}' of {}", printable_start(name), path.string());
  tensor.dtype = require_string(entry, "dtype", tensor.place);
  tensor.shape = require_ints(entry, "shape", tensor.place);
  const auto offsets = require_ints(entry, "data_offsets", tensor.place);
  if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) {
    fail_file(tensor.place, "expected two rising data_offsets. The file is damaged.");
  }
  range.begin = uint64_t(offsets[0]);
  range.end = uint64_t(offsets[1]);
  const uint64_t bytes = bytes_of(tensor);
  if (range.end - range.begin != bytes) {
    fail_file(tensor.place,
              fmt::format("dtype and shape ask for {} bytes, data_offsets span {}. The file is "
                          "damaged.",
                          grouped(bytes), grouped(range.end - range.begin)));
  }
  if (range.end > data.size()) {
    fail_file(tensor.place,
              fmt::format("expected {} bytes from {} on, the data end after {}. The file may "
                          "be cut: compare its size.",
                          grouped(bytes), grouped(range.begin), grouped(data.size())));
  }
  tensor.bytes = data.subspan(range.begin, bytes);
  return range;
}

/// The reference asks that the tensors cover the data without holes and without overlap.
void check_cover(const std::vector<Range>& ranges, uint64_t size, const fs::path& path) {
  uint64_t end = 0;
  for (const Range& range : ranges) {
    if (range.begin != end) {
      fail_file(range.tensor.place,
                fmt::format("begins at {}, {} the tensor before it, which ends at {}. The file is "
                            "damaged.",
                            grouped(range.begin),
                            range.begin < end ? "inside" : "with a hole after", grouped(end)));
    }
    end = range.end;
  }
  if (end != size) {
    fail_file(path.string(), fmt::format("its tensors end after {} bytes of {}. The file is "
                                         "damaged.",
                                         grouped(end), grouped(size)));
  }
}

void read_metadata(const json& entry, const fs::path& path,
                   std::map<std::string, std::string>& metadata) {
  if (!entry.is_object()) fail_file(path.string(), "__metadata__ is no object.");
  for (const auto& [key, value] : entry.items()) {
    if (value.is_string()) metadata.emplace(key, value.get<std::string>());
  }
}

}  // namespace

size_t safetensors_dtype_size(std::string_view dtype) {
  static const std::map<std::string_view, size_t> kSizes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"F8_E8M0", 1},
      {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},     {"U32", 4},
      {"F32", 4},  {"C64", 8}, {"F64", 8}, {"I64", 8},     {"U64", 8}};
  const auto found = kSizes.find(dtype);
  return found == kSizes.end() ? 0 : found->second;
}

void Safetensors::append(const fs::path& path) {
  const auto file = MappedFile::open(path);
  files_.push_back(path);
  std::span<const std::byte> data;
  const json header = parse_json(header_of(path, file->bytes(), data), path.string());
  if (!header.is_object()) fail_file(path.string(), "the header is no JSON object.");
  std::vector<Range> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      read_metadata(entry, path, metadata_);
    } else {
      ranges.push_back(read_entry(name, entry, path, data));
    }
  }
  std::stable_sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  check_cover(ranges, data.size(), path);
  for (Range& range : ranges) {
    if (!index_.emplace(range.tensor.name, tensors_.size()).second) {
      fail_file(range.tensor.place, "is in an earlier shard, too. Download the model again.");
    }
    range.tensor.owner = file;
    tensors_.push_back(std::move(range.tensor));
  }
}

Safetensors Safetensors::open(const fs::path& path) {
  Safetensors result;
  result.path_ = path;
  result.append(path);
  return result;
}

Safetensors Safetensors::open_folder(const fs::path& folder) {
  const fs::path single = folder / "model.safetensors";
  const fs::path index = folder / "model.safetensors.index.json";
  if (fs::exists(single) || !fs::exists(index)) return open(single);
  const json listing = load_json(index);
  std::set<std::string> shards;
  for (const auto& [name, file] : require_object(listing, "weight_map", index.string()).items()) {
    if (!file.is_string()) fail_file(index.string(), "weight_map names no file.");
    const auto shard = file.get<std::string>();
    // A listing from a stranger must not reach out of its folder.
    if (shard.empty() || fs::path(shard).filename() != fs::path(shard)) {
      fail_file(index.string(), fmt::format("'{}' is no file name.", printable_start(shard)));
    }
    shards.insert(shard);
  }
  Safetensors result;
  result.path_ = index;
  for (const std::string& shard : shards) result.append(folder / shard);
  for (const auto& [name, file] : listing["weight_map"].items()) {
    if (!result.find(name)) {
      fail_file(index.string(), fmt::format("lists tensor '{}', which {} lacks. Download the model "
                                            "again.",
                                            printable_start(name), file.get<std::string>()));
    }
  }
  return result;
}

const SafetensorsTensor* Safetensors::find(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

const SafetensorsTensor& Safetensors::tensor(std::string_view name) const {
  if (const auto* found = find(name)) return *found;
  std::vector<std::string_view> names;
  for (const SafetensorsTensor& tensor : tensors_) names.push_back(tensor.name);
  fail_file(path_.string(), fmt::format("tensor '{}' is missing. {}", printable_start(name),
                                        nearest_sentence(name, names, "tensors")));
}

}  // namespace relatum::io
