// Parses GGUF's table of contents; every count is checked against the bytes left before use.
#include "io/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>

#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/dotted_name.h"
#include "io/ggml_types.h"

namespace relatum::io {

static_assert(std::endian::native == std::endian::little, "GGUF is read as it lies in the file");

namespace {

constexpr char kMagic[] = {'G', 'G', 'U', 'F'};
constexpr int kArrayDepth = 4;       // arrays of arrays; real files have none
constexpr uint32_t kDimensions = 4;  // ggml's limit
constexpr uint64_t kAlignmentLimit = 1 << 20;
constexpr uint64_t kEntryBytes = 8 + 4 + 1;           // least size of a key with its value
constexpr uint64_t kTensorBytes = 8 + 4 + 8 + 4 + 8;  // least size of a tensor's entry

/// Bytes of a scalar of this type; 0 for strings, arrays and unknown types.
uint64_t scalar_bytes(GgufType type) {
  constexpr uint8_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return uint32_t(type) < std::size(kBytes) ? kBytes[uint32_t(type)] : 0;
}

}  // namespace

/// Walks the mapping front to back.
class GgufParser {
 public:
  explicit GgufParser(GgufFile& out) : out_(out), bytes_(out.file_->bytes()) {}

  void parse() {
    read_preamble();
    const auto tensor_count = take<uint64_t>("the number of tensors");
    const auto entry_count = take<uint64_t>("the number of keys");
    check_count(entry_count, kEntryBytes, "keys");
    for (uint64_t i = 0; i < entry_count; ++i) read_entry();
    if (out_.find("general.alignment")) read_alignment();
    check_count(tensor_count, kTensorBytes, "tensors");
    for (uint64_t i = 0; i < tensor_count; ++i) read_tensor();
    place_tensors();
  }

 private:
  [[noreturn]] void fail_file(const std::string& what) const {
    fail("io.gguf", fmt::format("{}: {}", out_.path().string(), what));
  }
  [[noreturn]] void fail_tensor(const GgufTensor& tensor, const std::string& what) const {
    fail("io.gguf", fmt::format("{}: {}", tensor.place, what));
  }

  uint64_t left() const { return bytes_.size() - position_; }

  std::span<const std::byte> take_bytes(uint64_t count, const std::string& what) {
    if (count > left()) {
      fail_file(
          fmt::format("expected {} bytes for {} at {}, the file ends after {}. The download "
                      "may be cut: compare its size.",
                      grouped(count), what, grouped(position_), grouped(left())));
    }
    const auto part = bytes_.subspan(position_, count);
    position_ += count;
    return part;
  }

  template <class T>
  T take(const std::string& what) {
    T value;
    std::memcpy(&value, take_bytes(sizeof value, what).data(), sizeof value);
    return value;
  }

  std::string_view take_string(const std::string& what) {
    const auto length = take<uint64_t>(what);
    const auto part = take_bytes(length, what);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

  void check_count(uint64_t count, uint64_t least, const std::string& what) const {
    if (count <= left() / least) return;
    fail_file(
        fmt::format("claims {} {}, more than its {} bytes can hold. The file is damaged or "
                    "cut: compare its size.",
                    grouped(count), what, grouped(bytes_.size())));
  }

  void read_preamble() {
    if (bytes_.empty()) fail_file("the file is empty. Download it again.");
    if (bytes_.size() < sizeof kMagic || std::memcmp(bytes_.data(), kMagic, sizeof kMagic) != 0) {
      fail_file("expected a GGUF file, got other first bytes. Name a .gguf file.");
    }
    position_ = sizeof kMagic;
    out_.version_ = take<uint32_t>("the version");
    if (out_.version_ == 2 || out_.version_ == 3) return;
    const bool swapped = (out_.version_ & 0xffffu) == 0 && out_.version_ != 0;
    fail_file(fmt::format("expected GGUF version 2 or 3, got {}. Convert the file with llama.cpp.",
                          swapped ? "a big-endian file" : std::to_string(out_.version_)));
  }

  void read_entry() {
    GgufEntry entry;
    entry.key = take_string("a key");
    const std::string what = fmt::format("key '{}'", printable_start(entry.key));
    entry.value = read_value(take<uint32_t>(what), what, 0);
    if (!out_.keys_.emplace(entry.key, out_.entries_.size()).second) {
      fail_file(fmt::format("{} occurs twice. The file is damaged.", what));
    }
    out_.entries_.push_back(entry);
  }

  GgufValue read_value(uint32_t number, const std::string& what, int depth) {
    GgufValue value;
    value.type = GgufType(number);
    check_type(value.type, what);
    if (value.type == GgufType::kArray) return read_array(what, depth + 1);
    const uint64_t begin = position_;
    if (value.type == GgufType::kString) {
      take_string(what);
    } else if (const uint64_t size = scalar_bytes(value.type)) {
      take_bytes(size, what);
    }
    value.raw = bytes_.subspan(begin, position_ - begin);
    return value;
  }

  void check_type(GgufType type, const std::string& what) const {
    if (type <= GgufType::kF64) return;
    fail_file(
        fmt::format("{} has a value of unknown type {}. The file is damaged, or newer than "
                    "this program.",
                    what, uint32_t(type)));
  }

  GgufValue read_array(const std::string& what, int depth) {
    if (depth > kArrayDepth) {
      fail_file(fmt::format("{} nests arrays deeper than {} levels. The file is damaged.", what,
                            kArrayDepth));
    }
    GgufValue value;
    value.is_array = true;
    value.type = GgufType(take<uint32_t>(what));
    value.count = take<uint64_t>(what);
    check_type(value.type, what);  // an empty array has no element that would tell
    const uint64_t begin = position_;
    if (const uint64_t size = scalar_bytes(value.type)) {
      check_count(value.count, size, fmt::format("values of {}", what));
      take_bytes(value.count * size, what);
    } else {
      check_count(value.count, sizeof(uint64_t), fmt::format("values of {}", what));
      for (uint64_t i = 0; i < value.count; ++i) read_value(uint32_t(value.type), what, depth);
    }
    value.raw = bytes_.subspan(begin, position_ - begin);
    return value;
  }

  void read_alignment() {
    const int64_t alignment = out_.get_int("general.alignment");
    if (alignment < 1 || uint64_t(alignment) > kAlignmentLimit ||
        !std::has_single_bit(uint64_t(alignment))) {
      fail_file(
          fmt::format("key 'general.alignment': expected a power of two up to {}, got {}. "
                      "The file is damaged.",
                      kAlignmentLimit, alignment));
    }
    out_.alignment_ = uint64_t(alignment);
  }

  void read_tensor() {
    GgufTensor tensor;
    const auto name = take_string("a tensor's name");
    tensor.name = name;
    tensor.place = fmt::format("tensor '{}' of {}", printable_start(name), out_.path().string());
    const auto dimensions = take<uint32_t>(tensor.place);
    if (dimensions < 1 || dimensions > kDimensions) {
      fail_tensor(tensor, fmt::format("expected 1 to {} dimensions, got {}. The file is damaged.",
                                      kDimensions, dimensions));
    }
    for (uint32_t i = 0; i < dimensions; ++i) tensor.shape.push_back(take<int64_t>(tensor.place));
    tensor.type = int(take<uint32_t>(tensor.place));
    tensor.offset = take<uint64_t>(tensor.place);
    if (!out_.names_.emplace(tensor.name, out_.tensors_.size()).second) {
      fail_tensor(tensor, "occurs twice. The file is damaged.");
    }
    out_.tensors_.push_back(std::move(tensor));
  }

  uint64_t bytes_of(const GgufTensor& tensor) const {
    const GgmlType* type = find_ggml_type(tensor.type);
    if (!type) {
      fail_tensor(tensor, fmt::format("ggml's type number {} is unknown. The file is damaged, or "
                                      "newer than this program.",
                                      tensor.type));
    }
    uint64_t values = 1;
    for (const int64_t length : tensor.shape) {
      if (length < 1 || __builtin_mul_overflow(values, uint64_t(length), &values)) {
        fail_tensor(tensor, fmt::format("the shape has an impossible length ({}). The file is "
                                        "damaged.",
                                        length));
      }
    }
    const auto bytes = ggml_bytes(*type, values);
    if (!bytes || tensor.shape[0] % type->block != 0) {
      fail_tensor(tensor,
                  fmt::format("rows of {} values don't fit {}, whose blocks have {}. The file is "
                              "damaged.",
                              tensor.shape[0], type->name, type->block));
    }
    return *bytes;
  }

  /// Turns offsets within the data section into views.
  void place_tensors() {
    const uint64_t alignment = out_.alignment_;
    const uint64_t start = (position_ + alignment - 1) / alignment * alignment;
    const uint64_t room = bytes_.size() > start ? bytes_.size() - start : 0;
    for (GgufTensor& tensor : out_.tensors_) {
      const uint64_t bytes = bytes_of(tensor);
      if (tensor.offset % alignment != 0) {
        fail_tensor(tensor, fmt::format("the offset {} is no multiple of the alignment {}. The "
                                        "file is damaged.",
                                        grouped(tensor.offset), alignment));
      }
      if (tensor.offset > room || bytes > room - tensor.offset) {
        fail_tensor(tensor, fmt::format("expected {} bytes, the file ends after {}. The download "
                                        "may be cut: compare its size.",
                                        grouped(bytes),
                                        grouped(tensor.offset > room ? 0 : room - tensor.offset)));
      }
      tensor.offset += start;
      tensor.bytes = bytes_.subspan(tensor.offset, bytes);
      tensor.owner = out_.file_;
    }
    check_overlap();
  }

  void check_overlap() const {
    std::vector<const GgufTensor*> order;
    for (const GgufTensor& tensor : out_.tensors_) order.push_back(&tensor);
    std::sort(order.begin(), order.end(),
              [](const auto* a, const auto* b) { return a->offset < b->offset; });
    for (size_t i = 1; i < order.size(); ++i) {
      if (order[i - 1]->offset + order[i - 1]->bytes.size() <= order[i]->offset) continue;
      fail_tensor(*order[i], fmt::format("overlaps tensor '{}'. The file is damaged.",
                                         printable_start(order[i - 1]->name)));
    }
  }

  GgufFile& out_;
  std::span<const std::byte> bytes_;
  uint64_t position_ = 0;
};

GgufFile GgufFile::open_one(const std::filesystem::path& path) {
  GgufFile result;
  result.file_ = MappedFile::open(path);
  GgufParser(result).parse();
  return result;
}

GgufFile GgufFile::open(const std::filesystem::path& path) {
  GgufFile result = open_one(path);
  result.join_parts();
  return result;
}

bool GgufFile::recognise(const std::filesystem::path& path) {
  char magic[sizeof kMagic] = {};
  if (!std::filesystem::is_regular_file(path)) return false;
  std::ifstream file(path, std::ios::binary);
  file.read(magic, sizeof magic);
  return file && std::memcmp(magic, kMagic, sizeof magic) == 0;
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  const auto found = names_.find(std::string(name));
  return found == names_.end() ? nullptr : &tensors_[found->second];
}

const GgufTensor& GgufFile::tensor(std::string_view name) const {
  if (const auto* found = find_tensor(name)) return *found;
  std::vector<std::string_view> names;
  for (const GgufTensor& tensor : tensors_) names.push_back(tensor.name);
  fail("io.gguf", fmt::format("{}: tensor '{}' is missing. {}", path().string(),
                              printable_start(name), nearest_sentence(name, names, "tensors")));
}

}  // namespace relatum::io
