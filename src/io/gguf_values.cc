// Typed access to GGUF's metadata, with errors that name key and file.
#include <fmt/format.h>

#include <cstring>

#include "base/error.h"
#include "base/printable.h"
#include "io/dotted_name.h"
#include "io/gguf.h"

namespace relatum::io {
namespace {

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::string type_name(const GgufValue& value) {
  constexpr const char* kNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                    "bool", "string", "array", "u64", "i64", "f64"};
  const std::string name = kNames[uint32_t(value.type)];
  return value.is_array ? "an array of " + name : name;
}

[[noreturn]] void fail_type(const GgufFile& file, std::string_view key, const char* wanted,
                            const GgufValue& value) {
  fail("io.gguf",
       fmt::format("key '{}' of {}: expected {}, got {}. Such a file is not read.",
                   printable_start(key), file.path().string(), wanted, type_name(value)));
}

[[noreturn]] void fail_missing(const GgufFile& file, std::string_view key) {
  std::vector<std::string_view> keys;
  for (const GgufEntry& entry : file.metadata()) keys.push_back(entry.key);
  fail("io.gguf", fmt::format("key '{}' is missing in {}. {}", printable_start(key),
                              file.path().string(), nearest_sentence(key, keys, "keys")));
}

/// The integer of this type at `at`; nothing for other types and above 2^63.
std::optional<int64_t> int_at(GgufType type, const std::byte* at) {
  switch (type) {
    case GgufType::kU8: return load<uint8_t>(at);
    case GgufType::kI8: return load<int8_t>(at);
    case GgufType::kU16: return load<uint16_t>(at);
    case GgufType::kI16: return load<int16_t>(at);
    case GgufType::kU32: return load<uint32_t>(at);
    case GgufType::kI32: return load<int32_t>(at);
    case GgufType::kI64: return load<int64_t>(at);
    case GgufType::kU64:
      if (load<uint64_t>(at) <= uint64_t(INT64_MAX)) return int64_t(load<uint64_t>(at));
      return std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<double> double_at(GgufType type, const std::byte* at) {
  if (type == GgufType::kF32) return load<float>(at);
  if (type == GgufType::kF64) return load<double>(at);
  if (const auto number = int_at(type, at)) return double(*number);
  return std::nullopt;
}

std::optional<bool> bool_at(GgufType type, const std::byte* at) {
  if (type != GgufType::kBool) return std::nullopt;
  return load<uint8_t>(at) != 0;
}

std::string_view string_at(const std::byte* at) {
  return {reinterpret_cast<const char*>(at) + sizeof(uint64_t), size_t(load<uint64_t>(at))};
}

std::optional<std::string> text_at(GgufType type, const std::byte* at) {
  if (type != GgufType::kString) return std::nullopt;
  return std::string(string_at(at));
}

/// The key's value through `read`, or `fallback` where the file lacks the key.
template <class T, class Read>
T scalar(const GgufFile& file, std::string_view key, const std::optional<T>& fallback,
         const char* wanted, const Read& read) {
  const GgufValue* value = file.find(key);
  if (!value && fallback) return *fallback;
  if (!value) fail_missing(file, key);
  const std::optional<T> found = value->is_array ? std::nullopt
                                                 : read(value->type, value->raw.data());
  if (!found) fail_type(file, key, wanted, *value);
  return *found;
}

/// All elements of a numeric array through `read`.
template <class T, class Read>
std::vector<T> elements(const GgufFile& file, std::string_view key, const GgufValue& value,
                        const char* wanted, const Read& read) {
  std::vector<T> numbers;
  numbers.reserve(value.count);
  const size_t size = value.count ? value.raw.size() / value.count : 0;
  for (uint64_t i = 0; i < value.count; ++i) {
    const auto number = read(value.type, value.raw.data() + i * size);
    if (!number) fail_type(file, key, wanted, value);
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : &entries_[found->second].value;
}

std::string GgufFile::get_string(std::string_view key, std::optional<std::string> fallback) const {
  return scalar(*this, key, fallback, "a string", text_at);
}

int64_t GgufFile::get_int(std::string_view key, std::optional<int64_t> fallback) const {
  return scalar(*this, key, fallback, "an integer below 2^63", int_at);
}

double GgufFile::get_double(std::string_view key, std::optional<double> fallback) const {
  return scalar(*this, key, fallback, "a number", double_at);
}

bool GgufFile::get_bool(std::string_view key, std::optional<bool> fallback) const {
  return scalar(*this, key, fallback, "true or false", bool_at);
}

const GgufValue& GgufFile::array(std::string_view key, const char* wanted) const {
  const GgufValue* value = find(key);
  if (!value) fail_missing(*this, key);
  if (!value->is_array) fail_type(*this, key, wanted, *value);
  return *value;
}

std::vector<std::string_view> GgufFile::get_strings(std::string_view key) const {
  const GgufValue& value = array(key, "an array of strings");
  if (value.type != GgufType::kString) fail_type(*this, key, "an array of strings", value);
  std::vector<std::string_view> strings;
  strings.reserve(value.count);
  size_t at = 0;
  for (uint64_t i = 0; i < value.count; ++i) {
    strings.push_back(string_at(value.raw.data() + at));
    at += sizeof(uint64_t) + strings.back().size();
  }
  return strings;
}

std::vector<int64_t> GgufFile::get_ints(std::string_view key) const {
  const char* wanted = "an array of integers below 2^63";
  return elements<int64_t>(*this, key, array(key, wanted), wanted, int_at);
}

std::vector<double> GgufFile::get_doubles(std::string_view key) const {
  const char* wanted = "an array of numbers";
  return elements<double>(*this, key, array(key, wanted), wanted, double_at);
}

}  // namespace relatum::io
