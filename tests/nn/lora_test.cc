// Holds adapters to merged weights, and their dropout to what training relies on.
#include "nn/lora.h"

#include <gtest/gtest.h>

#include "nn/linear_problem.h"

namespace relatum::testing {
namespace {

// Adapters on one or both parts, with factors of random values.
template <class T>
struct Adapter {
  explicit Adapter(std::vector<size_t> adapted) {
    int64_t ranks = 0;
    for (const size_t part : adapted) {
      const int64_t rank = 3 + int64_t(part);
      group.parts.push_back({part ? kOuts[0] : 0, kOuts[part], ranks, rank, 0.5f + float(part)});
      b.push_back(Gapped<T>::random(rank, kOuts[part], 60 + part, 1, 0));
      b_grad.push_back(Gapped<float>::random(rank, kOuts[part], 70 + part, 1, 0));
      ranks += rank;
    }
    a = Gapped<T>::random(ranks, kIn, 80, 1, 0);
    a_grad = Gapped<float>::random(ranks, kIn, 81, 1, 0);
    group.a = a.view();
    group.a_grad = a_grad.view();
    for (size_t i = 0; i < adapted.size(); ++i) {
      group.parts[i].b = b[i].view();
      group.parts[i].b_grad = b_grad[i].view();
    }
  }
  Gapped<T> a{0, 0};
  Gapped<float> a_grad{0, 0};
  std::vector<Gapped<T>> b;
  std::vector<Gapped<float>> b_grad;
  nn::LoraGroup group;
};

// W + scale * (A^T B)^T of each part, exactly: what the layer with its adapter multiplies by.
Rows<Running> merged(const Linear& layer, const Adapter<float>& adapter) {
  Rows<Running> w = decoded(layer);
  for (size_t p = 0; p < adapter.group.parts.size(); ++p) {
    const nn::LoraPart& part = adapter.group.parts[p];
    for (int64_t o = 0; o < part.out_count; ++o) {
      for (int64_t i = 0; i < kIn; ++i) {
        kernels::ref::Sum<Running> sum;
        for (int64_t r = 0; r < part.rank; ++r) {
          sum.add(Running(adapter.b[p].get(r, o)) * Running(adapter.a.get(part.rank_begin + r, i)));
        }
        w[size_t(part.out_begin + o)][size_t(i)] += sum.total() * Running(double(part.scale));
      }
    }
  }
  return w;
}

class Adapted : public ::testing::TestWithParam<std::vector<size_t>> {
 protected:
  void SetUp() override {
    layer_.prepare(DType::kF32, true);
    set_.add(layer_, &adapter_.group);
  }
  nn::AdapterUse use() const { return {&set_}; }
  Linear layer_ = make_linear("f32", true);
  Adapter<float> adapter_{GetParam()};
  nn::LoraSet set_;
};

// The adapter's way of computing has sums of its own, so both sides' bounds count.
void expect_both(Mat got, const Rows<Running>& want, const std::string& what) {
  Rows<Running> doubled = want;
  for (auto& row : doubled) {
    for (Running& value : row) value.error *= 2;
  }
  expect_rows<float>(got, doubled, what);
}

TEST_P(Adapted, IsTheMergedWeight) {
  Pass<float> pass(layer_, false, use());
  pass.backward();
  const Rows<Running> w = merged(layer_, adapter_);
  kernels::ref::GemmTwin<Running> forward{rows_of(pass.x), transposed(w)}, back;
  for (const float b : layer_.bias()) forward.bias.emplace_back(double(b));
  expect_both(pass.graph.value(pass.y), kernels::ref::gemm(forward, kRows, kOut), "y");
  back.a = rows_of(pass.dy);
  back.b = w;
  expect_both(pass.graph.grad(pass.in), kernels::ref::gemm(back, kRows, kIn), "dx");
}

TEST_P(Adapted, GradientsOfTheFactorsAreAddedToWhatIsThere) {
  const auto a_before = rows_of(adapter_.a_grad);
  std::vector<Rows<Running>> b_before;
  for (const auto& grad : adapter_.b_grad) b_before.push_back(rows_of(grad));
  Pass<float> pass(layer_, false, use());
  pass.backward();
  // With M = s x^T dy of a part (K x N): dA = B M^T, dB = A M.
  for (size_t p = 0; p < adapter_.group.parts.size(); ++p) {
    const nn::LoraPart& part = adapter_.group.parts[p];
    Rows<Running> dy;
    for (int64_t r = 0; r < kRows; ++r) {
      dy.push_back(pass.dy.row<Running>(r, part.out_begin, part.out_count));
    }
    kernels::ref::GemmTwin<Running> outer{transposed(rows_of(pass.x)), dy, double(part.scale)};
    const Rows<Running> m = kernels::ref::gemm(outer, kIn, size_t(part.out_count));
    Rows<Running> a, a_old;
    for (int64_t r = 0; r < part.rank; ++r) {
      a.push_back(adapter_.a.row<Running>(part.rank_begin + r));
      a_old.push_back(a_before[size_t(part.rank_begin + r)]);
    }
    const kernels::ref::GemmTwin<Running> da{rows_of(adapter_.b[p]), transposed(m), 1, a_old},
        db{a, m, 1, b_before[p]};
    expect_both(Mat(adapter_.a_grad.view()).rows_from(part.rank_begin, part.rank),
                kernels::ref::gemm(da, size_t(part.rank), kIn), "dA");
    expect_both(adapter_.b_grad[p].view(),
                kernels::ref::gemm(db, size_t(part.rank), size_t(part.out_count)), "dB");
  }
}

TEST_P(Adapted, WithoutGradientPlacesTheAdapterIsFrozen) {
  const Pass<float> trained(layer_, false, use());
  for (nn::LoraPart& part : adapter_.group.parts) part.b_grad = {};
  adapter_.group.a_grad = {};
  const auto a_before = rows_of(adapter_.a_grad);
  Pass<float> frozen(layer_, false, use());
  frozen.backward();
  const Mat y = frozen.graph.value(frozen.y);
  EXPECT_EQ(std::memcmp(y.data, trained.graph.value(trained.y).data,
                        size_t(kRows * kOut) * sizeof(float)),
            0);
  for (size_t r = 0; r < a_before.size(); ++r) {
    EXPECT_EQ(adapter_.a_grad.get(int64_t(r), 0), a_before[r][0].value);
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, Adapted,
                         ::testing::Values(std::vector<size_t>{0}, std::vector<size_t>{1},
                                           std::vector<size_t>{0, 1}));

// Dropout touches the adapter's input alone.
class DroppedOut : public ::testing::Test {
 protected:
  void SetUp() override {
    layer_.prepare(DType::kF32, true);
    set_.add(layer_, &adapter_.group);
    adapter_.group.dropout = 0.5f;
    adapter_.group.salt = 11;
    for (uint64_t i = 0; i < kRows; ++i) keys_.push_back(mix64(i));
  }
  std::vector<float> run(uint64_t step_salt, bool adapted = true) {
    Pass<float> pass(layer_, false, {adapted ? &set_ : nullptr, keys_, step_salt});
    const float* y = pass.graph.value(pass.y).as<float>().data;
    return {y, y + kRows * kOut};
  }
  Linear layer_ = make_linear("f32", false);
  Adapter<float> adapter_{{0}};
  nn::LoraSet set_;
  std::vector<uint64_t> keys_;
};

TEST_F(DroppedOut, IsReproducibleAndChangesWithEachSalt) {
  const auto first = run(1);
  EXPECT_EQ(first, run(1));
  EXPECT_NE(first, run(2));
  adapter_.group.salt = 12;
  EXPECT_NE(first, run(1));
}

TEST_F(DroppedOut, LeavesTheFrozenPartAlone) {
  const auto dropped = run(1);
  const auto base = run(1, false);
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t c = kOuts[0]; c < kOut; ++c) {
      EXPECT_EQ(dropped[size_t(r * kOut + c)], base[size_t(r * kOut + c)]);
    }
  }
}

// With the mask fixed and no bias, y is linear in x and in each factor, so the gradients must
// give back what they came from: <dx, x> = <dy, y>, and <dA, A> = <dB, B> = <dy, y of the pair>.
TEST_F(DroppedOut, GradientsSeeTheSameMask) {
  adapter_.a_grad = Gapped<float>::random(3, kIn, 0, 0, 0);
  adapter_.b_grad[0] = Gapped<float>::random(3, kOuts[0], 0, 0, 0);
  adapter_.group.a_grad = adapter_.a_grad.view();
  adapter_.group.parts[0].b_grad = adapter_.b_grad[0].view();
  const auto y = run(1);
  const auto base = run(1, false);
  Pass<float> pass(layer_, false, {&set_, keys_, 1});
  pass.backward();
  double whole = 0, pair = 0, dx = 0, da = 0, db = 0, size = 0;
  for (int64_t i = 0; i < kRows * kOut; ++i) {
    const double dy = pass.dy.get(i / kOut, i % kOut);
    whole += dy * double(y[size_t(i)]);
    pair += dy * (double(y[size_t(i)]) - double(base[size_t(i)]));
    size += std::abs(dy * double(y[size_t(i)]));
  }
  for (int64_t i = 0; i < kRows * kIn; ++i) {
    dx += double(pass.graph.grad(pass.in).as<float>().data[i]) * pass.x.get(i / kIn, i % kIn);
  }
  for (int64_t i = 0; i < 3 * kIn; ++i) {
    da += adapter_.a_grad.get(i / kIn, i % kIn) * adapter_.a.get(i / kIn, i % kIn);
  }
  for (int64_t i = 0; i < 3 * kOuts[0]; ++i) {
    const int64_t r = i / kOuts[0], c = i % kOuts[0];
    db += adapter_.b_grad[0].get(r, c) * adapter_.b[0].get(r, c);
  }
  const double bound = rounding_bound(kIn + kOut + kRows) * size;
  EXPECT_NEAR(dx, whole, bound);
  EXPECT_NEAR(da, pair, bound);
  EXPECT_NEAR(db, pair, bound);
  EXPECT_GT(std::abs(pair), 100 * bound);  // or the test would say nothing
}

TEST_F(DroppedOut, WithoutKeysNothingIsDropped) {
  keys_.clear();
  const auto without = run(1);
  adapter_.group.dropout = 0;
  EXPECT_EQ(without, run(1));
}

TEST_F(DroppedOut, ItsMeanOverManySaltsIsTheWholeAdapter) {
  constexpr int kSalts = 2000;
  std::vector<double> mean(size_t(kRows * kOut)), square(mean);
  for (uint64_t salt = 0; salt < kSalts; ++salt) {
    const auto y = run(salt);
    for (size_t i = 0; i < y.size(); ++i) {
      mean[i] += double(y[i]) / kSalts;
      square[i] += double(y[i]) * double(y[i]) / kSalts;
    }
  }
  adapter_.group.dropout = 0;
  const auto whole = run(0);
  for (size_t i = 0; i < whole.size(); ++i) {
    // Five standard errors of the mean: once in two million, and the salts are fixed.
    const double error = std::sqrt(std::max(0.0, square[i] - mean[i] * mean[i]) / kSalts);
    const double rounding = rounding_bound(kIn) * std::abs(double(whole[i])) * kIn;
    EXPECT_NEAR(mean[i], double(whole[i]), 5 * error + rounding) << i;
  }
}

}  // namespace
}  // namespace relatum::testing
