// Rows of a merged weight against the sum in double.
#include "train/merged_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "quant/format.h"
#include "support/methods.h"
#include "support/models.h"
#include "support/small_adapter.h"
#include "support/temporary.h"
#include "support/threads.h"

namespace relatum::testing {
namespace {

class MergedRows : public ::testing::Test {
 protected:
  MergedRows() {
    save_small_adapter(*model_, folder_.path());
    adapter_ = train::load_peft(folder_.path(), *model_, DType::kF32);
    module_ = &adapter_->modules()[1];
  }
  Matrix<float> base(int64_t begin, int64_t rows) const {
    Matrix<float> values(rows, module_->in);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t c = 0; c < module_->in; ++c) {
        values.row(i)[c] = float((begin + i) * 7 % 11 - 5) * 0.03f + float(c) * 0.001f;
      }
    }
    return values;
  }
  Matrix<float> merged(int64_t begin, int64_t rows) const {
    Matrix<float> values = base(begin, rows);
    train::merge_rows(*adapter_, *module_, begin, values.view());
    return values;
  }

  TemporaryFolder folder_;
  std::unique_ptr<arch::Model> model_ = load(fixture("llama/tied"));
  std::unique_ptr<train::Adapter> adapter_;
  const train::AdapterModule* module_ = nullptr;
};

TEST_F(MergedRows, AreBasePlusScaledProduct) {
  const Matrix<float> before = base(0, module_->out), after = merged(0, module_->out);
  const auto a = adapter_->a(*module_), b = adapter_->b(*module_);
  for (int64_t i = 0; i < module_->out; ++i) {
    for (int64_t c = 0; c < module_->in; ++c) {
      double sum = 0, size = 0;
      for (int64_t r = 0; r < module_->rank; ++r) {
        const double term = double(module_->scale) * double(b.row(r)[i]) * double(a.row(r)[c]);
        sum += term;
        size += std::abs(term);
      }
      const double want = double(before.row(i)[c]) + sum;
      // The scale is multiplied in, then the ranks are added up, then the base.
      const double bound = sum_bound(module_->rank + 1, size) +
                           unit_roundoff(DType::kF32) * std::abs(want);
      ASSERT_NEAR(double(after.row(i)[c]), want, bound) << i << " " << c;
    }
  }
  EXPECT_GT(distance(after, before), 0.01);
}

TEST_F(MergedRows, DoNotDependOnTheirNeighboursOrOnThreads) {
  const Matrix<float> whole = merged(0, module_->out);
  for (int64_t begin = 0; begin < module_->out; begin += 5) {
    const int64_t rows = std::min<int64_t>(5, module_->out - begin);
    EXPECT_TRUE(bit_equal(merged(begin, rows).view(), {whole.row(begin), rows, module_->in}));
  }
  const Threads one(1);
  EXPECT_TRUE(bit_equal(merged(0, module_->out), whole));
}

// With magnitudes a row becomes what passes make of it, whose probabilities are PEFT's
// (methods_test.cc): base and pairs in f32, and the magnitude over the norm of their sum.
class MergedMagnitudes : public ::testing::TestWithParam<std::string> {};

TEST_P(MergedMagnitudes, AreThoseOfPasses) {
  const MethodCase which(GetParam());
  const auto model = load(which.base());
  const auto adapter = train::load_peft(which.folder(), *model, DType::kF32);
  ASSERT_TRUE(adapter->config().magnitudes);
  int64_t compared = 0;
  for (const nn::Linear* linear : model->linears()) {
    const nn::LoraGroup* group = adapter->set().of(*linear);
    if (!group) continue;
    Matrix<float> want(linear->out(), linear->in());
    for (const nn::Linear::Part& part : linear->parts()) {
      quant::decode_rows(part.weight, 0, {want.row(part.begin), part.weight.rows, linear->in()});
    }
    nn::lora_merge(*group, want.view());
    for (const nn::Linear::Part& part : linear->parts()) {
      const auto module = std::ranges::find(adapter->modules(), part.name,
                                            &train::AdapterModule::name);
      if (module == adapter->modules().end()) continue;
      Matrix<float> got(part.weight.rows, linear->in());
      quant::decode_rows(part.weight, 0, got.view());
      train::merge_rows(*adapter, *module, 0, got.view());
      const MatView<const float> of_passes{want.row(part.begin), got.rows(), got.cols()};
      // Either rounds the sums over ranks and, in the norm, inputs; the sum with the weight, the
      // root, the factor and the product.
      const double bound = 2 * rounding_bound(module->rank + linear->in() + 4);
      EXPECT_LT(distance(got.view(), of_passes), bound) << part.name;
      ++compared;
    }
  }
  EXPECT_EQ(compared, int64_t(adapter->modules().size()));
}

INSTANTIATE_TEST_SUITE_P(Peft, MergedMagnitudes,
                         ::testing::ValuesIn(method_names([](const std::string& name) {
                           return name.starts_with("dora");
                         })),
                         [](const auto& which) { return which.param; });

}  // namespace
}  // namespace relatum::testing
