// Serialises the head of a GGUF v3.
#include "io/gguf_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "io/ggml_types.h"

namespace relatum::io {

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

}  // namespace

GgufKeys::Entry& GgufKeys::entry(const std::string& key) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.key == key; });
  if (found != entries_.end()) return *found;
  entries_.push_back({key, GgufType::kU8, false, 1, {}});
  return entries_.back();
}

void GgufKeys::set_string(const std::string& key, std::string_view value) {
  std::string raw;
  put_string(raw, value);
  entry(key) = {key, GgufType::kString, false, 1, raw};
}

void GgufKeys::set_u32(const std::string& key, uint32_t value) {
  entry(key) = {key, GgufType::kU32, false, 1, raw_of(std::span<const uint32_t>(&value, 1))};
}

void GgufKeys::set_i32(const std::string& key, int32_t value) {
  entry(key) = {key, GgufType::kI32, false, 1, raw_of(std::span<const int32_t>(&value, 1))};
}

void GgufKeys::set_u64(const std::string& key, uint64_t value) {
  entry(key) = {key, GgufType::kU64, false, 1, raw_of(std::span<const uint64_t>(&value, 1))};
}

void GgufKeys::set_f32(const std::string& key, float value) {
  entry(key) = {key, GgufType::kF32, false, 1, raw_of(std::span<const float>(&value, 1))};
}

void GgufKeys::set_bool(const std::string& key, bool value) {
  entry(key) = {key, GgufType::kBool, false, 1, std::string(1, char(value))};
}

void GgufKeys::set_strings(const std::string& key, std::span<const std::string> values) {
  std::string raw;
  for (const std::string& value : values) put_string(raw, value);
  entry(key) = {key, GgufType::kString, true, values.size(), raw};
}

void GgufKeys::set_ints(const std::string& key, std::span<const int32_t> values) {
  entry(key) = {key, GgufType::kI32, true, values.size(), raw_of(values)};
}

void GgufKeys::set_floats(const std::string& key, std::span<const float> values) {
  entry(key) = {key, GgufType::kF32, true, values.size(), raw_of(values)};
}

void GgufKeys::set(const std::string& key, const GgufValue& value) {
  entry(key) = {key, value.type, value.is_array, value.count,
                raw_of(std::span<const std::byte>(value.raw))};
}

void GgufKeys::set_bytes(const std::string& key, std::string_view bytes) {
  entry(key) = {key, GgufType::kU8, true, bytes.size(), std::string(bytes)};
}

uint64_t GgufKeys::alignment() const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [](const Entry& e) { return e.key == "general.alignment"; });
  if (found == entries_.end()) return kDefaultAlignment;
  // Readers take other types, too; who copies a file's keys leaves out those of its layout.
  RELATUM_CHECK(found->type == GgufType::kU32 && !found->is_array);
  uint32_t value = 0;
  std::memcpy(&value, found->raw.data(), sizeof value);
  RELATUM_CHECK(std::has_single_bit(value));
  return value;
}

std::string GgufKeys::bytes() const {
  std::string out;
  for (const Entry& e : entries_) {
    put_string(out, e.key);
    if (e.is_array) put(out, uint32_t(GgufType::kArray));
    put(out, uint32_t(e.type));
    if (e.is_array) put(out, e.count);
    out.append(e.raw);
  }
  return out;
}

uint64_t GgufTensorEntry::bytes() const {
  const GgmlType* found = find_ggml_type(type);
  RELATUM_CHECK(found && !shape.empty());
  uint64_t values = 1;
  // Files were looked through when they were opened, and settings when the network was built.
  for (const int64_t length : shape) {
    RELATUM_CHECK(length > 0 && !__builtin_mul_overflow(values, uint64_t(length), &values));
  }
  const auto bytes = ggml_bytes(*found, values);
  if (bytes && shape[0] % found->block == 0) return *bytes;
  fail("io.gguf", fmt::format("tensor '{}': rows of {} values don't fit {}, whose blocks have {}.",
                              name, shape[0], found->name, found->block));
}

std::string gguf_padding(uint64_t bytes, uint64_t alignment) {
  return std::string((alignment - bytes % alignment) % alignment, '\0');
}

std::string gguf_head(const GgufKeys& keys, std::span<const GgufTensorEntry> tensors) {
  std::string out = "GGUF";
  put(out, kVersion);
  put(out, uint64_t(tensors.size()));
  put(out, uint64_t(keys.size()));
  out += keys.bytes();
  uint64_t offset = 0;
  for (const GgufTensorEntry& tensor : tensors) {
    put_string(out, tensor.name);
    put(out, uint32_t(tensor.shape.size()));
    for (const int64_t length : tensor.shape) put(out, length);
    put(out, uint32_t(tensor.type));
    put(out, offset);
    offset += tensor.bytes();
    offset += gguf_padding(offset, keys.alignment()).size();
  }
  return out + gguf_padding(out.size(), keys.alignment());
}

}  // namespace relatum::io
