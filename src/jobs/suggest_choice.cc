// Two ways of telling whether a text is like one that was taken.
#include "jobs/suggest_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/rng.h"
#include "jobs/extract_blocks.h"

namespace relatum::jobs {
namespace {

constexpr uint64_t kDrawStream = 31;     // apart from samples' and hold-outs' draws
constexpr size_t kEmbeddedAtOnce = 256;  // texts; most choices end within the first few hundred

class LikeByWords : public task::LikeTaken {
 public:
  LikeByWords(const SuggestUnits& units, double similar) : units_(units), similar_(similar) {}

  bool is_like_taken(size_t candidate) override {
    text_ = units_.text(candidate);
    return taken_.similarity(text_) > similar_;
  }
  void take(size_t) override { taken_.take(text_); }

 private:
  const SuggestUnits& units_;
  const double similar_;
  task::WordsTaken taken_;
  std::string text_;  // of the candidate that was asked about last
};

class LikeByVectors : public task::LikeTaken {
 public:
  LikeByVectors(const SuggestUnits& units, std::span<const size_t> ranked,
                retrieve::Embedder& embedder, double similar, const Context& context)
      : units_(units), ranked_(ranked), embedder_(embedder), similar_(similar), context_(context) {}

  bool is_like_taken(size_t candidate) override {
    if (at_ == vectors_.size()) embed();
    RELATUM_CHECK(ranked_[begun_ + at_] == candidate);
    const std::vector<float>& vector = vectors_[at_++];
    return std::ranges::any_of(taken_, [&](const std::vector<float>& each) {
      return std::inner_product(each.begin(), each.end(), vector.begin(), 0.0) > similar_;
    });
  }
  void take(size_t) override { taken_.push_back(vectors_[at_ - 1]); }

 private:
  void embed() {
    begun_ += vectors_.size();
    std::vector<std::string> texts;
    for (size_t i = begun_; i < std::min(ranked_.size(), begun_ + kEmbeddedAtOnce); ++i) {
      texts.push_back(units_.text(ranked_[i]));
    }
    const Matrix<float> rows = embedder_.embed(texts, context_, {.for_search = true});
    if (rows.rows() < int64_t(texts.size())) throw Stopped{};
    vectors_.clear();
    at_ = 0;
    for (int64_t i = 0; i < rows.rows(); ++i) {
      std::vector<float> vector(rows.row(i), rows.row(i) + rows.cols());
      const double length = std::sqrt(
          std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
      for (float& x : vector) x = length > 0 ? float(x / length) : 0;
      vectors_.push_back(std::move(vector));
    }
  }

  const SuggestUnits& units_;
  std::span<const size_t> ranked_;
  retrieve::Embedder& embedder_;
  const double similar_;
  const Context& context_;
  size_t begun_ = 0, at_ = 0;
  std::vector<std::vector<float>> vectors_, taken_;  // of length 1
};

}  // namespace

std::vector<size_t> ranked_by(std::span<const double> values) {
  std::vector<size_t> order;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= 0) order.push_back(i);
  }
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return values[a] > values[b]; });
  return order;
}

std::vector<size_t> drawn_order(size_t units, uint64_t seed) {
  std::vector<size_t> order(units);
  std::iota(order.begin(), order.end(), size_t{0});
  Rng(seed, kDrawStream).shuffle(order);
  return order;
}

std::unique_ptr<task::LikeTaken> like_by_words(const SuggestUnits& units, double similar) {
  return std::make_unique<LikeByWords>(units, similar);
}

std::unique_ptr<task::LikeTaken> like_by_vectors(const SuggestUnits& units,
                                                 std::span<const size_t> ranked,
                                                 retrieve::Embedder& embedder, double similar,
                                                 const Context& context) {
  return std::make_unique<LikeByVectors>(units, ranked, embedder, similar, context);
}

}  // namespace relatum::jobs
