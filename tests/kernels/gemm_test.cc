// Holds gemm to its scalar twin over shapes, layouts, types and everything that can be added.
#include "kernels/gemm.h"

#include <gtest/gtest.h>

#include "base/parallel_for.h"
#include "kernels/cpu.h"
#include "kernels/ref/gemm.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

struct Shape {
  int64_t m, n, k;
};

struct Extras {
  bool transpose_a = false, transpose_b = false, accumulate = false, add = false, bias = false;
  float alpha = 1.0f;
  bool packed = false;
};

// A product with memory of its own: In for a and b, Out for c.
template <class In, class Out>
class Product {
 public:
  Product(const Shape& s, const Extras& e)
      : shape_(s), extras_(e),
        a_(e.transpose_a ? Gapped<In>::random(s.k, s.m, 1) : Gapped<In>::random(s.m, s.k, 1)),
        b_(e.transpose_b ? Gapped<In>::random(s.n, s.k, 2) : Gapped<In>::random(s.k, s.n, 2)),
        c_(Gapped<Out>::random(s.m, s.n, 3, 1, 5)), before_(c_),
        add_(Gapped<float>::random(s.m, s.n, 4, 1, 7)), bias_(Gapped<float>::random(1, s.n, 5)) {}

  void run() {
    GemmArgs args{.a = a_.view(),
                  .b = b_.view(),
                  .c = c_.view(),
                  .transpose_a = extras_.transpose_a,
                  .transpose_b = extras_.transpose_b,
                  .accumulate = extras_.accumulate,
                  .alpha = extras_.alpha};
    if (extras_.add) args.add = add_.view();
    if (extras_.bias) args.bias = bias_.view();
    PackedMatrix packed;
    if (extras_.packed) {
      packed = PackedMatrix(b_.view(), extras_.transpose_b);
      args.packed = &packed;
      args.b = {};
    }
    gemm(args);
  }

  void expect_twin(const std::string& name) const {
    ref::GemmTwin<Running> twin;
    twin.alpha = double(extras_.alpha);
    for (int64_t i = 0; i < shape_.m; ++i) {
      twin.a.push_back(extras_.transpose_a ? column(a_, i) : a_.template row<Running>(i));
      if (extras_.accumulate) twin.c.push_back(before_.template row<Running>(i));
      if (extras_.add) twin.add.push_back(add_.template row<Running>(i));
    }
    for (int64_t k = 0; k < shape_.k; ++k) {
      twin.b.push_back(extras_.transpose_b ? column(b_, k) : b_.template row<Running>(k));
    }
    if (extras_.bias) twin.bias = bias_.template row<Running>(0);
    const auto want = ref::gemm(twin, size_t(shape_.m), size_t(shape_.n));
    EXPECT_TRUE(c_.gaps_kept()) << name;
    for (int64_t i = 0; i < shape_.m; ++i) expect_row_close(c_, i, 0, want[size_t(i)], name);
  }

 private:
  static std::vector<Running> column(const Gapped<In>& x, int64_t c) {
    std::vector<Running> result;
    for (int64_t r = 0; r < x.rows(); ++r) result.emplace_back(x.get(r, c));
    return result;
  }
  Shape shape_;
  Extras extras_;
  Gapped<In> a_, b_;
  Gapped<Out> c_, before_;
  Gapped<float> add_, bias_;
};

template <class In, class Out>
void expect_product(const Shape& s, const Extras& e) {
  const std::string name = std::to_string(s.m) + " x " + std::to_string(s.n) + " x " +
                           std::to_string(s.k) + (e.transpose_a ? " a^T" : "") +
                           (e.transpose_b ? " b^T" : "") + (e.accumulate ? " +c" : "") +
                           (e.add ? " +add" : "") + (e.bias ? " +bias" : "") +
                           (e.alpha != 1 ? " alpha" : "") + (e.packed ? " packed" : "");
  Product<In, Out> product(s, e);
  product.run();
  product.expect_twin(name);
  if (e.packed || !s.n || !s.k) return;
  Extras packed = e;
  packed.packed = true;
  expect_product<In, Out>(s, packed);
}

// f32, and bf16 to both result types where the CPU has products of bf16. A residual (`add`)
// goes to f32 results only.
void expect_all_types(const Shape& s, const Extras& e) {
  expect_product<float, float>(s, e);
  if (!has_fast_bf16()) return;
  expect_product<bf16, float>(s, e);
  if (!e.add) expect_product<bf16, bf16>(s, e);
}

std::vector<Extras> all_extras() {
  std::vector<Extras> all;
  for (int bits = 0; bits < 32; ++bits) {
    all.push_back({(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0,
                   (bits & 16) != 0, bits % 3 == 0 ? 1.0f : 0.75f});
  }
  return all;
}

TEST(Gemm, EverythingThatCanBeAdded) {
  for (const Extras& extras : all_extras()) {
    for (const Shape& shape : {Shape{5, 19, 33}, Shape{1, 17, 8}, Shape{40, 1, 3}}) {
      expect_all_types(shape, extras);
    }
  }
}

TEST(Gemm, ShapesAroundTheVectorWidth) {
  for (int64_t size = 1; size <= 33; size += 2) {
    expect_all_types({size, 7, 5}, {.transpose_b = true});
    expect_all_types({4, size, 9}, {});
    expect_all_types({3, 6, size}, {.transpose_a = true, .accumulate = true});
  }
}

TEST(Gemm, ShapesOfRealModels) {
  expect_all_types({37, 192, 576}, {.transpose_b = true});
  expect_all_types({16, 576, 130}, {.transpose_a = true, .accumulate = true});  // an adapter's
}

TEST(Gemm, WithoutRowsOrColumnsNothingHappens) {
  for (const Extras& extras : all_extras()) {
    expect_all_types({0, 5, 3}, extras);
    expect_all_types({5, 0, 3}, extras);
  }
}

TEST(Gemm, WithoutInnerLengthTheProductIsZero) {
  for (const Extras& extras : all_extras()) expect_all_types({3, 5, 0}, extras);
}

TEST(Gemm, SpareRowsLetNearbyRowCountsShareAKernel) {
  constexpr int64_t kOut = 9, kIn = 21, kMost = 40;
  Gapped<float> a = Gapped<float>::random(kMost, kIn, 1, 1, 0), c(kMost, kOut, 0),
                b = Gapped<float>::random(kIn, kOut, 2);
  int64_t built = 0;
  for (int64_t rows = 33; rows <= kMost; ++rows) {
    ASSERT_EQ(rounded_rows(rows), kMost);
    const auto with_spare = [&](Gapped<float>& x) {
      Mat m = Mat(x.view()).rows_from(0, rows);
      m.spare = kMost - rows;
      return m;
    };
    gemm({.a = with_spare(a), .b = b.view(), .c = with_spare(c)});
    if (rows == 33) built = gemm_kernels_built();
    ref::GemmTwin<Running> twin;
    for (int64_t i = 0; i < rows; ++i) twin.a.push_back(a.row<Running>(i));
    for (int64_t k = 0; k < kIn; ++k) twin.b.push_back(b.row<Running>(k));
    const auto want = ref::gemm(twin, size_t(rows), size_t(kOut));
    for (int64_t i = 0; i < rows; ++i) expect_row_close(c, i, 0, want[size_t(i)], "with spare");
  }
  EXPECT_EQ(gemm_kernels_built(), built);
}

TEST(Gemm, ShapesThatDoNotFitAreRefused) {
  Gapped<float> a(2, 3), b(4, 5), c(2, 5);
  EXPECT_THROW(gemm({.a = a.view(), .b = b.view(), .c = c.view()}), Error);
  Gapped<float> fitting(3, 5), small(2, 4);
  EXPECT_THROW(gemm({.a = a.view(), .b = fitting.view(), .c = small.view()}), Error);
  Gapped<bf16> narrow(3, 5);
  EXPECT_THROW(gemm({.a = a.view(), .b = narrow.view(), .c = c.view()}), Error);
}

TEST(Gemm, ASecondCallBuildsNoKernel) {
  const Shape shape{11, 13, 17};
  Product<float, float> product(shape, {.alpha = 0.5f});
  product.run();
  const int64_t built = gemm_kernels_built();
  product.run();
  EXPECT_EQ(gemm_kernels_built(), built);
  product.expect_twin("second");
}

TEST(Gemm, OneThreadOrTwo) {
  const int threads = thread_count();
  for (const int count : {1, 2}) {
    set_thread_count(count);
    expect_all_types({70, 65, 64}, {.transpose_b = true, .add = true});
  }
  set_thread_count(threads);
}

}  // namespace
}  // namespace relatum::testing
