// Stored vectors, and candidates for those that are most similar to a query.
#pragma once

#include <cstdint>
#include <memory>

namespace relatum::retrieve {

/// Rows of D floats. What the candidates' scores are worth is for the caller to bound: they are
/// inner products summed in f32, in any order.
class Flat {
 public:
  virtual ~Flat() = default;
  virtual int64_t size() const = 0;
  /// size() x D, row after row.
  virtual const float* values() const = 0;
  virtual void add(int64_t rows, const float* values) = 0;
  /// Per query (n x D) the `depth` <= size() rows of the largest inner products, largest first:
  /// scores and row numbers, n x depth each.
  virtual void candidates(int64_t n, const float* queries, int64_t depth, float* scores,
                          int64_t* rows) const = 0;
};

/// FAISS's IndexFlatIP where Relatum was built with FAISS, else make_plain_flat().
std::unique_ptr<Flat> make_flat(int64_t dimension);
/// The same by our own products, for systems that have no package of FAISS (Ubuntu 24.04).
std::unique_ptr<Flat> make_plain_flat(int64_t dimension);

}  // namespace relatum::retrieve
