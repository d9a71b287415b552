// Which spans are taken, and as what: by the logarithms of their classes' probabilities.
#include "engine/find_spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/spans.h"

namespace relatum::testing {
namespace {

class FindSpans : public ::testing::Test {
 protected:
  using Found = std::vector<engine::ClassedWords>;

  std::vector<engine::SpanText> texts() const {
    std::vector<engine::SpanText> all;
    for (const train::TrainRow& row : run_.rows) all.push_back({row.tokens, row.words});
    return all;
  }
  Found found(const engine::SpanSearch& search) {
    Found all;
    engine::find_spans(
        run_.worker, run_.head(), texts(), search,
        [&](auto&& batch) {
      for (const auto& each : batch) all.insert(all.end(), each.begin(), each.end());
        },
        {});
    return all;
  }
  // By definition: among class 0 and `classes` alone, from this probability of not being 0 on.
  Found by_definition(const std::vector<int32_t>& classes, double from) {
    Found all;
    engine::each_span(run_.worker, run_.head(), texts(),
                      [&](size_t, nn::SpanPlace span, std::span<const double> scores) {
      double sum = std::exp(scores[0]), most = 0;
      int32_t label = 0;
      for (const int32_t each : classes) {
        const double own = std::exp(scores[size_t(each)]);
        sum += own;
        if (own > most) most = own, label = each;
      }
      if (1 - std::exp(scores[0]) / sum < from) return;
      all.push_back({span.first, span.last, label, most / sum});
    });
    return all;
  }
  static void expect_same(const Found& got, const Found& want) {
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].first, want[i].first) << i;
      EXPECT_EQ(got[i].last, want[i].last) << i;
      EXPECT_EQ(got[i].label, want[i].label) << i;
      EXPECT_NEAR(got[i].probability, want[i].probability, 1e-12) << i;
    }
  }

  SpanRun run_{"llama"};
};

TEST_F(FindSpans, OfSomeClassesTheProbabilitiesAreAmongThemAndNone) {
  const auto classes = int32_t(run_.form.classes);
  ASSERT_GE(classes, 3);
  for (const double from : {0.0, 0.3, 0.6}) {
    for (int32_t one = 1; one < classes; ++one) {
      expect_same(found({.from = from, .classes = {one}}), by_definition({one}, from));
    }
    expect_same(found({.from = from, .classes = {1, classes - 1}}),
                by_definition({1, classes - 1}, from));
  }
}

TEST_F(FindSpans, AllClassesByNameAreAllClasses) {
  std::vector<int32_t> all;
  for (int32_t each = 1; each < int32_t(run_.form.classes); ++each) all.push_back(each);
  for (const std::optional<double> from : {std::optional<double>(), std::optional(0.3)}) {
    const Found plain = found({.from = from});
    EXPECT_FALSE(plain.empty());
    expect_same(found({.from = from, .classes = all}), plain);
  }
}

// Without a threshold a span is taken where none is less likely than one of those that are asked,
// which of the tiny network's spans some are and some are not.
TEST_F(FindSpans, WithoutAThresholdNoneHasToBeLessLikely) {
  Found likelier;
  for (const engine::ClassedWords& each : by_definition({1}, 0)) {
    if (each.probability > 0.5) likelier.push_back(each);
  }
  expect_same(found({.classes = {1}}), likelier);
  EXPECT_FALSE(likelier.empty());
  EXPECT_LT(likelier.size(), by_definition({1}, 0).size());
}

}  // namespace
}  // namespace relatum::testing
