// Spans by their definition: sums of two words and a length, and where the gradient goes.
#include "nn/span_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/numbers.h"
#include "support/threads.h"
#include "support/tolerance.h"
#include "tensor/buffer.h"

namespace relatum::testing {
namespace {

using nn::SpanPlace;

// Spans of more words than have a row of their own share the last one.
constexpr int64_t kWords = 7, kWidest = 4, kLengths = 3;

int64_t row_of(const SpanPlace& span) { return std::min(int64_t(span.words()), kLengths) - 1; }

std::vector<SpanPlace> all_spans(int64_t words, int64_t widest, int64_t begin = 0) {
  std::vector<SpanPlace> spans;
  nn::add_spans(begin, words, widest, spans);
  return spans;
}

TEST(Spans, AreAllOfUpToTheWidest) {
  for (const int64_t words : {1, 2, 3, 7}) {
    for (const int64_t widest : {1, 3, 9}) {
      const auto spans = all_spans(words, widest, 10);
      EXPECT_EQ(int64_t(spans.size()), nn::count_spans(words, widest)) << words << " " << widest;
      std::set<std::pair<int32_t, int32_t>> distinct;
      for (size_t i = 0; i < spans.size(); ++i) {
        EXPECT_TRUE(spans[i].first >= 10 && spans[i].last < 10 + words);
        EXPECT_TRUE(spans[i].words() >= 1 && spans[i].words() <= widest);
        const SpanPlace own{spans[i].first - 10, spans[i].last - 10};
        EXPECT_EQ(nn::span_number(words, widest, own), int64_t(i));
        distinct.emplace(own.first, own.last);
      }
      EXPECT_EQ(distinct.size(), spans.size());
    }
  }
}

// Two texts, whose words stand one behind the other; a column more than a thread gets alone.
template <class T>
class SpanRows : public ::testing::Test {
 protected:
  static constexpr int64_t kHidden = 130;
  static constexpr DType kType = DTypeOf<T>::value;

  SpanRows() : spans(all_spans(kWords, kWidest)) {
    nn::add_spans(kWords, 2, kWidest, spans);
    Rng rng(3, 1);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = float(2 * rng.uniform(i) - 1);
  }
  Mat play(nn::Graph& graph, nn::Var& x, Mat& y) {
    x = graph.create(kType, kWords + 2, 2 * kHidden, true);
    fill(graph.value(x), 1);
    const nn::Var out = nn::span_rows(graph, x, widths(), spans);
    y = graph.value(out);
    const Mat dy = graph.allocate(kType, y.rows, y.cols);
    fill(dy, 2);
    graph.set_grad(out, dy);
    graph.backward();
    return dy;
  }
  static void fill(Mat to, uint64_t stream) {
    const Rng rng(5, stream);
    for (int64_t r = 0; r < to.rows; ++r) {
      for (int64_t c = 0; c < to.cols; ++c) {
        put(to.as<T>().row(r)[c], 2 * rng.uniform(uint64_t(r * to.cols + c)) - 1);
      }
    }
  }
  static double at(Mat m, int64_t r, int64_t c) { return double(to_float(m.as<T>().row(r)[c])); }
  MatView<const float> widths() const { return {numbers.data(), kLengths, kHidden}; }

  std::vector<SpanPlace> spans;
  std::vector<float> numbers = std::vector<float>(size_t(kLengths * kHidden));
  std::vector<float> grads = std::vector<float>(size_t(kLengths * kHidden), 0.5f);
};

using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(SpanRows, Types);

TYPED_TEST(SpanRows, AddUpWordsAndLengthsAndGiveTheirGradientBack) {
  constexpr int64_t kColumns = TestFixture::kHidden;
  const nn::WeightGradients trained(this->numbers, this->grads);
  Arena arena;
  nn::Graph graph(arena, TestFixture::kType, true, &trained);
  nn::Var x;
  Mat y;
  const Mat dy = this->play(graph, x, y);
  Matrix<double> dx(kWords + 2, 2 * kColumns), sizes(kWords + 2, 2 * kColumns);
  Matrix<double> dc(kLengths, kColumns), lengths(kLengths, kColumns);
  for (Matrix<double>* each : {&dx, &sizes, &dc, &lengths}) each->zero();
  for (size_t i = 0; i < this->spans.size(); ++i) {
    const SpanPlace span = this->spans[i];
    for (int64_t c = 0; c < kColumns; ++c) {
      const double first = this->at(graph.value(x), span.first, c),
                   last = this->at(graph.value(x), span.last, kColumns + c),
                   width = double(this->widths().row(row_of(span))[c]);
      EXPECT_NEAR(
          this->at(y, int64_t(i), c), first + last + width,
          sum_bound(3, std::abs(first) + std::abs(last) + std::abs(width), TestFixture::kType));
      const double grad = this->at(dy, int64_t(i), c);
      for (const auto& [sum, size] : {std::pair(&dx, grad), std::pair(&sizes, std::abs(grad))}) {
        sum->row(span.first)[c] += size;
        sum->row(span.last)[kColumns + c] += size;
      }
      dc.row(row_of(span))[c] += grad;
      lengths.row(row_of(span))[c] += std::abs(grad);
    }
  }
  const auto terms = int64_t(this->spans.size());
  for (int64_t r = 0; r < dx.rows(); ++r) {
    for (int64_t c = 0; c < dx.cols(); ++c) {
      EXPECT_NEAR(this->at(graph.grad(x), r, c), dx.row(r)[c],
                  sum_bound(terms, sizes.row(r)[c], TestFixture::kType));
    }
  }
  for (int64_t i = 0; i < dc.rows() * dc.cols(); ++i) {  // added to what was there
    EXPECT_NEAR(double(this->grads[size_t(i)]), 0.5 + dc.row(0)[i],
                sum_bound(terms + 1, 0.5 + lengths.row(0)[i]));
  }
}

TYPED_TEST(SpanRows, AreTheSameOnOneThreadAndWithFrozenLengths) {
  Arena arena, other;
  nn::Graph graph(arena, TestFixture::kType, true), again(other, TestFixture::kType, true);
  nn::Var x, x_again;
  Mat y, y_again;
  this->play(graph, x, y);
  {
    const Threads one(1);
    this->play(again, x_again, y_again);
  }
  const Mat dx = graph.grad(x), dx_again = again.grad(x_again);
  for (int64_t r = 0; r < dx.rows; ++r) {
    for (int64_t c = 0; c < dx.cols; ++c) {
      ASSERT_EQ(this->at(dx, r, c), this->at(dx_again, r, c));
    }
  }
  for (const float grad : this->grads) EXPECT_EQ(grad, 0.5f);
}

}  // namespace
}  // namespace relatum::testing
