// Holds the linear layer to plain products: fused parts, bias, residual, formats.
#include "nn/linear.h"

#include <gtest/gtest.h>

#include "kernels/block_product.h"
#include "kernels/cpu.h"
#include "nn/linear_problem.h"

namespace relatum::testing {
namespace {

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
    EXPECT_GE(layer.resident_bytes(), size_t(kOut * kIn) * sizeof(T));
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

// Bit for bit what the stored blocks give, part by part, bias and residual added.
TEST(LinearLayers, FewRowsAreMultipliedWithStoredBlocks) {
  for (const char* format : {"q8_0", "q4_0", "q4_1", "q5_0"}) {
    for (const bool resident : {false, true}) {
      for (int64_t rows = 1; rows <= nn::kStoredRows; ++rows) {
        Linear layer = make_linear(format, true);
        layer.prepare(DType::kF32, resident);
        auto x = Gapped<float>::random(rows, kIn, 1), add = Gapped<float>::random(rows, kOut, 3);
        Matrix<float> y(rows, kOut), want(rows, kOut);
        Arena arena;
        Graph graph(arena, DType::kF32, false);
        layer.multiply(graph, x.view(), y.view(), Mat(add.view()));
        std::vector<float> sums(size_t(rows * kIn / 32));
        const kernels::FloatRows floats{x.view(), sums.data()};
        kernels::sum_blocks(floats);
        for (const Linear::Part& part : layer.parts()) {
          kernels::block_product(format, floats, part.weight.data,
                                 want.view().cols_from(part.begin, part.weight.rows), 0,
                                 part.weight.rows);
        }
        kernels::rescale_rows(want.view(), {}, layer.bias(), Mat(add.view()));
        for (int64_t i = 0; i < rows * kOut; ++i) ASSERT_EQ(y.row(0)[i], want.row(0)[i]) << format;
      }
    }
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
