// Row by row: what the pairs add, then the sum.
#include "train/merged_rows.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/parallel_for.h"

namespace relatum::train {

void merge_rows(const Adapter& adapter, const AdapterModule& module, int64_t begin,
                MatView<float> rows) {
  RELATUM_CHECK(rows.cols == module.in && begin >= 0 && begin + rows.rows <= module.out);
  const MatView<const float> a = adapter.a(module), b = adapter.b(module);
  constexpr int64_t kGrain = 4;  // rows that are worth a thread
  parallel_for(rows.rows, kGrain, [&](int64_t first, int64_t end) {
    std::vector<float> buffer(size_t(rows.cols));
    float* added = buffer.data();
    for (int64_t i = first; i < end; ++i) {
      std::fill(buffer.begin(), buffer.end(), 0.0f);
      for (int64_t r = 0; r < module.rank; ++r) {
        const float factor = module.scale * b.row(r)[begin + i];
        const float* from = a.row(r);
#pragma omp simd
        for (int64_t c = 0; c < rows.cols; ++c) added[c] += factor * from[c];
      }
      float* row = rows.row(i);
      for (int64_t c = 0; c < rows.cols; ++c) row[c] += added[c];
    }
  });
}

}  // namespace relatum::train
