// Attention as a recorded op: rotation by position, the cache, and the gradient of all three parts.
#include "nn/attention.h"

#include <gtest/gtest.h>

#include "kernels/ref/attention.h"
#include "kernels/ref/gemm.h"
#include "kernels/ref/rope.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;
using Tokens = std::vector<int32_t>;

constexpr int64_t kHeads = 2, kKvHeads = 1, kSize = 6, kWidth = (kHeads + 2 * kKvHeads) * kSize;
constexpr float kScale = 0.5f;

// Three rows behind a shared beginning of two tokens, positions up to 4.
nn::TokenBatch small_batch() {
  nn::TokenBatch batch;
  const int trunk = batch.append(batch.root(), Tokens{1, 2});
  batch.append(trunk, Tokens{3, 4, 5});
  batch.append(trunk, Tokens{6});
  batch.finish();
  return batch;
}
// The keys that each token of small_batch() sees.
const std::vector<std::vector<bool>> kSees{{1, 0, 0, 0, 0, 0}, {1, 1, 0, 0, 0, 0},
                                           {1, 1, 1, 0, 0, 0}, {1, 1, 1, 1, 0, 0},
                                           {1, 1, 1, 1, 1, 0}, {1, 1, 0, 0, 0, 1}};

class AttentionOp : public ::testing::Test {
 protected:
  AttentionOp() {
    for (int64_t t = 0; t < batch_.size(); ++t) {
      const int64_t p = batch_.positions()[size_t(t)];
      for (int64_t i = 0; i < kSize / 2; ++i) {
        angles_.at(t, i) = float(std::cos(0.3 * double(p * (i + 1))));
        angles_.at(t, kSize / 2 + i) = float(std::sin(0.3 * double(p * (i + 1))));
      }
    }
    settings_.shape = {kHeads, kKvHeads, kSize, kScale};
    settings_.rope = angles_.view();
  }

  // One head's rows of qkv from `column`, turned by their positions (or back).
  ref::Rows<Running> turned(const Gapped<float>& from, int64_t column, bool rotate = true) const {
    ref::Rows<Running> rows;
    for (int64_t t = 0; t < batch_.size(); ++t) {
      const auto row = from.row<Running>(t, column, kSize);
      rows.push_back(rotate ? ref::rope(row, angles_.row<Running>(t, 0, kSize / 2),
                                        angles_.row<Running>(t, kSize / 2, kSize / 2))
                            : row);
    }
    return rows;
  }
  std::vector<Running> turned_back(const std::vector<Running>& row, int64_t t) const {
    auto sine = angles_.row<Running>(t, kSize / 2, kSize / 2);
    for (Running& s : sine) s = -s;
    return ref::rope(row, angles_.row<Running>(t, 0, kSize / 2), sine);
  }
  ref::Head<Running> head(int64_t h) const {
    return {turned(qkv_, h * kSize), turned(qkv_, kHeads * kSize),
            turned(qkv_, (kHeads + kKvHeads) * kSize, false), kSees, double(kScale)};
  }

  nn::TokenBatch batch_ = small_batch();
  Gapped<float> angles_{6, kSize, 0};
  Gapped<float> qkv_ = Gapped<float>::random(6, kWidth, 1, 1, 0),
                dy_ = Gapped<float>::random(6, kHeads*kSize, 2, 1, 0);
  nn::AttentionSettings settings_;
  Arena arena_;
};

TEST_F(AttentionOp, IsTheTwinWithItsGradient) {
  nn::Graph graph(arena_, DType::kF32, true);
  const nn::Var in = graph.create(DType::kF32, 6, kWidth, true);
  std::memcpy(graph.value(in).data, qkv_.view().data, sizeof(float) * 6 * kWidth);
  const nn::Var y = nn::attention(graph, in, batch_, settings_);
  graph.set_grad(y, dy_.view());
  graph.backward();
  const auto value = graph.value(y).as<float>(), grad = graph.grad(in).as<float>();
  ref::Rows<Running> dk(6, std::vector<Running>(kSize)), dv = dk;
  for (int64_t h = 0; h < kHeads; ++h) {
    const auto twin = head(h);
    const auto saved = ref::attention(twin);
    ref::Rows<Running> dout;
    for (int64_t t = 0; t < 6; ++t) dout.push_back(dy_.row<Running>(t, h * kSize, kSize));
    const auto d = ref::attention_backward(twin, saved, dout);
    for (int64_t t = 0; t < 6; ++t) {
      const auto dq = turned_back(d.q[size_t(t)], t);
      for (int64_t i = 0; i < kSize; ++i) {
        const size_t at = size_t(i);
        expect_close<float>(double(value.row(t)[h * kSize + i]), saved.out[size_t(t)][at], "y");
        expect_close<float>(double(grad.row(t)[h * kSize + i]), dq[at], "dq");
        dk[size_t(t)][at] += d.k[size_t(t)][at];
        dv[size_t(t)][at] += d.v[size_t(t)][at];
      }
    }
  }
  for (int64_t t = 0; t < 6; ++t) {
    const auto key = turned_back(dk[size_t(t)], t);
    for (int64_t i = 0; i < kSize; ++i) {
      expect_close<float>(double(grad.row(t)[kHeads * kSize + i]), key[size_t(i)], "dk");
      expect_close<float>(double(grad.row(t)[(kHeads + 1) * kSize + i]), dv[size_t(t)][size_t(i)],
                          "dv");
    }
  }
}

TEST_F(AttentionOp, StoresTurnedKeysAndValuesOfTheLayer) {
  nn::KvCache cache(2, 4, kKvHeads, kSize, DType::kF32);
  const std::vector<int64_t> store{3, -1, 0, -1, -1, 1};
  settings_.layer = 1;
  settings_.cache = {&cache, store};
  nn::Graph graph(arena_, DType::kF32, false);
  const nn::Var in = graph.create(DType::kF32, 6, kWidth, false);
  std::memcpy(graph.value(in).data, qkv_.view().data, sizeof(float) * 6 * kWidth);
  std::memset(cache.keys(0).data, 0, sizeof(float) * 2 * 2 * 4 * kKvHeads * kSize);
  nn::attention(graph, in, batch_, settings_);
  const auto twin = head(0);
  for (size_t t = 0; t < store.size(); ++t) {
    for (int64_t i = 0; i < kSize && store[t] >= 0; ++i) {
      const float key = cache.keys(1).as<float>().row(store[t])[i];
      expect_close<float>(double(key), twin.k[t][size_t(i)], "key");
      EXPECT_EQ(double(cache.values(1).as<float>().row(store[t])[i]), twin.v[t][size_t(i)].value);
    }
  }
  for (int64_t i = 0; i < kSize; ++i) {
    EXPECT_EQ(cache.keys(1).as<float>().row(2)[i], 0.0f);  // nobody's row
    EXPECT_EQ(cache.keys(0).as<float>().row(3)[i], 0.0f);  // another layer's
  }
}

TEST_F(AttentionOp, ARowBeyondTheCacheIsRefused) {
  nn::KvCache cache(1, 4, kKvHeads, kSize, DType::kF32);
  const std::vector<int64_t> store{0, 1, 2, 3, 4, -1};
  settings_.cache = {&cache, store};
  nn::Graph graph(arena_, DType::kF32, false);
  const nn::Var in = graph.create(DType::kF32, 6, kWidth, false);
  std::memset(graph.value(in).data, 0, sizeof(float) * 6 * kWidth);
  EXPECT_THROW(nn::attention(graph, in, batch_, settings_), Error);
}

}  // namespace
}  // namespace relatum::testing
