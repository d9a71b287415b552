// Holds attention over whole batches: groups, shared beginnings, cached rows, threads.
#include "kernels/attention.h"

#include <gtest/gtest.h>

#include "base/parallel_for.h"
#include "base/rng.h"
#include "kernels/ref/attention.h"
#include "kernels/ref/gemm.h"
#include "support/numbers.h"
#include "tensor/buffer.h"

namespace relatum::testing {
namespace {

using namespace kernels;

constexpr int64_t kCached = 9;  // rows of the cache
constexpr int64_t kHeads = 4, kKvHeads = 2;
constexpr float kScale = 0.25f;

// Two trees: one whose trunk (rows 0-39) two groups share, and one behind cached rows.
struct Batch {
  int64_t tokens = 70;
  int64_t size = 12;  // of a head; multiples of 16 have loops of their own in bf16
  std::vector<AttentionSpan> spans{{0, 40, false},                  // trunk
                                   {0, 40, false}, {40, 9, false},  // first branch
                                   {0, 40, false}, {49, 1, false},  // second branch
                                   {3, 5, true},   {0, 2, true},   {50, 20, false}};
  std::vector<AttentionGroup> groups{
      {0, 40, 0, 1, 0}, {40, 9, 1, 2, 0}, {49, 1, 3, 2, 0}, {50, 20, 5, 3, 7}};
  bool causal = true;
  int64_t window = 0;
  bool biased = false;
  std::vector<int32_t> positions;  // of all tokens; empty: each group's follow its context

  AttentionPlan plan() const { return {groups, spans, causal, positions}; }
  void drop_cached() { groups[3] = {50, 20, 7, 1, 7}; }
  // Positions of groups without a mask.
  void place() {
    positions.resize(size_t(tokens));
    for (const AttentionGroup& group : groups) {
      int32_t at = 0;
      for (int64_t s = 0; s + 1 < group.span_count; ++s) {
        at += int32_t(spans[size_t(group.first_span + s)].count);
      }
      for (int64_t i = 0; i < group.count; ++i) positions[size_t(group.begin + i)] = at++;
    }
  }
};

template <class T>
struct Problem {
  explicit Problem(const Batch& b) : batch(b) {
    if (batch.positions.empty()) batch.place();
  }
  void forward() { attention(batch.plan(), shape, tensors(), scratch(false)); }
  void backward() {
    attention_backward(batch.plan(), shape, tensors(),
                       {dout.view(), dq.view(), dk.view(), dv.view()}, scratch(true));
  }
  AttentionTensors tensors() {
    return {q.view(), k.view(), v.view(), cache_k.view(), cache_v.view(), out.view(), lse.data()};
  }
  float* scratch(bool back) {
    memory.assign(size_t(attention_scratch_size(batch.plan(), shape, back)), std::nanf(""));
    return memory.data();
  }
  Matrix<float> random_bias() const {
    Matrix<float> result(kHeads, 2 * (batch.tokens + kCached) - 1);
    const Rng rng(9, 9);
    for (int64_t i = 0; i < result.rows() * result.cols(); ++i) {
      result.row(0)[i] = 2 * rng.uniform(uint64_t(i)) - 1;
    }
    return result;
  }
  // Head h of the whole batch: keys are the cache's rows, then the batch's own.
  ref::Head<Running> head(int64_t h) const {
    ref::Head<Running> result;
    result.scale = double(kScale);
    const int64_t at = h / (kHeads / kKvHeads) * batch.size;
    for (int64_t r = 0; r < kCached; ++r) {
      const int64_t row = at / batch.size * kCached + r;
      result.k.push_back(cache_k.template row<Running>(row));
      result.v.push_back(cache_v.template row<Running>(row));
    }
    for (int64_t r = 0; r < batch.tokens; ++r) {
      result.k.push_back(k.template row<Running>(r, at, batch.size));
      result.v.push_back(v.template row<Running>(r, at, batch.size));
    }
    result.sees.assign(size_t(batch.tokens), std::vector<bool>(result.k.size()));
    if (batch.biased) {
      result.bias.assign(size_t(batch.tokens), std::vector<Running>(result.k.size(), Running(0.0)));
    }
    for (const AttentionGroup& group : batch.groups) {
      for (int64_t i = 0; i < group.count; ++i) see(result, h, group, i);
    }
    for (int64_t i = 0; i < batch.tokens; ++i) {
      result.q.push_back(q.template row<Running>(i, h * batch.size, batch.size));
    }
    return result;
  }
  void see(ref::Head<Running>& head, int64_t h, const AttentionGroup& group, int64_t i) const {
    int64_t place = 0;
    for (int64_t s = 0; s < group.span_count; ++s) {
      const AttentionSpan& span = batch.spans[size_t(group.first_span + s)];
      const bool own = s + 1 == group.span_count;
      const int64_t count = own && batch.causal && !group.mask ? i + 1 : span.count;
      const int64_t begin = span.begin + (span.cached ? 0 : kCached);
      for (int64_t j = 0; j < count; ++j) {
        const bool masked = own && group.mask && !group.mask[i * group.count + j];
        const int64_t at = own ? batch.positions[size_t(group.begin + j)] : place + j;
        const int64_t from = batch.positions[size_t(group.begin + i)];
        const bool near = batch.window == 0 || at > from - batch.window;
        head.sees[size_t(group.begin + i)][size_t(begin + j)] = near && !masked;
        if (!batch.biased) continue;
        head.bias[size_t(group.begin + i)][size_t(begin + j)] = Running(
            double(bias.row(h)[shape.reach() - 1 + from - at]));
      }
      place += span.count;
    }
  }

  Batch batch;
  Matrix<float> bias = random_bias();
  AttentionShape shape{
      kHeads,       kKvHeads,
      batch.size,   kScale,
      batch.window, batch.biased ? MatView<const float>(bias.view()) : MatView<const float>{}};
  Gapped<T> q = Gapped<T>::random(batch.tokens, kHeads*batch.size, 1, 2),
            k = Gapped<T>::random(batch.tokens, kKvHeads*batch.size, 2, 2),
            v = Gapped<T>::random(batch.tokens, kKvHeads*batch.size, 3),
            cache_k = Gapped<T>::random(kKvHeads * kCached, batch.size, 4, 2, 0),
            cache_v = Gapped<T>::random(kKvHeads * kCached, batch.size, 5, 1, 0),
            dout = Gapped<T>::random(batch.tokens, kHeads*batch.size, 6),
            out{batch.tokens, kHeads*batch.size}, dq{batch.tokens, kHeads*batch.size};
  Gapped<float> dk = Gapped<float>::random(batch.tokens, kKvHeads*batch.size, 0, 0),
                dv = Gapped<float>::random(batch.tokens, kKvHeads*batch.size, 0, 0);
  std::vector<float> lse = std::vector<float>(size_t(batch.tokens * kHeads));
  std::vector<float> memory;
};

template <class T>
class BatchAttention : public ::testing::Test {
 protected:
  ~BatchAttention() override { set_thread_count(threads_); }
  int threads_ = thread_count();
};
using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(BatchAttention, Types);

template <class T>
void expect_twin(const Batch& batch) {
  Problem<T> p(batch);
  p.forward();
  // Loops of bf16 round their weights to it.
  const double slack = DTypeOf<T>::value == DType::kBF16 && batch.size % 16 == 0 ? 0x1p-8 : 0;
  for (int64_t h = 0; h < kHeads; ++h) {
    const auto want = ref::attention(p.head(h));
    for (const AttentionGroup& group : batch.groups) {
      for (int64_t i = group.begin; i < group.begin + group.count; ++i) {
        for (int64_t d = 0; d < batch.size; ++d) {
          const Running& value = want.out[size_t(i)][size_t(d)];
          EXPECT_LE(std::abs(p.out.get(i, h * batch.size + d) - value.value),
                    allowed<T>(value) + slack)
              << "head " << h << ", row " << i;
        }
      }
    }
  }
}

constexpr int64_t kSizes[] = {12, 16, 48, 64};

TYPED_TEST(BatchAttention, ForwardIsTheTwin) {
  for (const int64_t size : kSizes) {
    for (const bool causal : {true, false}) {
      Batch batch;
      batch.size = size;
      batch.causal = causal;
      expect_twin<TypeParam>(batch);
    }
  }
}

TYPED_TEST(BatchAttention, LongRowsAreCutWithoutATrace) {
  for (const bool causal : {true, false}) {
    Batch batch;
    batch.size = 64;
    batch.tokens = 300;
    batch.causal = causal;
    batch.biased = true;
    batch.spans = {{2, 6, true}, {0, 270, false}, {270, 30, false}};
    batch.groups = {{0, 270, 0, 2, 0}, {270, 30, 2, 1, 5}};
    expect_twin<TypeParam>(batch);
  }
}

TYPED_TEST(BatchAttention, SingleQueriesAreCutByHeads) {
  Batch batch;
  batch.tokens = 3;
  batch.spans = {{0, 7, true}, {0, 1, false}, {1, 1, false}, {3, 1, true}, {2, 1, false}};
  batch.groups = {{0, 1, 0, 2, 0}, {1, 1, 2, 1, 2}, {2, 1, 3, 2, 5}};
  for (const int64_t window : {0, 1, 2, 3}) {
    batch.window = window;
    batch.biased = window % 2 == 0;
    expect_twin<TypeParam>(batch);
  }
}

template <class T>
void expect_backward_twin(const Batch& batch) {
  Problem<T> p(batch);
  p.forward();
  p.backward();
  const bool narrow = DTypeOf<T>::value == DType::kBF16 && batch.size % 16 == 0;
  const auto stored = [&](const Running& x) { return narrow ? in_bf16(x) : x; };
  const std::vector<ref::Sum<Running>> zeros(size_t(kKvHeads * batch.size));
  ref::Rows<ref::Sum<Running>> dk(size_t(batch.tokens), zeros), dv = dk;
  for (int64_t h = 0; h < kHeads; ++h) {
    ref::HeadResult<Running> saved;
    ref::Rows<Running> dout;
    for (int64_t i = 0; i < batch.tokens; ++i) {
      saved.out.push_back(p.out.template row<Running>(i, h * batch.size, batch.size));
      saved.lse.push_back(Running(double(p.lse[size_t(i * kHeads + h)])));
      dout.push_back(p.dout.template row<Running>(i, h * batch.size, batch.size));
    }
    const auto want = ref::attention_backward(p.head(h), saved, dout, stored);
    const int64_t at = h / (kHeads / kKvHeads) * batch.size;
    for (int64_t i = 0; i < batch.tokens; ++i) {
      expect_row_close(p.dq, i, h * batch.size, want.q[size_t(i)], "dq");
      for (int64_t d = 0; d < batch.size; ++d) {
        dk[size_t(i)][size_t(at + d)].add(want.k[size_t(kCached + i)][size_t(d)]);
        dv[size_t(i)][size_t(at + d)].add(want.v[size_t(kCached + i)][size_t(d)]);
      }
    }
  }
  for (int64_t i = 0; i < batch.tokens; ++i) {
    for (int64_t d = 0; d < kKvHeads * batch.size; ++d) {
      expect_close<float>(p.dk.get(i, d), dk[size_t(i)][size_t(d)].total(), "dk");
      expect_close<float>(p.dv.get(i, d), dv[size_t(i)][size_t(d)].total(), "dv");
    }
  }
}

TYPED_TEST(BatchAttention, BackwardIsTheTwin) {
  for (const int64_t size : kSizes) {
    Batch batch;
    batch.drop_cached();
    batch.size = size;
    expect_backward_twin<TypeParam>(batch);
  }
}

// Windows that are shorter than a group, that end within the context, and that see all.
TYPED_TEST(BatchAttention, AWindowHidesWhatIsFurtherBack) {
  for (const int64_t size : {12, 16, 64}) {
    for (const int64_t window : {1, 2, 5, 7, 17, 40, 41, 60, 1000}) {
      Batch batch;
      batch.size = size;
      batch.window = window;
      expect_twin<TypeParam>(batch);
      batch.drop_cached();
      expect_backward_twin<TypeParam>(batch);
    }
  }
}

TYPED_TEST(BatchAttention, AWindowAndABiasOverALongRow) {
  for (const int64_t window : {0, 1, 100, 128, 201}) {
    for (const int64_t trees : {1, 12}) {  // few trees are dealt out to shares, many are not
      Batch batch;
      batch.size = 16;
      batch.tokens = 300 + trees;
      batch.window = window;
      batch.biased = window % 2 == 0;
      batch.spans = {{0, 300, false}};
      batch.groups = {{0, 300, 0, 1, 0}};
      for (int64_t t = 0; t < trees; ++t) {
        batch.spans.push_back({300 + t, 1, false});
        batch.groups.push_back({300 + t, 1, 1 + t, 1, 1 + t});
      }
      expect_twin<TypeParam>(batch);
      expect_backward_twin<TypeParam>(batch);
    }
  }
}

// A tree of tokens behind a row: its branches have positions of their own.
TYPED_TEST(BatchAttention, AWindowAndABiasOverATree) {
  const std::vector<int32_t> above = {-1, 0, 1, 2, 0, 4, 5, -1, 7};  // the token before each
  const auto n = int64_t(above.size());
  std::vector<uint8_t> mask(size_t(n * n));
  for (int64_t i = 0; i < n; ++i) {
    for (int32_t j = int32_t(i); j >= 0; j = above[size_t(j)]) mask[size_t(i * n + j)] = 1;
  }
  for (const int64_t size : {12, 16}) {
    for (const int64_t window : {0, 1, 2, 3, 4, 6, 20, 100}) {
      Batch batch;
      batch.size = size;
      batch.tokens = 20 + n;
      batch.window = window;
      batch.biased = window % 2 == 0;
      batch.spans = {{0, 20, false}, {0, 20, false}, {20, n, false}};
      batch.groups = {{0, 20, 0, 1, 0}, {20, n, 1, 2, 0, mask.data()}};
      batch.place();
      for (int64_t i = 0; i < n; ++i) {
        const int64_t before = 20 + above[size_t(i)];  // 19: the row's last
        batch.positions[size_t(20 + i)] = batch.positions[size_t(before)] + 1;
      }
      expect_twin<TypeParam>(batch);
      expect_backward_twin<TypeParam>(batch);
    }
  }
}

TYPED_TEST(BatchAttention, ABiasGoesByDistance) {
  for (const int64_t size : {12, 16, 64}) {
    for (const bool causal : {true, false}) {
      Batch batch;
      batch.size = size;
      batch.biased = true;
      batch.causal = causal;
      expect_twin<TypeParam>(batch);
      batch.drop_cached();
      expect_backward_twin<TypeParam>(batch);
    }
  }
}

TYPED_TEST(BatchAttention, TreesAreSharedOutWithoutATrace) {
  for (const bool causal : {true, false}) {
    Batch batch;
    batch.size = 32;
    batch.tokens = 340;
    batch.causal = causal;
    batch.spans = {
        {0, 270, false}, {0, 270, false}, {270, 30, false}, {0, 270, false}, {300, 40, false}};
    batch.groups = {{0, 270, 0, 1, 0}, {270, 30, 1, 2, 0}, {300, 40, 3, 2, 0}};
    expect_backward_twin<TypeParam>(batch);
  }
}

TYPED_TEST(BatchAttention, ThreadsChangeNoBit) {
  Batch batch;
  batch.drop_cached();
  batch.size = 16;
  Problem<TypeParam> one(batch), two(batch);
  set_thread_count(1);
  one.forward();
  one.backward();
  set_thread_count(2);
  two.forward();
  two.backward();
  for (int64_t i = 0; i < 70; ++i) {
    EXPECT_EQ(one.out.row(i), two.out.row(i));
    EXPECT_EQ(one.dq.row(i), two.dq.row(i));
    EXPECT_EQ(one.dk.row(i), two.dk.row(i));
    EXPECT_EQ(one.dv.row(i), two.dv.row(i));
  }
}

TYPED_TEST(BatchAttention, AnEmptyPlanDoesNothing) {
  Batch batch;
  batch.groups.clear();
  Problem<TypeParam> p(batch);
  const auto before = p.out;
  p.forward();
  p.backward();
  for (int64_t i = 0; i < 70; ++i) EXPECT_EQ(p.out.row(i), before.row(i));
}

TYPED_TEST(BatchAttention, CachedRowsHaveNoGradient) {
  Problem<TypeParam> p{Batch{}};
  p.forward();
  EXPECT_THROW(p.backward(), Error);
}

// One token behind many spans, as in a deep tree of answers.
TYPED_TEST(BatchAttention, ManySpansAreOneLongRow) {
  for (const int64_t spans : {64, 69}) {
    Batch deep, flat;
    deep.spans.clear();
    for (int64_t s = 0; s < spans; ++s) deep.spans.push_back({s, 1, false});
    deep.groups = {{spans - 1, 1, 0, spans, 0}};
    flat.spans = {{0, spans - 1, false}, {spans - 1, 1, false}};
    flat.groups = {{spans - 1, 1, 0, 2, 0}};
    Problem<TypeParam> a(deep), b(flat);
    for (Problem<TypeParam>* p : {&a, &b}) {
      p->forward();
      p->backward();
    }
    EXPECT_EQ(a.out.row(spans - 1), b.out.row(spans - 1));
    EXPECT_EQ(a.dk.row(0), b.dk.row(0));
    EXPECT_EQ(a.dk.row(spans - 1), b.dk.row(spans - 1));
  }
}

}  // namespace
}  // namespace relatum::testing
