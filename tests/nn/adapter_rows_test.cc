// Which adapter serves which rows: what batches say of it, and linear layers over such rows.
#include "nn/adapter_rows.h"

#include <gtest/gtest.h>

#include <tuple>

#include "base/error.h"
#include "kernels/rows.h"
#include "nn/batch.h"
#include "nn/linear_problem.h"
#include "nn/several_adapters.h"
#include "support/tensors.h"
#include "support/tolerance.h"

namespace relatum::testing {
namespace {

using nn::AdapterRows;
using nn::LoraSet;
using nn::TokenBatch;
using Tokens = std::vector<int32_t>;
using Stretches = std::vector<std::tuple<int64_t, int64_t, const LoraSet*>>;

Stretches as_tuples(std::span<const AdapterRows> rows) {
  Stretches all;
  for (const AdapterRows& each : rows) all.emplace_back(each.begin, each.count, each.adapter);
  return all;
}

class NamedRows : public ::testing::Test {
 protected:
  // A tree of two segments behind a root that names `adapter`.
  static void add_tree(TokenBatch& batch, const LoraSet* adapter, const Tokens& trunk) {
    const int root = batch.root();
    batch.use_adapter(root, adapter);
    batch.append(batch.append(root, trunk), Tokens{7, 8});
  }
  LoraSet one_, two_;
  Arena arena_;
};

TEST_F(NamedRows, FollowFromTheTreesInTheirOrder) {
  TokenBatch batch;
  add_tree(batch, &one_, {1, 2, 3});
  add_tree(batch, &one_, {4});
  add_tree(batch, nullptr, {5});
  add_tree(batch, &two_, {});
  batch.finish();
  EXPECT_EQ(as_tuples(batch.adapters()),
            (Stretches{{0, 8, &one_}, {8, 3, nullptr}, {11, 2, &two_}}));
  const std::vector<int64_t> rows{12, 0, 7, 8, 8, 2};
  EXPECT_EQ(as_tuples(batch.adapters_of(rows, arena_)),
            (Stretches{{0, 1, &two_}, {1, 2, &one_}, {3, 2, nullptr}, {5, 1, &one_}}));
  EXPECT_TRUE(batch.adapters_of({}, arena_).empty());
}

TEST_F(NamedRows, AreNoneWhereNoTreeNamesOne) {
  TokenBatch batch;
  add_tree(batch, nullptr, {1, 2, 3});
  batch.finish();
  EXPECT_TRUE(batch.adapters().empty());
  EXPECT_TRUE(batch.adapters_of(std::vector<int64_t>{0, 1}, arena_).empty());
}

TEST_F(NamedRows, OfSourcesAreThoseOfTheirTrees) {
  TokenBatch batch;
  for (const LoraSet* adapter : {&one_, &two_}) {
    const int root = batch.root();
    batch.use_adapter(root, adapter);
    batch.read_source(root, batch.add_source(Tokens{1, 2, 3}, adapter));
    batch.append(root, Tokens{4});
  }
  const int root = batch.root();
  batch.use_adapter(root, &one_);
  const auto source = batch.add_source(Tokens{5}, &two_);
  EXPECT_THROW(batch.read_source(root, source), Error);
  batch.finish();
  EXPECT_EQ(as_tuples(batch.adapters()), (Stretches{{0, 1, &one_}, {1, 1, &two_}}));
  EXPECT_EQ(as_tuples(batch.sources()->adapters()), (Stretches{{0, 3, &one_}, {3, 4, &two_}}));
}

TEST_F(NamedRows, OfOneAdapterAreThePassesOwn) {
  const AdapterRows rows[] = {{0, 3, &one_}, {3, 2, &two_}};
  EXPECT_EQ(nn::adapter_use(&one_, {}).adapter, &one_);
  EXPECT_EQ(nn::adapter_use(nullptr, {rows, 1}).adapter, &one_);
  EXPECT_TRUE(nn::adapter_use(nullptr, {rows, 1}).rows.empty());
  EXPECT_EQ(nn::adapter_use(nullptr, rows).rows.size(), 2u);
  EXPECT_EQ(nn::adapter_use(nullptr, rows).adapter, nullptr);
  EXPECT_THROW(nn::adapter_use(&one_, rows), Error);
}

// Pairs on both parts; `scaled`: outputs have magnitudes.
template <class T>
struct Pairs {
  Pairs(uint64_t seed, int64_t rank, bool scaled, const Linear& layer)
      : a(Gapped<T>::random(2 * rank, kIn, seed, 1, 0)),
        first(Gapped<T>::random(rank, kOuts[0], seed + 1, 1, 0)),
        second(Gapped<T>::random(rank, kOuts[1], seed + 2, 1, 0)) {
    group.a = a.view();
    group.parts.push_back({0, kOuts[0], 0, rank, 0.5f, first.view(), {}});
    group.parts.push_back({kOuts[0], kOuts[1], rank, rank, 0.75f, second.view(), {}});
    for (int64_t n = 0; scaled && n < kOut; ++n) scale.push_back(0.5f + 0.03f * float(n));
    group.column_scale = scale;
    set.add(layer, &group);
  }
  Gapped<T> a, first, second;
  std::vector<float> scale;
  nn::LoraGroup group;
  LoraSet set;
};

class RowsOfAdapters : public ::testing::TestWithParam<bool> {
 protected:
  // Values of the linear with one adapter for all rows, or each row's own.
  template <class T>
  static Matrix<float> values(const Linear& layer, const nn::AdapterUse& use, bool residual) {
    Arena arena;
    Graph graph(arena, DTypeOf<T>::value, false);
    Gapped<T> x = Gapped<T>::random(kRows, kIn, 1);
    Gapped<float> above = Gapped<float>::random(kRows, kOut, 3);
    const Var in = graph.create(DTypeOf<T>::value, kRows, kIn, false);
    copy_into(x, graph.value(in));
    const Var add = graph.create(DType::kF32, kRows, kOut, false);
    copy_into(above, graph.value(add));
    const Var y = residual ? nn::linear_residual(graph, layer, in, add, use)
                           : nn::linear(graph, layer, in, use);
    Matrix<float> result(kRows, kOut);
    kernels::convert(graph.value(y), result.view());
    return result;
  }
};

TEST_P(RowsOfAdapters, AreThoseOfEachAlone) {
  Linear layer = make_linear("f32", GetParam());
  layer.prepare(DType::kF32, true);
  const Pairs<float> plain(90, 3, false, layer), scaled(95, 2, true, layer),
      other(100, 5, false, layer);
  const std::vector<std::vector<AdapterRows>> cuts = {
      {{0, 2, &plain.set}, {2, 3, &other.set}, {5, 2, nullptr}},
      {{0, 1, &scaled.set}, {1, 1, &plain.set}, {2, 4, &scaled.set}, {6, 1, &other.set}},
      {{0, 3, nullptr}, {3, 2, &scaled.set}, {5, 2, &plain.set}}};
  for (const auto& rows : cuts) {
    for (const bool residual : {false, true}) {
      nn::AdapterUse use;
      use.rows = rows;
      const Matrix<float> got = values<float>(layer, use, residual);
      for (const AdapterRows& part : rows) {
        const Matrix<float> want = values<float>(layer, nn::adapter_use(part.adapter, {}),
                                                 residual);
        for (int64_t r = part.begin; r < part.begin + part.count; ++r) {
          for (int64_t n = 0; n < kOut; ++n) {
            // All numbers are at most one, ranks at most 5, scales at most 2.
            const double magnitude = 2 * double(kIn + 5 * kIn) + 2;
            ASSERT_NEAR(got.row(r)[n], want.row(r)[n], sum_bound(kIn + 5, magnitude)) << r;
          }
        }
      }
    }
  }
}

TEST_P(RowsOfAdapters, AreNotRecorded) {
  Linear layer = make_linear("f32", GetParam());
  layer.prepare(DType::kF32, true);
  const Pairs<float> plain(90, 3, false, layer);
  const AdapterRows rows[] = {{0, 4, &plain.set}, {4, kRows - 4, nullptr}};
  nn::AdapterUse use;
  use.rows = rows;
  EXPECT_THROW(Pass<float>(layer, false, use), Error);
}

INSTANTIATE_TEST_SUITE_P(WithBias, RowsOfAdapters, ::testing::Bool());

}  // namespace
}  // namespace relatum::testing
