// Attention over an encoder's rows: which row each tree reads, its gradient, and its cache.
#include <gtest/gtest.h>

#include "base/error.h"
#include "kernels/ref/attention.h"
#include "kernels/ref/gemm.h"
#include "nn/attention.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;
using Tokens = std::vector<int32_t>;

constexpr int64_t kHeads = 2, kSize = 6, kWidth = kHeads * kSize, kSources = 5, kRows = 6;
constexpr float kScale = 0.5f;

// Two rows for the encoder, of three and two tokens. The first is read by a trunk with two
// branches, one of them a tree of tokens, the second by a row of its own.
nn::TokenBatch two_sources() {
  nn::TokenBatch batch;
  const auto first = batch.add_source(Tokens{1, 2, 3}), second = batch.add_source(Tokens{4, 5});
  const int one = batch.root(), two = batch.root();
  batch.read_source(one, first);
  batch.read_source(two, second);
  const int trunk = batch.append(one, Tokens{7});
  batch.append(two, Tokens{7, 8});
  batch.append(trunk, Tokens{9});
  batch.append_tree(trunk, Tokens{9, 10}, std::vector<int32_t>{-1, 0});
  batch.finish();
  return batch;
}
// The source rows that each token of the batch sees.
const std::vector<std::vector<bool>> kSees{{1, 1, 1, 0, 0}, {0, 0, 0, 1, 1}, {0, 0, 0, 1, 1},
                                           {1, 1, 1, 0, 0}, {1, 1, 1, 0, 0}, {1, 1, 1, 0, 0}};

class CrossAttention : public ::testing::Test {
 protected:
  CrossAttention() { settings_.shape = {kHeads, kHeads, kSize, kScale}; }
  nn::Var put(nn::Graph& graph, Gapped<float>& x) {
    const nn::Var in = graph.create(DType::kF32, x.rows(), x.cols(), graph.recording());
    std::memcpy(graph.value(in).data, x.view().data, sizeof(float) * size_t(x.rows() * x.cols()));
    return in;
  }
  ref::Head<Running> head(int64_t h) const {
    ref::Head<Running> result;
    for (int64_t t = 0; t < kRows; ++t) result.q.push_back(q_.row<Running>(t, h * kSize, kSize));
    for (int64_t s = 0; s < kSources; ++s) {
      result.k.push_back(kv_.row<Running>(s, h * kSize, kSize));
      result.v.push_back(kv_.row<Running>(s, kWidth + h * kSize, kSize));
    }
    result.sees = kSees;
    result.scale = double(kScale);
    return result;
  }

  nn::TokenBatch batch_ = two_sources();
  Gapped<float> q_ = Gapped<float>::random(kRows, kWidth, 1, 1, 0),
                kv_ = Gapped<float>::random(kSources, 2 * kWidth, 2, 1, 0),
                dy_ = Gapped<float>::random(kRows, kWidth, 3, 1, 0);
  nn::AttentionSettings settings_;
  Arena arena_;
};

TEST_F(CrossAttention, IsTheTwinWithItsGradient) {
  nn::Graph graph(arena_, DType::kF32, true);
  const nn::Var q = put(graph, q_), kv = put(graph, kv_);
  const nn::Var y = nn::cross_attention(graph, q, kv, batch_, settings_);
  graph.set_grad(y, dy_.view());
  graph.backward();
  const auto value = graph.value(y).as<float>(), dq = graph.grad(q).as<float>(),
             dkv = graph.grad(kv).as<float>();
  for (int64_t h = 0; h < kHeads; ++h) {
    const auto twin = head(h);
    const auto saved = ref::attention(twin);
    ref::Rows<Running> dout;
    for (int64_t t = 0; t < kRows; ++t) dout.push_back(dy_.row<Running>(t, h * kSize, kSize));
    const auto d = ref::attention_backward(twin, saved, dout);
    for (int64_t i = 0; i < kSize; ++i) {
      const int64_t at = h * kSize + i;
      for (int64_t t = 0; t < kRows; ++t) {
        expect_close<float>(double(value.row(t)[at]), saved.out[size_t(t)][size_t(i)], "y");
        expect_close<float>(double(dq.row(t)[at]), d.q[size_t(t)][size_t(i)], "dq");
      }
      for (int64_t s = 0; s < kSources; ++s) {
        expect_close<float>(double(dkv.row(s)[at]), d.k[size_t(s)][size_t(i)], "dk");
        expect_close<float>(double(dkv.row(s)[kWidth + at]), d.v[size_t(s)][size_t(i)], "dv");
      }
    }
  }
}

// What a pass stored serves the next one, which has no states of the encoder.
TEST_F(CrossAttention, CachedSourcesGiveTheSameBits) {
  nn::KvCache cache(2, 8, kHeads, kSize, DType::kF32);
  const std::vector<int64_t> store{6, 7, 5, 0, 1};  // the first source's rows, out of order
  settings_.layer = 1;
  settings_.cache.sources = &cache;
  settings_.cache.source_store = store;
  nn::Graph graph(arena_, DType::kF32, false);
  const nn::Var q = put(graph, q_);
  const Mat want = graph.value(nn::cross_attention(graph, q, put(graph, kv_), batch_, settings_));

  nn::TokenBatch later;
  const int root = later.root();
  later.read_source(root, {0, 2, true});  // the second source
  later.append(root, Tokens{7, 8});
  later.finish();
  EXPECT_EQ(later.sources(), nullptr);
  settings_.cache.source_store = {};
  const nn::Var two = graph.wrap(graph.value(q).rows_from(1, 2), false);
  const Mat got = graph.value(nn::cross_attention(graph, two, {}, later, settings_));
  for (int64_t t = 0; t < 2; ++t) {
    EXPECT_EQ(
        std::memcmp(got.as<float>().row(t), want.as<float>().row(1 + t), sizeof(float) * kWidth), 0)
        << t;
  }
}

// Rows that no group covers would stay as the arena left them.
TEST_F(CrossAttention, EveryTreeReadsASource) {
  nn::TokenBatch batch;
  const auto source = batch.add_source(Tokens{1, 2, 3, 4, 5});
  const int reads = batch.root(), does_not = batch.root();
  batch.read_source(reads, source);
  batch.append(reads, Tokens{7, 8});
  batch.append(does_not, Tokens{7, 8, 9, 10});
  batch.finish();
  nn::Graph graph(arena_, DType::kF32, false);
  const nn::Var q = put(graph, q_), kv = put(graph, kv_);
  EXPECT_THROW(nn::cross_attention(graph, q, kv, batch, settings_), Error);
}

// Gradients need the sources' keys and values themselves.
TEST_F(CrossAttention, CachedSourcesServeNoBackwardPass) {
  nn::KvCache cache(2, 8, kHeads, kSize, DType::kF32);
  nn::TokenBatch batch;
  const int root = batch.root();
  batch.read_source(root, {0, 2, true});
  batch.append(root, Tokens{1, 2, 3, 4, 5, 6});
  batch.finish();
  settings_.cache.sources = &cache;
  nn::Graph graph(arena_, DType::kF32, true);
  EXPECT_THROW(nn::cross_attention(graph, put(graph, q_), {}, batch, settings_), Error);
}

TEST_F(CrossAttention, SourcesAreABatchOfTheirOwn) {
  const nn::TokenBatch& sources = *batch_.sources();
  EXPECT_EQ(sources.tokens(), (Tokens{1, 2, 3, 4, 5}));
  EXPECT_EQ(sources.positions(), (Tokens{0, 1, 2, 0, 1}));
  EXPECT_FALSE(sources.plan().causal);
  EXPECT_EQ(batch_.positions(), (Tokens{0, 0, 1, 1, 1, 2}));
  // The same token behind other sources is told apart, the same behind the same is not.
  EXPECT_NE(batch_.keys()[0], batch_.keys()[1]);
  EXPECT_EQ(batch_.keys()[3], batch_.keys()[4]);
  EXPECT_EQ(nn::TokenBatch().sources(), nullptr);
}

}  // namespace
}  // namespace relatum::testing
