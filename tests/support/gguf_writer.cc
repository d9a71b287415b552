// Serialises GGUF v3.
#include "support/gguf_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/ggml_types.h"

namespace relatum::testing {

using io::GgufType;

namespace {

constexpr uint32_t kVersion = 3;
constexpr uint64_t kDefaultAlignment = 32;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_string(std::string& out, std::string_view text) {
  put(out, uint64_t(text.size()));
  out.append(text);
}

template <class T>
std::string raw_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

uint64_t padding(uint64_t position, uint64_t alignment) {
  return (alignment - position % alignment) % alignment;
}

}  // namespace

GgufWriter::Entry& GgufWriter::entry(const std::string& key) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.key == key; });
  if (found != entries_.end()) return *found;
  entries_.push_back({key, GgufType::kU8, false, 1, {}});
  return entries_.back();
}

void GgufWriter::set_string(const std::string& key, std::string_view value) {
  std::string raw;
  put_string(raw, value);
  entry(key) = {key, GgufType::kString, false, 1, raw};
}

void GgufWriter::set_u32(const std::string& key, uint32_t value) {
  entry(key) = {key, GgufType::kU32, false, 1, raw_of(std::span<const uint32_t>(&value, 1))};
}

void GgufWriter::set_i32(const std::string& key, int32_t value) {
  entry(key) = {key, GgufType::kI32, false, 1, raw_of(std::span<const int32_t>(&value, 1))};
}

void GgufWriter::set_u64(const std::string& key, uint64_t value) {
  entry(key) = {key, GgufType::kU64, false, 1, raw_of(std::span<const uint64_t>(&value, 1))};
}

void GgufWriter::set_f32(const std::string& key, float value) {
  entry(key) = {key, GgufType::kF32, false, 1, raw_of(std::span<const float>(&value, 1))};
}

void GgufWriter::set_bool(const std::string& key, bool value) {
  entry(key) = {key, GgufType::kBool, false, 1, std::string(1, char(value))};
}

void GgufWriter::set_strings(const std::string& key, std::span<const std::string> values) {
  std::string raw;
  for (const std::string& value : values) put_string(raw, value);
  entry(key) = {key, GgufType::kString, true, values.size(), raw};
}

void GgufWriter::set_ints(const std::string& key, std::span<const int32_t> values) {
  entry(key) = {key, GgufType::kI32, true, values.size(), raw_of(values)};
}

void GgufWriter::set_floats(const std::string& key, std::span<const float> values) {
  entry(key) = {key, GgufType::kF32, true, values.size(), raw_of(values)};
}

void GgufWriter::set(const std::string& key, const io::GgufValue& value) {
  entry(key) = {key, value.type, value.is_array, value.count,
                raw_of(std::span<const std::byte>(value.raw))};
}

void GgufWriter::add_tensor(const std::string& name, int ggml_type, std::vector<int64_t> shape,
                            std::span<const std::byte> bytes) {
  const io::GgmlType* type = io::find_ggml_type(ggml_type);
  RELATUM_CHECK(type && !shape.empty());
  uint64_t values = 1;
  for (const int64_t length : shape) values *= uint64_t(length);
  const auto expected = io::ggml_bytes(*type, values);
  if (!expected || *expected != bytes.size() || shape[0] % type->block != 0) {
    fail("io.gguf", fmt::format("tensor '{}': {} values in rows of {} don't make {} bytes of {}. "
                                "Rows must be multiples of {} values.",
                                name, values, shape[0], bytes.size(), type->name, type->block));
  }
  tensors_.push_back({name, ggml_type, std::move(shape), bytes});
}

uint64_t GgufWriter::alignment() const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [](const Entry& e) {
    return e.key == "general.alignment" && e.type == GgufType::kU32 && !e.is_array;
  });
  if (found == entries_.end()) return kDefaultAlignment;
  uint32_t value = 0;
  std::memcpy(&value, found->raw.data(), sizeof value);
  RELATUM_CHECK(value > 0);
  return value;
}

std::string GgufWriter::header() const {
  std::string out = "GGUF";
  put(out, kVersion);
  put(out, uint64_t(tensors_.size()));
  put(out, uint64_t(entries_.size()));
  for (const Entry& e : entries_) {
    put_string(out, e.key);
    if (e.is_array) put(out, uint32_t(GgufType::kArray));
    put(out, uint32_t(e.type));
    if (e.is_array) put(out, e.count);
    out.append(e.raw);
  }
  uint64_t offset = 0;
  for (const Tensor& tensor : tensors_) {
    put_string(out, tensor.name);
    put(out, uint32_t(tensor.shape.size()));
    for (const int64_t length : tensor.shape) put(out, length);
    put(out, uint32_t(tensor.type));
    put(out, offset);
    offset += tensor.bytes.size();
    offset += padding(offset, alignment());
  }
  return out;
}

void GgufWriter::write(const std::filesystem::path& path) const {
  const uint64_t step = alignment();
  const std::string head = header();
  AtomicFile file(path);
  file.write(head);
  file.write(std::string(padding(head.size(), step), '\0'));
  for (const Tensor& tensor : tensors_) {
    file.write(tensor.bytes);
    file.write(std::string(padding(tensor.bytes.size(), step), '\0'));
  }
  file.commit();
}

}  // namespace relatum::testing
