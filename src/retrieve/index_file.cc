// The index on disk: FAISS's format, believed only after its header agrees with the file's size.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "retrieve/flat/flat.h"
#include "retrieve/index.h"
#include "tensor/buffer.h"

namespace relatum::retrieve {
namespace {

// What FAISS writes before the values of an IndexFlatIP (its index_write.cpp): the kind, then
// dimension (i32), rows (i64), two unused i64, trained (u8), metric (i32, 0: inner product), and
// the number of 4-byte values (u64). FAISS would allocate whatever a damaged count asks for.
constexpr char kKind[] = {'I', 'x', 'F', 'I'};
constexpr size_t kDimensionAt = 4, kRowsAt = 8, kTrainedAt = 32, kMetricAt = 33, kValuesAt = 37;
constexpr size_t kHeaderSize = 45;

template <class T>
T value_at(std::span<const std::byte> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

[[noreturn]] void fail_file(const std::filesystem::path& file, const std::string& what) {
  fail("retrieve.index",
       fmt::format("{}: {}. Make the index again with `relatum index`.", file.string(), what));
}

void check_header(std::span<const std::byte> bytes, const std::filesystem::path& file) {
  if (bytes.size() < kHeaderSize || std::memcmp(bytes.data(), kKind, sizeof(kKind)) != 0) {
    fail_file(file, "not a FAISS file of kind IndexFlatIP");
  }
  const auto dimension = value_at<int32_t>(bytes, kDimensionAt);
  const auto rows = value_at<int64_t>(bytes, kRowsAt);
  const auto metric = value_at<int32_t>(bytes, kMetricAt);
  const auto trained = value_at<uint8_t>(bytes, kTrainedAt);
  if (dimension <= 0 || metric != 0 || trained != 1) {
    fail_file(file, fmt::format("a dimension of {}, metric {} and trained flag {} cannot be",
                                dimension, metric, trained));
  }
  const uint64_t stored = (bytes.size() - kHeaderSize) / sizeof(float);
  const uint64_t left = (bytes.size() - kHeaderSize) % sizeof(float);
  // Rows are compared by division: a product of hostile numbers may overflow.
  if (left || value_at<uint64_t>(bytes, kValuesAt) != stored || rows < 0 ||
      stored % uint64_t(dimension) || stored / uint64_t(dimension) != uint64_t(rows)) {
    fail_file(file, fmt::format("{} rows of {} values are promised, the file holds {} values. It "
                                "was cut or damaged",
                                rows, dimension, stored));
  }
}

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace

void Index::save(const std::filesystem::path& file) const {
  constexpr int64_t kUnused = 1 << 20;  // what FAISS writes there
  const int64_t values = size() * dimension();
  std::string header(kKind, sizeof(kKind));
  append(header, int32_t(dimension()));
  append(header, size());
  append(header, kUnused);
  append(header, kUnused);
  append(header, uint8_t{1});
  append(header, int32_t{0});
  append(header, uint64_t(values));
  RELATUM_CHECK(header.size() == kHeaderSize);
  AtomicFile out(file);
  out.write(header);
  out.write(std::as_bytes(std::span(flat_->values(), size_t(values))));
  out.commit();
}

Index Index::load(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  const std::span<const std::byte> bytes = mapped->bytes();
  check_header(bytes, file);
  Index index(value_at<int32_t>(bytes, kDimensionAt));
  const auto rows = value_at<int64_t>(bytes, kRowsAt);
  // In parts, as the file's floats are not aligned and a second copy of all would cost too much.
  constexpr int64_t kRowsAtOnce = 4096;
  Matrix<float> part(std::min(rows, kRowsAtOnce), index.dimension());
  for (int64_t begin = 0; begin < rows; begin += kRowsAtOnce) {
    const int64_t count = std::min(kRowsAtOnce, rows - begin);
    const size_t row_bytes = size_t(index.dimension()) * sizeof(float);
    std::memcpy(part.row(0), bytes.data() + kHeaderSize + size_t(begin) * row_bytes,
                size_t(count) * row_bytes);
    index.note_norms(part.view().rows_from(0, count), file.string());
    index.flat_->add(count, part.row(0));
  }
  return index;
}

}  // namespace relatum::retrieve
