// Exact inner-product search over stored vectors, by FAISS where it is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "tensor/mat.h"

namespace relatum::retrieve {

class Flat;

/// A stored row and its inner product with the query: the cosine, where both have length 1.
struct Neighbour {
  int64_t row = 0;
  double similarity = 0;
};

/// Rows of D floats, numbered from 0 in the order of add().
class Index {
 public:
  explicit Index(int64_t dimension);
  ~Index();
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;

  int64_t dimension() const;
  int64_t size() const;
  /// The D values of row 0 <= i < size().
  std::span<const float> row(int64_t i) const;

  /// Appends n x D rows. Throws Error for a value that is not finite.
  void add(MatView<const float> rows);
  /// Per query (n x D) its min(k, size()) most similar rows, best first; ties to the earlier row.
  /// Exact: candidates are found in f32, inner products are computed again in double, and the
  /// search goes deeper until f32's rounding cannot have hidden a better row. So the result
  /// depends neither on the batch nor on the threads. Throws Error for queries of another width
  /// and for one that is not finite.
  std::vector<std::vector<Neighbour>> search(MatView<const float> queries, int64_t k) const;

  /// Writes FAISS's format (IndexFlatIP), atomically.
  void save(const std::filesystem::path& file) const;
  /// Throws Error naming the file where it is anything else, cut, or holds values not finite.
  static Index load(const std::filesystem::path& file);

 private:
  struct Search;
  void note_norms(MatView<const float> rows, const std::string& place);
  int64_t dimension_ = 0;
  std::unique_ptr<Flat> flat_;
  double longest_ = 0;  // largest norm of a row, for the bound on rounding
};

}  // namespace relatum::retrieve
