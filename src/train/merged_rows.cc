// Row by row: what the pairs add, then the sum.
#include "train/merged_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/parallel_for.h"

namespace relatum::train {
namespace {

void set_norm(float* row, int64_t count, float norm) {
  double squares = 0;
  for (int64_t c = 0; c < count; ++c) squares += double(row[c]) * double(row[c]);
  const auto factor = float(double(norm) / std::sqrt(squares));
  for (int64_t c = 0; c < count; ++c) row[c] *= factor;
}

}  // namespace

void merge_rows(const Adapter& adapter, const AdapterModule& module, int64_t begin,
                MatView<float> rows) {
  RELATUM_CHECK(rows.cols == module.in && begin >= 0 && begin + rows.rows <= module.out);
  RELATUM_CHECK(adapter.removed().empty());  // its pairs alone would not be what it computes
  const MatView<const float> a = adapter.a(module), b = adapter.b(module);
  constexpr int64_t kGrain = 4;  // rows that are worth a thread
  const bool scaled = module.m_offset >= 0;
  const float* magnitudes = scaled ? adapter.magnitudes(module).data : nullptr;
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
      if (scaled) set_norm(row, rows.cols, magnitudes[begin + i]);
    }
  });
}

}  // namespace relatum::train
