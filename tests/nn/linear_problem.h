// A linear layer of two parts with its twin's numbers: what the tests of layer and adapter share.
#pragma once

#include <gtest/gtest.h>

#include "kernels/ref/gemm.h"
#include "nn/linear.h"
#include "quant/format.h"
#include "support/numbers.h"

namespace relatum::testing {

using kernels::ref::Rows;
using nn::Graph;
using nn::Linear;
using nn::Var;

constexpr int64_t kRows = 7, kIn = 64;
constexpr int64_t kOuts[] = {10, 33};  // two parts of one product
constexpr int64_t kOut = 43;

inline Weight weight_of(Gapped<float>& values, std::string_view format, const std::string& name) {
  return quant::encode(format, name, values.view());
}

// Both parts, from values that all formats hold exactly where `format` is f32 or bf16.
inline Linear make_linear(std::string_view format, bool with_bias) {
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
inline Rows<Running> decoded(const Linear& layer) {
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
  explicit Pass(const Linear& layer, bool with_residual = false, const nn::AdapterUse& use = {})
      : graph(arena, DTypeOf<T>::value, true) {
    in = graph.create(DTypeOf<T>::value, kRows, kIn, true);
    copy_into(x, graph.value(in));
    if (with_residual) {
      above = graph.create(DType::kF32, kRows, kOut, true);
      copy_into(residual, graph.value(above));
      y = nn::linear_residual(graph, layer, in, above, use);
    } else {
      y = nn::linear(graph, layer, in, use);
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

}  // namespace relatum::testing
