// Block by block, as extraction does.
#include "jobs/suggest_scores.h"

#include <cstdint>
#include <utility>

#include "jobs/extract_blocks.h"

namespace relatum::jobs {
namespace {

class PairScorer {
 public:
  PairScorer(SuggestUnits& units, int64_t pairs, Answerer& answerer, const Context& context)
      : units_(units), answerer_(answerer), context_(context), inner_(context) {
    inner_.progress = [this, pairs](Progress progress) {
      if (progress.task == "embedding") return;  // of one block only
      progress.done += double(begun_);
      progress.total = double(pairs);
      progress.unit = "pairs";
      context_.report(progress);
    };
  }

  void add(SuggestUnits::Pair&& pair) {
    if (context_.stopping()) throw Stopped{};
    numbers_.push_back(pair.number);
    examples_.push_back(std::move(pair.example));
    if (examples_.size() == kExtractBlock) answer();
  }

  void answer() {
    if (examples_.empty()) return;
    size_t next = 0;
    answerer_.answer(
        {examples_, 0},
        [&](std::vector<task::Prediction>&& predictions) {
      for (const task::Prediction& prediction : predictions) {
        std::vector<double> probabilities;
        for (const auto& [label, probability] : prediction.scores) {
          probabilities.push_back(probability);
        }
        if (!probabilities.empty()) units_.keep(numbers_[next], probabilities);
        ++next;
      }
        },
        inner_);
    if (next < examples_.size()) throw Stopped{};
    begun_ += int64_t(examples_.size());
    examples_.clear();
    numbers_.clear();
  }

 private:
  SuggestUnits& units_;
  Answerer& answerer_;
  const Context& context_;
  Context inner_;
  int64_t begun_ = 0;
  std::vector<task::Example> examples_;
  std::vector<int64_t> numbers_;
};

}  // namespace

void check_lengths(const SuggestUnits& units, const Answerer& answerer, const Context& context) {
  units.each_pair(std::vector<bool>(units.size(), true), [&](SuggestUnits::Pair&& pair) {
    if (context.stopping()) throw Stopped{};
    answerer.check_length(pair.example);
  });
}

void score_units(SuggestUnits& units, const std::vector<bool>& wanted, Answerer& answerer,
                 const Context& context) {
  PairScorer scorer(units, units.count_pairs(wanted), answerer, context);
  units.each_pair(wanted, [&](SuggestUnits::Pair&& pair) { scorer.add(std::move(pair)); });
  scorer.answer();
  context.end_progress();
}

}  // namespace relatum::jobs
