// Holds the linear layer to plain products: fused parts, bias, residual, adapters, formats.
#include "nn/linear.h"

#include <gtest/gtest.h>

#include "kernels/cpu.h"
#include "kernels/ref/gemm.h"
#include "quant/format.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using nn::Graph;
using nn::Linear;
using nn::Var;
using kernels::ref::Rows;

constexpr int64_t kRows = 7, kIn = 64;
constexpr int64_t kOuts[] = {10, 33};  // two parts of one product
constexpr int64_t kOut = 43;

Weight weight_of(Gapped<float>& values, std::string_view format, const std::string& name) {
  return quant::encode(format, name, values.view());
}

// Both parts, from values that all formats hold exactly where `format` is f32 or bf16.
Linear make_linear(std::string_view format, bool with_bias) {
  std::vector<Linear::Part> parts;
  for (size_t p = 0; p < 2; ++p) {
    auto values = Gapped<bf16>::random(kOuts[p], kIn, 50 + p);
    Gapped<float> wide(kOuts[p], kIn, 0);
    for (int64_t i = 0; i < kOuts[p] * kIn; ++i) {
      wide.at(i / kIn, i % kIn) = float(values.get(i / kIn, i % kIn));
    }
    const std::string name = "part" + std::to_string(p);
    parts.push_back({name, weight_of(wide, format, name)});
  }
  std::vector<float> bias;
  for (int64_t i = 0; with_bias && i < kOut; ++i) bias.push_back(0.25f * float(i % 5) - 0.5f);
  return Linear(std::move(parts), std::move(bias));
}

// W as rows of twins, kOut x kIn, decoded from what is stored.
Rows<Running> decoded(const Linear& layer) {
  Rows<Running> rows;
  for (const Linear::Part& part : layer.parts()) {
    Gapped<float> values(part.weight.rows, kIn, 0);
    quant::decode_rows(part.weight, 0, values.view());
    for (int64_t r = 0; r < values.rows(); ++r) rows.push_back(values.row<Running>(r));
  }
  return rows;
}

template <class S>
Rows<S> transposed(const Rows<S>& x) {
  Rows<S> y(x.empty() ? 0 : x[0].size());
  for (const auto& row : x) {
    for (size_t c = 0; c < row.size(); ++c) y[c].push_back(row[c]);
  }
  return y;
}

template <class T>
Rows<Running> rows_of(const Gapped<T>& x) {
  Rows<Running> rows;
  for (int64_t r = 0; r < x.rows(); ++r) rows.push_back(x.template row<Running>(r));
  return rows;
}

template <class T>
void copy_into(const Gapped<T>& from, Mat to) {
  for (int64_t r = 0; r < to.rows; ++r) {
    for (int64_t c = 0; c < to.cols; ++c) put(to.as<T>().row(r)[c], from.get(r, c));
  }
}

template <class T>
void expect_rows(Mat got, const Rows<Running>& want, const std::string& what) {
  ASSERT_EQ(got.rows, int64_t(want.size())) << what;
  for (int64_t r = 0; r < got.rows; ++r) {
    for (int64_t c = 0; c < got.cols; ++c) {
      expect_close<T>(double(to_float(got.as<T>().row(r)[c])), want[size_t(r)][size_t(c)],
                      what + " at " + std::to_string(r) + ", " + std::to_string(c));
    }
  }
}

// One pass through the layer: y and, from dy, the gradients.
template <class T>
struct Pass {
  explicit Pass(const Linear& layer, bool with_residual = false,
                const nn::DropoutKeys& dropout = {})
      : graph(arena, DTypeOf<T>::value, true) {
    in = graph.create(DTypeOf<T>::value, kRows, kIn, true);
    copy_into(x, graph.value(in));
    if (with_residual) {
      above = graph.create(DType::kF32, kRows, kOut, true);
      copy_into(residual, graph.value(above));
      y = nn::linear_residual(graph, layer, in, above, dropout);
    } else {
      y = nn::linear(graph, layer, in, dropout);
    }
  }
  void backward() {
    const Mat grad = graph.allocate(graph.value(y).type, kRows, kOut);
    if (above) {
      copy_into(wide_dy, grad);
    } else {
      copy_into(dy, grad);
    }
    graph.set_grad(y, grad);
    graph.backward();
  }
  Gapped<T> x = Gapped<T>::random(kRows, kIn, 1), dy = Gapped<T>::random(kRows, kOut, 2);
  Gapped<float> residual = Gapped<float>::random(kRows, kOut, 3),
                wide_dy = Gapped<float>::random(kRows, kOut, 4);
  Arena arena;
  Graph graph;
  Var in, above, y;
};

template <class T>
class LinearLayer : public ::testing::Test {
 protected:
  void SetUp() override {
    if (DTypeOf<T>::value == DType::kBF16 && !kernels::has_fast_bf16()) {
      GTEST_SKIP() << "this CPU, or the set it is limited to, has no bf16 products";
    }
  }
};
using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(LinearLayer, Types);

TYPED_TEST(LinearLayer, IsTheProductOfItsDecodedWeights) {
  using T = TypeParam;
  for (const std::string_view format : {"f32", "bf16", "q8_0", "nf4"}) {
    for (const bool with_bias : {false, true}) {
      Linear layer = make_linear(format, with_bias);
      // Rounding the decoded weights to the compute type is no error of the product.
      if (DTypeOf<T>::value == DType::kBF16 && format != "f32" && format != "bf16") continue;
      layer.prepare(DTypeOf<T>::value, true);
      Pass<T> pass(layer);
      pass.backward();
      const Rows<Running> w = decoded(layer);
      kernels::ref::GemmTwin<Running> forward{rows_of(pass.x), transposed(w)}, back;
      for (const float b : layer.bias()) forward.bias.emplace_back(double(b));
      expect_rows<T>(pass.graph.value(pass.y), kernels::ref::gemm(forward, kRows, kOut), "y");
      back.a = rows_of(pass.dy);
      back.b = w;
      expect_rows<T>(pass.graph.grad(pass.in), kernels::ref::gemm(back, kRows, kIn), "dx");
    }
  }
}

TYPED_TEST(LinearLayer, DecodedForEachUseItGivesTheSameBits) {
  using T = TypeParam;
  for (const std::string_view format : {"f32", "q8_0", "nf4"}) {
    Linear layer = make_linear(format, true);
    layer.prepare(DTypeOf<T>::value, true);
    EXPECT_EQ(layer.resident_bytes(), size_t(kOut * kIn) * sizeof(T));
    Pass<T> resident(layer);
    resident.backward();
    layer.prepare(DTypeOf<T>::value, false);
    EXPECT_EQ(layer.resident_bytes(), 0u);
    Pass<T> lean(layer);
    lean.backward();
    const auto bytes = [](Mat m) { return size_t(m.rows * m.cols) * size_of(m.type); };
    const Mat y = resident.graph.value(resident.y), dx = resident.graph.grad(resident.in);
    EXPECT_EQ(std::memcmp(y.data, lean.graph.value(lean.y).data, bytes(y)), 0) << format;
    EXPECT_EQ(std::memcmp(dx.data, lean.graph.grad(lean.in).data, bytes(dx)), 0) << format;
  }
}

TYPED_TEST(LinearLayer, ResidualIsAddedInF32AndItsGradientHandedThrough) {
  using T = TypeParam;
  Linear layer = make_linear("bf16", false);
  layer.prepare(DTypeOf<T>::value, true);
  Pass<T> pass(layer, true);
  kernels::ref::GemmTwin<Running> twin{rows_of(pass.x), transposed(decoded(layer))};
  twin.add = rows_of(pass.residual);
  ASSERT_EQ(pass.graph.value(pass.y).type, DType::kF32);
  expect_rows<float>(pass.graph.value(pass.y), kernels::ref::gemm(twin, kRows, kOut), "y");
  pass.backward();
  EXPECT_EQ(pass.graph.grad(pass.above).data, pass.graph.grad(pass.y).data);
}

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
          sum.add(Running(adapter.b[p].get(r, o)) *
                  Running(adapter.a.get(part.rank_begin + r, i)));
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
    layer_.seat(&adapter_.group);
  }
  Linear layer_ = make_linear("f32", true);
  Adapter<float> adapter_{GetParam()};
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
  Pass<float> pass(layer_);
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
  Pass<float> pass(layer_);
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
  const Pass<float> trained(layer_);
  for (nn::LoraPart& part : adapter_.group.parts) part.b_grad = {};
  adapter_.group.a_grad = {};
  const auto a_before = rows_of(adapter_.a_grad);
  Pass<float> frozen(layer_);
  frozen.backward();
  const Mat y = frozen.graph.value(frozen.y);
  EXPECT_EQ(std::memcmp(y.data, trained.graph.value(trained.y).data,
                        size_t(kRows * kOut) * sizeof(float)), 0);
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
    layer_.seat(&adapter_.group);
    adapter_.group.dropout = 0.5f;
    adapter_.group.salt = 11;
    for (uint64_t i = 0; i < kRows; ++i) keys_.push_back(mix64(i));
  }
  std::vector<float> run(uint64_t step_salt) {
    Pass<float> pass(layer_, false, {keys_, step_salt});
    const float* y = pass.graph.value(pass.y).as<float>().data;
    return {y, y + kRows * kOut};
  }
  Linear layer_ = make_linear("f32", false);
  Adapter<float> adapter_{{0}};
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
  layer_.seat(nullptr);
  const auto base = run(1);
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t c = kOuts[0]; c < kOut; ++c) {
      EXPECT_EQ(dropped[size_t(r * kOut + c)], base[size_t(r * kOut + c)]);
    }
  }
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

TEST(LinearLayers, PartsOfDifferentInputsAreRefused) {
  auto narrow = Gapped<float>::random(4, 32, 1, 1, 0), wide = Gapped<float>::random(4, 64, 1, 1, 0);
  std::vector<Linear::Part> parts{{"a", weight_of(narrow, "f32", "a")},
                                  {"b", weight_of(wide, "f32", "b")}};
  EXPECT_THROW(Linear{std::move(parts)}, Error);
}

}  // namespace
}  // namespace relatum::testing
