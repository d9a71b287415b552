// Holds magnitudes to their definition, with dropout and without: values, and gradients as
// differences of it.
#include "nn/dora.h"

#include <gtest/gtest.h>

#include <functional>

#include "kernels/cpu.h"
#include "kernels/rows.h"
#include "nn/linear_problem.h"
#include "support/tensors.h"

namespace relatum::testing {
namespace {

using Values = std::vector<double>;

// A pair on the second part alone, whose outputs have magnitudes; norms count as constants.
template <class T>
struct Scaled {
  static constexpr int64_t kRank = 4, kBegin = kOuts[0], kCount = kOuts[1];
  Scaled() {
    for (int64_t n = 0; n < kOut; ++n) {
      const bool own = n >= kBegin;
      scale.push_back(own ? 0.5f + 0.03f * float(n) : 1.0f);
      inverse.push_back(own ? 1.0f / (1.0f + 0.1f * float(n % 7)) : 0.0f);
    }
    group.a = a.view();
    group.a_grad = a_grad.view();
    group.parts.push_back({kBegin, kCount, 0, kRank, kPairScale, b.view(), b_grad.view()});
    group.parts[0].magnitude_grad = magnitude_grad.data();
    group.column_scale = scale;
    group.inverse_norm = inverse;
    group.salt = 5;
  }
  static constexpr float kPairScale = 0.75f;
  Gapped<T> a = Gapped<T>::random(kRank, kIn, 80, 1, 0),
            b = Gapped<T>::random(kRank, kCount, 81, 1, 0);
  Gapped<float> a_grad = Gapped<float>::random(kRank, kIn, 0, 0, 0),
                b_grad = Gapped<float>::random(kRank, kCount, 0, 0, 0);
  std::vector<float> scale, inverse, magnitude_grad = std::vector<float>(size_t(kCount), 0.0f);
  nn::LoraGroup group;
};

template <class T>
Values flat(const Gapped<T>& x) {
  Values all;
  for (int64_t r = 0; r < x.rows(); ++r) {
    for (int64_t c = 0; c < x.cols(); ++c) all.push_back(x.get(r, c));
  }
  return all;
}

// All numbers of the definition, at double.
struct Definition {
  Values x, a, b, mask, scale, weight, bias, add;

  Values y() const {
    Values dropped = x, result(size_t(kRows * kOut));
    for (size_t i = 0; i < x.size(); ++i) dropped[i] *= mask[i];
    constexpr int64_t kRank = Scaled<float>::kRank, kBegin = Scaled<float>::kBegin,
                      kCount = Scaled<float>::kCount;
    for (int64_t t = 0; t < kRows; ++t) {
      Values low(static_cast<size_t>(kRank));
      for (int64_t r = 0; r < kRank; ++r) {
        for (int64_t k = 0; k < kIn; ++k) {
          low[size_t(r)] += dropped[size_t(t * kIn + k)] * a[size_t(r * kIn + k)];
        }
      }
      for (int64_t n = 0; n < kOut; ++n) {
        double plain = 0, thinned = 0, pair = 0;
        for (int64_t k = 0; k < kIn; ++k) {
          plain += x[size_t(t * kIn + k)] * weight[size_t(n * kIn + k)];
          thinned += dropped[size_t(t * kIn + k)] * weight[size_t(n * kIn + k)];
        }
        for (int64_t r = 0; n >= kBegin && r < kRank; ++r) {
          pair += double(Scaled<float>::kPairScale) * low[size_t(r)] *
                  b[size_t(r * kCount + n - kBegin)];
        }
        const double c = scale[size_t(n)];
        result[size_t(t * kOut + n)] = plain + bias[size_t(n)] + add[size_t(t * kOut + n)] +
                                       (c - 1) * thinned + c * pair;
      }
    }
    return result;
  }
  // d(dy . y) / d(numbers): it is linear in each of them, so a difference is the derivative.
  Values gradient(Values Definition::*numbers, const Values& dy) {
    const auto value = [&] {
      const Values result = y();
      double sum = 0;
      for (size_t i = 0; i < dy.size(); ++i) sum += dy[i] * result[i];
      return sum;
    };
    const double here = value();
    Values all;
    for (double& number : this->*numbers) {
      number += 1;
      all.push_back(value() - here);
      number -= 1;
    }
    return all;
  }
};

double distance(const Values& got, const Values& want) {
  EXPECT_EQ(got.size(), want.size());
  double difference = 0, norm = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    difference += (got[i] - want[i]) * (got[i] - want[i]);
    norm += want[i] * want[i];
  }
  return std::sqrt(difference / norm);
}

Values flat(Mat x) {
  Values all;
  for (int64_t r = 0; r < x.rows; ++r) {
    Matrix<float> row(1, x.cols);
    kernels::convert(x.rows_from(r, 1), row.view());
    all.insert(all.end(), row.row(0), row.row(0) + x.cols);
  }
  return all;
}

struct How {
  float dropout;
  bool residual, bias;
};

class Dora : public ::testing::TestWithParam<How> {
 protected:
  template <class T>
  void check() {
    constexpr DType kType = DTypeOf<T>::value;
    Linear layer = make_linear("f32", GetParam().bias);
    layer.prepare(kType, true);
    layer.prepare_backward();
    Scaled<T> scaled;
    scaled.group.dropout = GetParam().dropout;
    nn::LoraSet set;
    set.add(layer, &scaled.group);
    std::vector<uint64_t> keys;
    for (uint64_t i = 0; i < kRows; ++i) keys.push_back(mix64(i));
    Pass<T> pass(layer, GetParam().residual, {&set, keys, 9});
    Definition twin{flat(pass.x),
                    flat(scaled.a),
                    flat(scaled.b),
                    mask(scaled.group, keys),
                    {},
                    {},
                    {},
                    Values(size_t(kRows * kOut))};
    for (const float c : scaled.scale) twin.scale.push_back(double(c));
    for (const auto& row : decoded(layer)) {
      for (const Running& value : row) twin.weight.push_back(value.value);
    }
    for (const float b : layer.bias()) twin.bias.push_back(double(b));
    twin.bias.resize(size_t(kOut));
    if (GetParam().residual) twin.add = flat(pass.residual);
    const double bound = network_bound(6, kIn, kType);
    EXPECT_LT(distance(flat(pass.graph.value(pass.y)), twin.y()), bound);
    pass.backward();
    const Values dy = GetParam().residual ? flat(pass.wide_dy) : flat(pass.dy);
    EXPECT_LT(distance(flat(pass.graph.grad(pass.in)), twin.gradient(&Definition::x, dy)), bound);
    EXPECT_LT(distance(flat(scaled.a_grad), twin.gradient(&Definition::a, dy)), bound);
    EXPECT_LT(distance(flat(scaled.b_grad), twin.gradient(&Definition::b, dy)), bound);
    // A magnitude is the scale times the norm.
    const Values by_scale = twin.gradient(&Definition::scale, dy);
    Values magnitudes, want;
    for (int64_t n = 0; n < Scaled<T>::kCount; ++n) {
      const auto at = size_t(Scaled<T>::kBegin + n);
      magnitudes.push_back(double(scaled.magnitude_grad[size_t(n)]));
      want.push_back(by_scale[at] * double(scaled.inverse[at]));
    }
    EXPECT_LT(distance(magnitudes, want), bound);
  }

  // What dropout multiplies each input by.
  static Values mask(const nn::LoraGroup& group, std::span<const uint64_t> keys) {
    Matrix<float> ones(kRows, kIn), kept(kRows, kIn);
    for (int64_t i = 0; i < kRows * kIn; ++i) ones.row(0)[i] = 1;
    if (group.dropout == 0) return Values(size_t(kRows * kIn), 1.0);
    kernels::dropout(ones.view(), {keys, mix64(9 ^ group.salt), group.dropout}, false, kept.view());
    return {kept.row(0), kept.row(0) + kRows * kIn};
  }
};

TEST_P(Dora, ValuesAndGradientsAreThoseOfItsDefinition) { check<float>(); }

TEST_P(Dora, InBf16WithinItsRoundings) {
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "no products of bf16 here";
  check<bf16>();
}

INSTANTIATE_TEST_SUITE_P(Ways, Dora,
                         ::testing::Values(How{0, false, true}, How{0, true, false},
                                           How{0.25f, false, true}, How{0.25f, true, true}));

// An adapter that became part of integer weights has its scales in them.
TEST(DoraMerged, WeightIsScaledRowByRow) {
  const Linear layer = make_linear("f32", false);
  Scaled<float> scaled;
  Matrix<float> weight(kOut, kIn), plain(kOut, kIn);
  for (const auto& part : layer.parts()) {
    for (Matrix<float>* to : {&weight, &plain}) {
      quant::decode_rows(part.weight, 0, to->view().rows_from(part.begin, part.weight.rows));
    }
  }
  nn::lora_merge(scaled.group, weight.view());
  for (int64_t n = 0; n < kOut; ++n) {
    for (int64_t k = 0; k < kIn; ++k) {
      double want = double(plain.row(n)[k]), size = std::abs(want);
      for (int64_t r = 0; n >= kOuts[0] && r < Scaled<float>::kRank; ++r) {
        const double term = 0.75 * scaled.a.get(r, k) * scaled.b.get(r, n - kOuts[0]);
        want += term;
        size += std::abs(term);
      }
      const double c = double(scaled.scale[size_t(n)]);
      EXPECT_NEAR(double(weight.row(n)[k]), c * want, c * sum_bound(6, size));
    }
  }
}

}  // namespace
}  // namespace relatum::testing
