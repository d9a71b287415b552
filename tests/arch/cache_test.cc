// Cached keys and token trees give what whole rows give.
#include <gtest/gtest.h>

#include "kernels/cpu.h"
#include "support/models.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

using kernels::AttentionSpan;

std::vector<int32_t> first_tokens(const std::vector<int32_t>& tokens, size_t count) {
  return {tokens.begin(), tokens.begin() + std::ptrdiff_t(count)};
}

uint64_t hash_of(std::span<const int32_t> tokens) {
  uint64_t hash = 0;
  for (const int32_t token : tokens) hash = nn::extend_hash(hash, token);
  return hash;
}

class Cached : public ::testing::TestWithParam<DType> {
 protected:
  void SetUp() override {
    if (GetParam() == DType::kBF16 && !kernels::has_fast_bf16()) {
      GTEST_SKIP() << "this CPU, or the set it is limited to, has no bf16 products";
    }
    arch::LoadOptions options;
    options.compute = GetParam();
    model_ = load(fixture("llama/tied"), options);
    const arch::ModelInfo& info = model_->info();
    cache_ = nn::KvCache(info.layers, 40, info.kv_heads, info.head_size, GetParam());
    const auto file = io::Safetensors::open(fixture("llama/tied/expected.safetensors"));
    tokens_ = read_ints(file, "row1.input_ids");
  }

  // What every machine runs, so that docs/models.md is the same on each.
  static std::string row_of_table() { return GetParam() == DType::kF32 ? "SmolLM2" : ""; }
  double bound() const { return parity_bound(*model_, GetParam()); }
  Matrix<float> plain(std::span<const int32_t> tokens) {
    return run(*model_, single(tokens), GetParam());
  }
  // Runs tokens behind `cached` rows, storing theirs at `store`.
  Matrix<float> step(std::span<const int32_t> tokens, std::span<const AttentionSpan> cached,
                     std::span<const int64_t> store) {
    nn::TokenBatch batch;
    batch.append(batch.root(cached), tokens);
    batch.finish();
    return run(*model_, batch, GetParam(), false, use(store));
  }
  arch::ForwardOptions use(std::span<const int64_t> store) {
    arch::ForwardOptions options;
    options.cache = {&cache_, store};
    return options;
  }

  std::unique_ptr<arch::Model> model_;
  nn::KvCache cache_;
  std::vector<int32_t> tokens_;
};

TEST_P(Cached, TokenByTokenIsTheWholeRow) {
  shows(row_of_table(), {"cached"});
  const Matrix<float> whole = plain(tokens_);
  for (int64_t i = 0; i < int64_t(tokens_.size()); ++i) {
    const AttentionSpan before{0, i, true};
    const Matrix<float> logits = step(std::span(tokens_).subspan(size_t(i), 1), {&before, 1},
                                      {&i, 1});
    EXPECT_LT(distance(logits.view(), whole.view().rows_from(i, 1)), bound()) << i;
  }
}

TEST_P(Cached, RowsOfTheCacheMayLieAnywhere) {
  const std::vector<int64_t> places{30, 31, 32, 5, 6, 7, 8, 21};
  const std::span<const int32_t> tokens = tokens_;
  step(tokens.first(8), {}, places);
  const std::vector<AttentionSpan> spans{{30, 3, true}, {5, 4, true}, {21, 1, true}};
  const Matrix<float> rest = step(tokens.subspan(8), spans, {});
  EXPECT_LT(distance(rest.view(), plain(tokens_).view().rows_from(8, 10)), bound());
}

TEST_P(Cached, NothingIsStoredWhereTheRowIsMinusOne) {
  const std::span<const int32_t> tokens = tokens_;
  const std::vector<int64_t> store{0, 1, -1, 2};  // the third token is not remembered
  std::vector<int32_t> with{tokens_[0], tokens_[1], 99, tokens_[2]};
  step(with, {}, store);
  step(tokens.first(3), {}, std::vector<int64_t>{0, 1, 2});
  const AttentionSpan before{0, 3, true};
  const Matrix<float> rest = step(tokens.subspan(3, 4), {&before, 1}, {});
  EXPECT_LT(distance(rest.view(), plain(tokens.first(7)).view().rows_from(3, 4)), bound());
}

TEST_P(Cached, SeveralRowsShareOneCachedPrefix) {
  const std::span<const int32_t> tokens = tokens_;
  step(tokens.first(6), {}, std::vector<int64_t>{0, 1, 2, 3, 4, 5});
  const AttentionSpan prefix{0, 6, true};
  const std::vector<std::vector<int32_t>> tails{{9, 8, 7}, {64}, {3, 3, 120, 17, 5}};
  nn::TokenBatch batch;
  for (const auto& tail : tails) {
    batch.append(batch.root({&prefix, 1}, hash_of(tokens.first(6))), tail);
  }
  batch.finish();
  const Matrix<float> logits = run(*model_, batch, GetParam(), false, use({}));
  int64_t begin = 0;
  for (const auto& tail : tails) {
    std::vector<int32_t> whole = first_tokens(tokens_, 6);
    whole.insert(whole.end(), tail.begin(), tail.end());
    const int64_t count = int64_t(tail.size());
    EXPECT_LT(
        distance(logits.view().rows_from(begin, count), plain(whole).view().rows_from(6, count)),
        bound());
    begin += count;
  }
}

// A trie of answers behind a row: each path is a row of its own.
struct Trie {
  std::vector<int32_t> tokens{50, 51, 60, 52, 61, 53, 50, 70};
  std::vector<int32_t> above{-1, 0, 0, 1, 2, -1, 5, 4};
  std::vector<int32_t> path(size_t node) const {
    std::vector<int32_t> result;
    for (int32_t i = int32_t(node); i >= 0; i = above[size_t(i)]) {
      result.insert(result.begin(), tokens[size_t(i)]);
    }
    return result;
  }
};

TEST_P(Cached, TokenTreeIsItsPaths) {
  shows(row_of_table(), {"cached"});
  const Trie trie;
  const std::span<const int32_t> prompt = std::span(tokens_).first(7);
  nn::TokenBatch inside, behind_cache;
  inside.append_tree(inside.append(inside.root(), prompt), trie.tokens, trie.above);
  inside.finish();
  step(prompt, {}, std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6});
  const AttentionSpan before{0, 7, true};
  behind_cache.append_tree(behind_cache.root({&before, 1}, hash_of(prompt)), trie.tokens,
                           trie.above);
  behind_cache.finish();
  const Matrix<float> all = run(*model_, inside, GetParam());
  const Matrix<float> cached = run(*model_, behind_cache, GetParam(), false, use({}));
  for (size_t node = 0; node < trie.tokens.size(); ++node) {
    std::vector<int32_t> row = first_tokens(tokens_, 7);
    const std::vector<int32_t> path = trie.path(node);
    row.insert(row.end(), path.begin(), path.end());
    const Matrix<float> alone = plain(row);
    const auto last = alone.view().rows_from(alone.rows() - 1, 1);
    EXPECT_LT(distance(all.view().rows_from(7 + int64_t(node), 1), last), bound()) << node;
    EXPECT_LT(distance(cached.view().rows_from(int64_t(node), 1), last), bound()) << node;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Cached, ::testing::Values(DType::kF32, DType::kBF16),
                         [](const auto& test) { return std::string(name_of(test.param)); });

}  // namespace
}  // namespace relatum::testing
