// Parses and writes the small text header of .npy files.
#include "io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"

namespace relatum::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kHeaderAlignment = 64;

[[noreturn]] void fail_npy(const std::filesystem::path& path, const std::string& what) {
  fail("io.npy", fmt::format("{}: {}", path.string(), what));
}

/// The text behind `'key':` in the header's dictionary, blanks skipped; empty where absent.
std::string_view value_of(std::string_view header, std::string_view key) {
  const size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + key.size() + 3);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

/// "(2717, 384)" or "(384,)" as numbers; empty where it is neither.
std::vector<uint64_t> shape_of(std::string_view text) {
  std::vector<uint64_t> shape;
  if (!text.starts_with('(')) return {};
  text.remove_prefix(1);
  while (!text.empty() && !text.starts_with(')')) {
    uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || shape.size() == 2) return {};
    shape.push_back(length);
    text.remove_prefix(size_t(end - text.data()));
    text.remove_prefix(std::min(text.find_first_not_of(" ,"), text.size()));
  }
  return shape;
}

/// Splits the file into header text and values.
std::string_view header_of(const std::filesystem::path& path, std::string_view file,
                           std::string_view& values) {
  constexpr size_t kPreamble = 12;  // magic, version, length of version 2's header
  if (!file.starts_with(kMagic) || file.size() < kPreamble) {
    fail_npy(path, "expected a .npy file, got other first bytes. Write it with numpy.save.");
  }
  const int version = file[6];
  uint32_t length = 0;
  const size_t start = version == 1 ? 10 : kPreamble;
  if (version != 1 && version != 2) {
    fail_npy(path, fmt::format("expected format version 1 or 2, got {}.", version));
  }
  std::memcpy(&length, file.data() + 8, start - 8);
  if (length > file.size() - start) {
    fail_npy(path, fmt::format("expected a header of {} bytes, the file ends after {}. It may be "
                               "cut: compare its size.",
                               length, file.size() - start));
  }
  values = file.substr(start + length);
  return file.substr(start, length);
}

}  // namespace

Matrix<float> read_npy(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  const auto bytes = file->bytes();
  std::string_view values;
  const std::string_view header = header_of(
      path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, values);
  if (!value_of(header, "descr").starts_with("'<f4'") ||
      !value_of(header, "fortran_order").starts_with("False")) {
    fail_npy(path, fmt::format("expected float32 values in C order, got {}. Convert the array.",
                               printable_start(header)));
  }
  std::vector<uint64_t> shape = shape_of(value_of(header, "shape"));
  if (shape.empty()) {
    fail_npy(path, fmt::format("expected one or two dimensions, got {}. Reshape the array.",
                               printable_start(value_of(header, "shape"))));
  }
  if (shape.size() == 1) shape.insert(shape.begin(), 1);
  uint64_t count = 0;
  if (__builtin_mul_overflow(shape[0], shape[1], &count) ||
      count != values.size() / sizeof(float) || values.size() % sizeof(float) != 0) {
    fail_npy(path, fmt::format("a shape of {} x {} and {} bytes of values disagree. The file may "
                               "be cut: compare its size.",
                               shape[0], shape[1], grouped(values.size())));
  }
  if (count == 0 && (shape[0] > INT32_MAX || shape[1] > INT32_MAX)) {
    fail_npy(path, "an empty array has an impossible length.");
  }
  const auto rows = int64_t(shape[0]), cols = int64_t(shape[1]);
  Matrix<float> result(rows, cols);
  if (!values.empty()) std::memcpy(result.row(0), values.data(), values.size());
  return result;
}

void write_npy(MatView<const float> values, const std::function<void(std::string_view)>& write) {
  std::string header = fmt::format(
      "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", values.rows, values.cols);
  const size_t used = kMagic.size() + 4 + header.size() + 1;
  header.append((kHeaderAlignment - used % kHeaderAlignment) % kHeaderAlignment, ' ');
  header += '\n';
  const uint16_t length = uint16_t(header.size());
  write(kMagic);
  write(std::string_view("\x01\x00", 2));
  write(std::string_view(reinterpret_cast<const char*>(&length), sizeof length));
  write(header);
  for (int64_t r = 0; r < values.rows; ++r) {
    write(std::string_view(reinterpret_cast<const char*>(values.row(r)),
                           size_t(values.cols) * sizeof(float)));
  }
}

}  // namespace relatum::io
