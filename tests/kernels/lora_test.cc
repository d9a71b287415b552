// Holds the thin products to the scalar product, over tails of every kind, and masks to dropout().
#include "kernels/lora.h"

#include <gtest/gtest.h>

#include "kernels/cpu.h"
#include "kernels/ref/gemm.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;
using Twin = ref::GemmTwin<Running>;

struct Case {
  int64_t rows, cols, rank;
};

const std::vector<Case> kCases = {
    {1, 1, 2},     {3, 31, 2}, {4, 32, 4}, {5, 33, 6},    {9, 64, 16},  {17, 47, 18}, {40, 100, 48},
    {2, 576, 130}, {1, 1, 1},  {9, 40, 3}, {17, 33, 171}, {5, 64, 511}, {9, 47, 513}, {3, 40, 768}};

// Random masks of `rows` x `cols` and what they say.
struct Masks {
  Masks(int64_t rows, int64_t cols) : stride(kept_words(cols) + 1), words(size_t(rows * stride)) {
    for (int64_t r = 0; r < rows; ++r) keys.push_back(uint64_t(r) * 977 + 5);
    dropout_bits(mask(), cols, bits());
  }
  DropoutMask mask() const { return {keys, 11, 0.3f}; }
  KeptBits bits() { return {words.data(), stride}; }
  bool keeps(int64_t r, int64_t c) const {
    return words[size_t(r * stride + c / 32)] >> (c % 32) & 1;
  }
  int64_t stride;
  std::vector<uint32_t> words;
  std::vector<uint64_t> keys;
};

template <class T>
ref::Rows<Running> rows_of(const Gapped<T>& x, const Masks* masks = nullptr) {
  ref::Rows<Running> rows;
  for (int64_t r = 0; r < x.rows(); ++r) {
    rows.push_back(x.template row<Running>(r));
    for (int64_t c = 0; masks && c < x.cols(); ++c) {
      if (!masks->keeps(r, c)) rows.back()[size_t(c)] = Running(0.0);
    }
  }
  return rows;
}

ref::Rows<Running> turned(const ref::Rows<Running>& rows) {
  ref::Rows<Running> result(rows[0].size());
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) result[c].push_back(row[c]);
  }
  return result;
}

template <class T>
void expect_rows(const Gapped<T>& got, const ref::Rows<Running>& want, const std::string& what) {
  EXPECT_TRUE(got.gaps_kept()) << what;
  for (int64_t r = 0; r < got.rows(); ++r) expect_row_close(got, r, 0, want[size_t(r)], what);
}

std::string name_of(const Case& c, bool masked) {
  return std::to_string(c.rows) + " x " + std::to_string(c.cols) + ", rank " +
         std::to_string(c.rank) + (masked ? ", masked" : "");
}

// Runs the check for each case with and without masks, where the CPU has the products.
void for_all(const std::function<void(const Case&, Masks*, const std::string&)>& check) {
  if (!has_lora_kernels(2)) GTEST_SKIP() << "no products of bf16 here";
  for (const Case& c : kCases) {
    Masks masks(c.rows, c.cols);
    check(c, nullptr, name_of(c, false));
    check(c, &masks, name_of(c, true));
  }
}

KeptBits bits_of(Masks* masks) { return masks ? masks->bits() : KeptBits{}; }

TEST(LoraKernels, DownIsTheProductWithTheTransposedFactor) {
  for_all([](const Case& c, Masks* masks, const std::string& name) {
    Gapped<bf16> x = Gapped<bf16>::random(c.rows, c.cols, 1),
                 factor = Gapped<bf16>::random(c.rank, c.cols, 2), low(c.rows, c.rank);
    lora_down(x.view(), bits_of(masks), factor.view(), 0.75f, low.view());
    const Twin twin{rows_of(x, masks), turned(rows_of(factor)), 0.75};
    expect_rows(low, ref::gemm(twin, size_t(c.rows), size_t(c.rank)), name);
  });
}

template <class T>
void expect_up(const Case& c, Masks* masks, const std::string& name) {
  Gapped<bf16> low = Gapped<bf16>::random(c.rows, c.rank, 3),
               factor = Gapped<bf16>::random(c.rank, c.cols, 4);
  Gapped<T> y = Gapped<T>::random(c.rows, c.cols, 5);
  ref::Rows<Running> want = rows_of(y);
  const ref::Rows<Running> lows = rows_of(low), factors = rows_of(factor);
  // A y in bf16 is stored behind each 512 ranks.
  for (int64_t begin = 0; begin < c.rank; begin += 512) {
    const int64_t end = std::min<int64_t>(c.rank, begin + 512);
    Twin twin{{}, {factors.begin() + begin, factors.begin() + end}, 1.5, std::move(want)};
    for (const auto& row : lows) twin.a.emplace_back(row.begin() + begin, row.begin() + end);
    want = ref::gemm(twin, size_t(c.rows), size_t(c.cols));
    if (end == c.rank) break;  // this one is the stored result itself
    for (auto& row : want) {
      for (Running& value : row) value = stored(value, DTypeOf<T>::value);
    }
  }
  for (int64_t r = 0; masks && r < c.rows; ++r) {
    for (int64_t i = 0; i < c.cols; ++i) {
      if (!masks->keeps(r, i)) want[size_t(r)][size_t(i)] = Running(y.get(r, i));
    }
  }
  lora_up(low.view(), factor.view(), 1.5f, bits_of(masks), y.view());
  expect_rows(y, want, name);
}

TEST(LoraKernels, UpAddsTheProductWhereKept) {
  for_all([](const Case& c, Masks* masks, const std::string& name) {
    expect_up<float>(c, masks, name + ", f32");
    expect_up<bf16>(c, masks, name + ", bf16");
  });
}

TEST(LoraKernels, GradientAddsTheSumOverRows) {
  for_all([](const Case& c, Masks* masks, const std::string& name) {
    Gapped<bf16> low = Gapped<bf16>::random(c.rows, c.rank, 6),
                 x = Gapped<bf16>::random(c.rows, c.cols, 7);
    Gapped<float> gradient = Gapped<float>::random(c.rank, c.cols, 8);
    const Twin twin{turned(rows_of(low)), rows_of(x, masks), 0.5, rows_of(gradient)};
    const auto want = ref::gemm(twin, size_t(c.rank), size_t(c.cols));
    std::vector<uint32_t> pairs(size_t((c.rows + 1) / 2 * c.rank));
    lora_gradient(low.view(), x.view(), bits_of(masks), 0.5f, pairs.data(), gradient.view());
    expect_rows(gradient, want, name);
  });
}

// What serves one rank serves all that an adapter may have, three parts side by side too.
TEST(LoraKernels, NoRankTakesTheGeneralProductsAlone) {
  for (int64_t rank = 1; rank <= 3 * 4096; ++rank) {
    ASSERT_EQ(has_lora_kernels(rank), has_lora_kernels(16)) << rank;
  }
  EXPECT_EQ(has_lora_kernels(16), has_fast_bf16());
}

TEST(LoraKernels, BitsAreTheMasksOfDropout) {
  for (const int64_t cols : {1, 32, 45, 200}) {
    const Masks masks(7, cols);
    Gapped<float> ones(7, cols, 0), dropped(7, cols, 0);
    for (int64_t i = 0; i < 7 * cols; ++i) ones.at(i / cols, i % cols) = 1;
    dropout(ones.view(), masks.mask(), false, dropped.view());
    for (int64_t i = 0; i < 7 * cols; ++i) {
      EXPECT_EQ(masks.keeps(i / cols, i % cols), dropped.get(i / cols, i % cols) > 0);
    }
  }
}

}  // namespace
}  // namespace relatum::testing
