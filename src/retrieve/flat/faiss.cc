// Candidates from FAISS.
#include <faiss/IndexFlat.h>

#include "base/signals.h"
#include "retrieve/flat/flat.h"

namespace relatum::retrieve {
namespace {

class FaissFlat : public Flat {
 public:
  explicit FaissFlat(int64_t dimension) : index_(dimension) {}
  int64_t size() const override { return index_.ntotal; }
  const float* values() const override { return index_.get_xb(); }
  void add(int64_t rows, const float* values) override { index_.add(rows, values); }
  void candidates(int64_t n, const float* queries, int64_t depth, float* scores,
                  int64_t* rows) const override {
    const SignalsHeld held;
    index_.search(n, queries, depth, scores, rows);
  }

 private:
  faiss::IndexFlatIP index_;
};

}  // namespace

std::unique_ptr<Flat> make_flat(int64_t dimension) {
  return std::make_unique<FaissFlat>(dimension);
}

}  // namespace relatum::retrieve
