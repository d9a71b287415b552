// The search without FAISS finds what the one with it finds.
#include "retrieve/flat/flat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/rng.h"

namespace relatum::retrieve {
namespace {

std::vector<float> random_values(int64_t count, uint64_t stream) {
  const Rng rng(5, stream);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(float(rng.normal(uint64_t(i))));
  return values;
}

TEST(Flat, BothWaysFindTheSameCandidates) {
  constexpr int64_t kWidth = 24, kQueries = 70;
  for (const int64_t rows : {1, 9, 17000}) {  // fewer and more than a block of the plain one
    const auto stored = random_values(rows * kWidth, 1), queries = random_values(70 * kWidth, 2);
    const auto one = make_flat(kWidth), other = make_plain_flat(kWidth);
    for (Flat* flat : {one.get(), other.get()}) {
      flat->add(rows / 2, stored.data());
      flat->add(rows - rows / 2, stored.data() + rows / 2 * kWidth);
      ASSERT_EQ(flat->size(), rows);
      EXPECT_TRUE(std::equal(stored.begin(), stored.end(), flat->values()));
    }
    for (const int64_t wanted : {1, 7, 300}) {
      const int64_t depth = std::min(rows, wanted);
      const size_t count = size_t(kQueries * depth);
      std::vector<float> scores(count), others(count);
      std::vector<int64_t> found(count), others_found(count);
      one->candidates(kQueries, queries.data(), depth, scores.data(), found.data());
      other->candidates(kQueries, queries.data(), depth, others.data(), others_found.data());
      for (size_t i = 0; i < count; ++i) {
        // Sums of 24 products of normal numbers: Higham's bound, both sides off.
        const double norms = 24 * 6 * 6;
        EXPECT_NEAR(scores[i], others[i], 2 * 24 * 0x1.0p-24 * norms) << rows << ' ' << i;
      }
      int64_t same = 0;  // near ties may change places
      for (size_t i = 0; i < count; ++i) same += found[i] == others_found[i];
      EXPECT_GE(same, int64_t(count) - 4) << rows << ' ' << depth;
    }
  }
}

}  // namespace
}  // namespace relatum::retrieve
