// Holds the attention loops of each instruction set to the scalar twin, forward and backward.
#include <gtest/gtest.h>

#include "kernels/cpu.h"
#include "kernels/ref/attention.h"
#include "kernels/ref/gemm.h"
#include "support/isa.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

// One task: spans of keys before the queries' own rows, and who sees whom among those.
struct Case {
  std::vector<int64_t> spans;  // the last one is the queries' own
  int64_t heads, head_size;
  bool causal, masked;
};

std::string name_of_case(const Case& c) {
  std::string name = (c.causal ? "causal" : "full") + std::string(c.masked ? " masked" : "");
  for (const int64_t count : c.spans) name += " " + std::to_string(count);
  return name + " heads " + std::to_string(c.heads) + " of " + std::to_string(c.head_size);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (int64_t n = 1; n <= 35; ++n) {  // around the vectors' width and the block of 32 queries
    all.push_back({{n}, 1, 8, true, false});
    all.push_back({{n % 4, 0, 5, n}, 3, 12, true, false});
    all.push_back({{n}, 2, 12, false, false});
    all.push_back({{3, n}, 2, 8, true, true});
  }
  for (int64_t size = 1; size <= 33; ++size) all.push_back({{9, 7}, 2, size, true, false});
  all.push_back({{150, 70}, 3, 64, true, false});
  all.push_back({{20, 65}, 2, 64, true, true});
  return all;
}

// A task with memory of its own, and the heads of the twin that it stands for.
template <class T>
struct Problem {
  explicit Problem(const Case& c)
      : shape(c), n(c.spans.back()), own(Gapped<T>::random(n, c.heads * c.head_size, 1, 2)),
        dout(Gapped<T>::random(n, c.heads * c.head_size, 2)), out(n, c.heads * c.head_size),
        dq(n, c.heads * c.head_size), lse(size_t(n * c.heads)) {
    int64_t keys = 0;
    for (const int64_t count : c.spans) keys += count;
    scratch.resize(size_t(std::max(attention_scratch(keys, c.head_size, false),
                                   attention_scratch(keys, c.head_size, true))));
    for (size_t s = 0; s < c.spans.size(); ++s) {
      // Gaps differ between spans, as between a batch and a cache.
      k.push_back(Gapped<T>::random(c.spans[s], c.head_size, 10 + s, 2, 3 + int64_t(s)));
      v.push_back(Gapped<T>::random(c.spans[s], c.head_size, 20 + s, 1, 3 + int64_t(s)));
      dk.push_back(Gapped<float>::random(c.spans[s], c.head_size, 30 + s));
      dv.push_back(Gapped<float>::random(c.spans[s], c.head_size, 40 + s));
    }
    const Rng rng(5, 5);
    for (int64_t i = 0; c.masked && i < n * n; ++i) {
      mask.push_back(i / n == i % n || (i % n < i / n && rng.below(uint64_t(i), 2)));
    }
    for (size_t s = 0; s < k.size(); ++s) {
      const auto keys_view = k[s].view(), values_view = v[s].view();
      spans.push_back(
          {keys_view.data, values_view.data, keys_view.rows, keys_view.stride, values_view.stride});
      dk_rows.push_back(dk[s].view().data);
      dv_rows.push_back(dv[s].view().data);
    }
  }

  AttentionTask<T> task() {
    const auto q_view = own.view(), out_view = out.view();
    AttentionTask<T> t{};
    t.q = q_view.data;
    t.out = out_view.data;
    t.lse = lse.data();
    t.n = n;
    t.heads = shape.heads;
    t.head_size = shape.head_size;
    t.q_stride = q_view.stride;
    t.out_stride = out_view.stride;
    t.lse_stride = shape.heads;
    t.spans = spans.data();
    t.span_count = int64_t(spans.size());
    t.scale = kScale;
    t.causal = shape.causal;
    t.mask = shape.masked ? mask.data() : nullptr;
    t.dout = dout.view().data;
    t.dq = dq.view().data;
    t.dk = dk_rows.data();
    t.dv = dv_rows.data();
    t.dout_stride = dout.view().stride;
    t.dq_stride = dq.view().stride;
    t.dkv_stride = dk[0].view().stride;
    return t;
  }

  ref::Head<Running> head(int64_t h) const {
    ref::Head<Running> result;
    result.scale = double(kScale);
    for (size_t s = 0; s < k.size(); ++s) {
      for (int64_t r = 0; r < k[s].rows(); ++r) {
        result.k.push_back(k[s].template row<Running>(r));
        result.v.push_back(v[s].template row<Running>(r));
      }
    }
    const int64_t above = int64_t(result.k.size()) - n;
    for (int64_t i = 0; i < n; ++i) {
      result.q.push_back(own.template row<Running>(i, h * shape.head_size, shape.head_size));
      result.sees.emplace_back(size_t(above), true);
      for (int64_t j = 0; j < n; ++j) {
        const bool masked = shape.masked && !mask[size_t(i * n + j)];
        result.sees.back().push_back(!masked && (!shape.causal || shape.masked || j <= i));
      }
    }
    return result;
  }

  static constexpr float kScale = 0.375f;
  Case shape;
  int64_t n;
  Gapped<T> own, dout, out, dq;
  std::vector<float> lse, scratch;
  std::vector<Gapped<T>> k, v;
  std::vector<Gapped<float>> dk, dv;
  std::vector<uint8_t> mask;
  std::vector<KeySpan<T>> spans;
  std::vector<float*> dk_rows, dv_rows;
};

template <class T>
class AttentionLoops : public ::testing::Test {};
using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(AttentionLoops, Types);

template <class T>
ref::Rows<Running> rows_of(const Gapped<T>& x, int64_t begin, int64_t count) {
  ref::Rows<Running> rows;
  for (int64_t r = 0; r < x.rows(); ++r) {
    rows.push_back(x.template row<Running>(r, begin, count));
  }
  return rows;
}

// slack: how far each value may be besides.
template <class T>
void expect_forward(const Problem<T>& p, const std::string& name, double slack = 0) {
  EXPECT_TRUE(p.out.gaps_kept()) << name;
  for (int64_t h = 0; h < p.shape.heads; ++h) {
    const auto want = ref::attention(p.head(h));
    for (int64_t i = 0; i < p.n; ++i) {
      for (int64_t d = 0; d < p.shape.head_size; ++d) {
        const Running& value = want.out[size_t(i)][size_t(d)];
        EXPECT_LE(std::abs(p.out.get(i, h * p.shape.head_size + d) - value.value),
                  allowed<T>(value) + slack)
            << name << " at " << i << ", " << d;
      }
      expect_close<float>(double(p.lse[size_t(i * p.shape.heads + h)]), want.lse[size_t(i)], name);
    }
  }
}

// Adds a head's gradients of all keys to sums that begin with what the rows held before.
void accumulate(ref::Rows<ref::Sum<Running>>& sums, const ref::Rows<Running>& more) {
  for (size_t r = 0; r < more.size(); ++r) {
    for (size_t d = 0; d < more[r].size(); ++d) sums[r][d].add(more[r][d]);
  }
}

template <class T>
void expect_keys(const std::vector<Gapped<float>>& got, const ref::Rows<ref::Sum<Running>>& want,
                 const std::string& name) {
  size_t row = 0;
  for (const Gapped<float>& span : got) {
    EXPECT_TRUE(span.gaps_kept()) << name;
    for (int64_t r = 0; r < span.rows(); ++r, ++row) {
      std::vector<Running> totals;
      for (const auto& sum : want[row]) totals.push_back(sum.total());
      expect_row_close(span, r, 0, totals, name);
    }
  }
}

// The backward pass reads the saved result and log-sum-exp, so the twin gets the same.
template <class T, class Stored = std::identity>
void expect_backward(Problem<T>& p, void (*backward)(const AttentionTask<T>&, float*),
                     const std::string& name, const Stored& stored = {}) {
  const int64_t size = p.shape.head_size;
  ref::Rows<ref::Sum<Running>> dk, dv;
  for (auto* side : {&dk, &dv}) {
    for (const Gapped<float>& span : side == &dk ? p.dk : p.dv) {
      for (int64_t r = 0; r < span.rows(); ++r) {
        side->emplace_back(size_t(size));
        for (int64_t d = 0; d < size; ++d) side->back()[size_t(d)].add(Running(span.get(r, d)));
      }
    }
  }
  backward(p.task(), p.scratch.data());
  EXPECT_TRUE(p.dq.gaps_kept()) << name;
  for (int64_t h = 0; h < p.shape.heads; ++h) {
    ref::HeadResult<Running> saved{rows_of(p.out, h * size, size), {}};
    for (int64_t i = 0; i < p.n; ++i) {
      saved.lse.push_back(Running(double(p.lse[size_t(i * p.shape.heads + h)])));
    }
    const auto want = ref::attention_backward(p.head(h), saved, rows_of(p.dout, h * size, size),
                                              stored);
    for (int64_t i = 0; i < p.n; ++i) {
      expect_row_close(p.dq, i, h * size, want.q[size_t(i)], name);
    }
    accumulate(dk, want.k);
    accumulate(dv, want.v);
  }
  expect_keys<T>(p.dk, dk, name);
  expect_keys<T>(p.dv, dv, name);
}

TYPED_TEST(AttentionLoops, AreTheTwins) {
  for (const NamedTable& named : tables()) {
    for (const Case& c : cases()) {
      Problem<TypeParam> p(c);
      const auto& table = typed<TypeParam>(*named.table);
      table.attention(p.task(), p.scratch.data());
      const std::string name = named.name + " " + name_of_case(c);
      expect_forward(p, name);
      expect_backward(p, table.attention_backward, name);
      if (::testing::Test::HasFailure()) return;  // one broken case says enough
    }
  }
}

std::vector<Case> narrow_cases() {
  std::vector<Case> all;
  for (int64_t n = 1; n <= 35; ++n) {
    for (const int64_t heads : {1, 3}) all.push_back({{n}, heads, 16, true, false});
    all.push_back({{n % 4, 0, 5, n}, 3, 64, true, false});
    all.push_back({{n}, 2, 32, false, false});
    all.push_back({{3, n}, 2, 48, true, true});
  }
  for (int64_t heads = 1; heads <= 9; ++heads) all.push_back({{4, 19}, heads, 32, true, false});
  for (const bool causal : {true, false}) all.push_back({{7, 130}, 1, 64, causal, false});
  all.push_back({{150, 70}, 3, 64, true, false});
  all.push_back({{20, 65}, 2, 128, true, true});
  all.push_back({{131, 2, 126, 33}, 2, 80, true, false});  // blocks of keys across the spans
  return all;
}

// A row's weights are at most 2^-8 of themselves off, and values at most 1.
TEST(NarrowAttention, IsTheTwinButForRoundedWeights) {
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "no products of bf16 here";
  for (const Case& c : narrow_cases()) {
    Problem<bf16> p(c);
    std::fill(p.scratch.begin(), p.scratch.end(), std::nanf(""));
    kernels::table().attention_bf16(p.task(), p.scratch.data());
    expect_forward(p, name_of_case(c), 0x1p-8);
    std::fill(p.scratch.begin(), p.scratch.end(), std::nanf(""));
    expect_backward(p, kernels::table().attention_backward_bf16, name_of_case(c), in_bf16);
    if (::testing::Test::HasFailure()) return;  // one broken case says enough
  }
}

TYPED_TEST(AttentionLoops, ScratchHasNoPartInTheResult) {
  for (const NamedTable& named : tables()) {
    Problem<TypeParam> clean({{5, 37}, 2, 12, true, false}), dirty(clean.shape);
    std::fill(dirty.scratch.begin(), dirty.scratch.end(), std::nanf(""));
    for (Problem<TypeParam>* p : {&clean, &dirty}) {
      typed<TypeParam>(*named.table).attention(p->task(), p->scratch.data());
      typed<TypeParam>(*named.table).attention_backward(p->task(), p->scratch.data());
    }
    for (int64_t i = 0; i < clean.n; ++i) {
      EXPECT_EQ(clean.out.row(i), dirty.out.row(i)) << named.name;
      EXPECT_EQ(clean.dq.row(i), dirty.dq.row(i)) << named.name;
      EXPECT_EQ(clean.dk[1].row(i), dirty.dk[1].row(i)) << named.name;
      EXPECT_EQ(clean.dv[1].row(i), dirty.dv[1].row(i)) << named.name;
    }
  }
}

}  // namespace
}  // namespace relatum::testing
