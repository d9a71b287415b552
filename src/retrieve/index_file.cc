// The index on disk: FAISS's format, believed only after its header agrees with the file's size.
#include <faiss/IndexFlat.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "retrieve/index.h"

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
  fail("retrieve.index", fmt::format("{}: {}. Make the index again with `relatum index`.",
                                     file.string(), what));
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
                                "was cut or damaged", rows, dimension, stored));
  }
}

/// Lets FAISS read a mapped file without a copy of it.
struct SpanReader : faiss::IOReader {
  std::span<const std::byte> left;
  size_t operator()(void* to, size_t size, size_t items) override {
    if (size == 0) return 0;
    items = std::min(items, left.size() / size);
    if (items) std::memcpy(to, left.data(), size * items);
    left = left.subspan(size * items);
    return items;
  }
};

}  // namespace

void Index::save(const std::filesystem::path& file) const {
  faiss::VectorIOWriter writer;
  faiss::write_index(flat_.get(), &writer);
  AtomicFile out(file);
  out.write(std::as_bytes(std::span(writer.data)));
  out.commit();
}

Index Index::load(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  check_header(mapped->bytes(), file);
  SpanReader reader;
  reader.left = mapped->bytes();
  std::unique_ptr<faiss::Index> read;
  try {
    read.reset(faiss::read_index(&reader));
  } catch (const std::exception& error) {
    fail_file(file, fmt::format("FAISS cannot read it: {}", error.what()));
  }
  auto* flat = dynamic_cast<faiss::IndexFlatIP*>(read.get());
  if (!flat) fail_file(file, "not a FAISS file of kind IndexFlatIP");
  Index index(flat->d);
  index.flat_.reset(flat);
  (void)read.release();
  index.note_norms({flat->get_xb(), flat->ntotal, flat->d}, file.string());
  return index;
}

}  // namespace relatum::retrieve
