// Holds the dropout masks to what training relies on: reproducible, unbiased, independent.
#include <gtest/gtest.h>

#include <cmath>

#include "support/isa.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

constexpr float kP = 0.25f;  // its scale, 4/3, is not exact: values below are compared to it
constexpr int64_t kLength = 4096;

std::vector<bool> mask_of(const Table& table, uint64_t key, float p = kP, int64_t n = kLength) {
  std::vector<float> ones(size_t(n), 1.0f), y(ones);
  table.f32.dropout(ones.data(), y.data(), key, p, n);
  std::vector<bool> kept;
  for (const float value : y) {
    EXPECT_TRUE(value == 0.0f || value == 1.0f / (1.0f - p)) << value;
    kept.push_back(value != 0.0f);
  }
  return kept;
}

double share(const std::vector<bool>& mask) {
  return double(std::count(mask.begin(), mask.end(), true)) / double(mask.size());
}

// Five standard deviations of a share of n coin tosses: fails once in two million masks, and the
// masks are fixed.
double spread(double p, int64_t n) { return 5 * std::sqrt(p * (1 - p) / double(n)); }

TEST(DropoutMask, IsTheSameOnEachInstructionSetAndType) {
  for (const NamedTable& named : tables()) {
    for (const int64_t n : lengths()) {
      auto x = Gapped<bf16>::random(1, n, 3);
      Gapped<bf16> y(1, n), sum(1, n);
      named.table->b16.dropout(x.view().data, y.view().data, 99, kP, n);
      const auto mask = mask_of(*tables()[0].table, 99, kP, n);
      EXPECT_TRUE(y.gaps_kept());
      for (int64_t i = 0; i < n; ++i) {
        EXPECT_EQ(y.get(0, i) != 0, mask[size_t(i)] && x.get(0, i) != 0) << named.name << i;
      }
    }
    EXPECT_EQ(mask_of(*named.table, 1234), mask_of(*tables()[0].table, 1234)) << named.name;
  }
}

TEST(DropoutMask, KeepsTheRightShareWhateverTheKey) {
  for (const float p : {0.05f, 0.25f, 0.5f, 0.9f}) {
    for (uint64_t key = 0; key < 32; ++key) {
      const double kept = share(mask_of(table(), key * 0x10001, p));
      EXPECT_NEAR(kept, 1 - double(p), spread(double(p), kLength)) << p << " key " << key;
    }
  }
}

TEST(DropoutMask, KeepsEachColumnEquallyOften) {
  constexpr int kKeys = 2000;
  std::vector<int> kept(64);
  for (uint64_t key = 0; key < kKeys; ++key) {
    const auto mask = mask_of(table(), mix64(key), kP, 64);
    for (size_t i = 0; i < kept.size(); ++i) kept[i] += int(mask[i]);
  }
  for (const int count : kept) {
    EXPECT_NEAR(double(count) / kKeys, 1 - double(kP), spread(double(kP), kKeys));
  }
}

// Two masks agree where both keep or both drop: p^2 + (1-p)^2 of the places if independent.
void expect_independent(const std::vector<bool>& a, const std::vector<bool>& b,
                        const std::string& what) {
  int64_t agree = 0;
  for (size_t i = 0; i < a.size(); ++i) agree += a[i] == b[i];
  const double p = double(kP), expected = p * p + (1 - p) * (1 - p);
  EXPECT_NEAR(double(agree) / double(a.size()), expected, spread(expected, int64_t(a.size())))
      << what;
}

TEST(DropoutMask, OfDifferentKeysAreIndependent) {
  for (uint64_t i = 0; i < 64; ++i) {
    const uint64_t key = mix64(i + 1);
    const auto mask = mask_of(table(), key);
    const uint64_t top = uint64_t{1} << 63;
    for (const uint64_t other : {key + 1, key ^ top, key ^ 0x9e3779b9, mix64(key)}) {
      expect_independent(mask, mask_of(table(), other), "key " + std::to_string(i));
    }
  }
}

TEST(DropoutMask, OfNeighbouringColumnsAreIndependent) {
  for (uint64_t key = 0; key < 16; ++key) {
    const auto mask = mask_of(table(), mix64(key));
    for (const size_t shift : {1, 2, 3, 16, 64}) {
      const std::vector<bool> a(mask.begin(), mask.end() - std::ptrdiff_t(shift));
      const std::vector<bool> b(mask.begin() + std::ptrdiff_t(shift), mask.end());
      expect_independent(a, b, "shift " + std::to_string(shift));
    }
  }
}

TEST(DropoutMask, AddingUsesTheSameMask) {
  for (const NamedTable& named : tables()) {
    auto x = Gapped<float>::random(1, 100, 1), base = Gapped<float>::random(1, 100, 2);
    Gapped<float> y(1, 100);
    auto sum = base;
    named.table->f32.dropout(x.view().data, y.view().data, 5, kP, 100);
    named.table->f32.dropout_add(x.view().data, sum.view().data, 5, kP, 100);
    EXPECT_TRUE(sum.gaps_kept());
    for (int64_t i = 0; i < 100; ++i) {
      const Running want = Running(y.get(0, i)) + Running(base.get(0, i));
      // The product may be fused with the addition: one rounding of it more or less.
      const double fused = Running::rounding(y.get(0, i));
      EXPECT_LE(std::abs(sum.get(0, i) - want.value), want.error + fused);
    }
  }
}

TEST(DropoutMask, OfZeroKeepsAll) { EXPECT_EQ(share(mask_of(table(), 7, 0.0f)), 1.0); }

}  // namespace
}  // namespace relatum::testing
