// Losses of a text's rows against the model's own log-probabilities, and the comparison's figures.
#include "jobs/perplexity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "engine/session.h"
#include "support/decoder_options.h"
#include "support/error_of.h"
#include "support/t5.h"

namespace relatum::testing {
namespace {

using jobs::compare;
using jobs::text_losses;
using nlohmann::json;
using ::testing::HasSubstr;

// 64 tokens are a row, so two rows and a part of one.
const std::string kText =
    "anna flies for kestrel airways and ben has worked there for a year, as he says; before that "
    "he drove a lorry from coast to coast and wrote long letters home about the towns he saw";

/// A decoder of 64 positions whose tokenizer may put a token in front of texts.
struct Folder : OptionFolder {
  explicit Folder(bool begin) : OptionFolder(decoder_options().at("untied_head")) {
    json tokenizer = t5_tokenizer();
    const json first{{"SpecialToken", {{"id", "</s>"}, {"type_id", 0}}}};
    const json text{{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    const json ids{{"</s>", {{"id", "</s>"}, {"ids", {1}}, {"tokens", {"</s>"}}}}};
    if (begin) {
      tokenizer["post_processor"] = {{"type", "TemplateProcessing"},
                                     {"single", {first, text}},
                                     {"pair", {first, text}},
                                     {"special_tokens", ids}};
    }
    write_file(path() / "tokenizer.json", tokenizer.dump());
    write_file(path() / "tokenizer_config.json", R"({"eos_token": "</s>"})");
  }
};

class TextLosses : public ::testing::TestWithParam<bool> {};

TEST_P(TextLosses, AreThoseOfEachRow) {
  const Folder folder(GetParam());
  const engine::Session session(folder.path(), {.compute = "f32", .base = "keep"});
  std::vector<int32_t> tokens = session.tokenizer().encode_data(kText);
  ASSERT_GT(tokens.size(), 2u * 64);
  const auto got = text_losses(folder.path(), kText, Context());
  ASSERT_TRUE(got);
  const size_t own = GetParam() ? 63 : 64;
  ASSERT_EQ(got->size(), (tokens.size() + own - 1) / own);
  // Both sides are within it of the exact logits, and a log-probability moves by twice as much.
  const double bound = 4 * parity_bound(session.model());
  for (size_t r = 0; r < got->size(); ++r) {
    std::vector<int32_t> row;
    if (GetParam()) row.push_back(1);
    for (size_t i = r * own; i < std::min(tokens.size(), (r + 1) * own); ++i) {
      row.push_back(tokens[i]);
    }
    const Matrix<float> table = log_probabilities(run(session.model(), single(row)));
    double want = 0;
    for (size_t i = 1; i < row.size(); ++i) want -= double(table.row(int64_t(i) - 1)[row[i]]);
    const nn::LossSum& sum = (*got)[r];
    EXPECT_EQ(sum.count, int64_t(row.size()) - 1);
    EXPECT_NEAR(sum.sum, want, double(sum.count) * bound) << r;
  }
}

INSTANTIATE_TEST_SUITE_P(Beginnings, TextLosses, ::testing::Bool(),
                         [](const auto& which) { return which.param ? "told" : "none"; });

TEST(TextLoss, WhatHasNoneIsRefused) {
  EXPECT_THAT(error_of([] { text_losses(T5Folder(t5_options().at("first")).path(), kText, {}); }),
              HasSubstr("is an encoder-decoder"));
  const Folder folder(false);
  EXPECT_THAT(error_of([&] { text_losses(folder.path(), "", {}); }), HasSubstr("no token"));
  std::atomic<bool> stop{true};
  EXPECT_FALSE(text_losses(folder.path(), kText, {.stop = &stop}));
}

// Ten rows of 10 tokens: their losses become larger by 1 and 3 in turns, hence 20 in 100 more.
TEST(TextComparison, TellsBothPerplexitiesAndHowSureTheChangeIs) {
  std::vector<nn::LossSum> before, after;
  for (int i = 0; i < 5; ++i) {
    before.insert(before.end(), {{20, 10}, {30, 10}});
    after.insert(after.end(), {{21, 10}, {33, 10}});
  }
  const auto result = compare(before, after);
  EXPECT_EQ(result.rows, 10);
  EXPECT_EQ(result.tokens, 100);
  EXPECT_DOUBLE_EQ(result.before, std::exp(2.5));
  EXPECT_DOUBLE_EQ(result.after, std::exp(2.7));
  EXPECT_NEAR(result.change, 0.2, 1e-15);
  // The rows' means differ by 0.1 and 0.3: a deviation of sqrt(0.1 / 9), over sqrt(10) rows.
  ASSERT_TRUE(result.error);
  EXPECT_NEAR(*result.error, std::sqrt(0.1 / 9 / 10), 1e-15);
  before.pop_back();
  after.pop_back();
  EXPECT_FALSE(compare(before, after).error);
}

}  // namespace
}  // namespace relatum::testing
