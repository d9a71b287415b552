// A classifier of spans over a network's states, trained beside what trains the network.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nn/span_rows.h"
#include "train/pair_numbers.h"
#include "train/trained_beside.h"

namespace relatum::train {

struct SpanForm {
  int64_t classes = 0;       ///< C, with that of no entity, which is 0
  int64_t width = 0;         ///< D of the network
  int64_t widest = 0;        ///< words of the longest span that is looked at
  int64_t lengths = 0;       ///< W: that have numbers of their own, see nn::SpanHead::widths
  int64_t hidden = 256;      ///< H
  double dropout = 0.1;      ///< of the words' states
  double own_dropout = 0.1;  ///< the network's own, see arch::ForwardOptions::own_dropout
  double rate = 1;           ///< of its learning rate over that of all else
  /// Of the classes among the training spans, each above 0: the output's bias begins as their
  /// logarithms, so that a network that knows nothing says what is usual (Lin et al. 2017, arXiv
  /// 1708.02002, for the idea). Empty: it begins as zero.
  std::vector<double> shares{};
  bool joint = false;  ///< rows that are no texts are trained, too, by the network's own head
  PairForm pairs{};    ///< of the classifier of the texts' pairs, where there is one
  /// Numbers that it is of what is trained: 2H x D, W x H, C x H and C.
  int64_t own_size() const {
    return 2 * hidden * width + lengths * hidden + classes * (hidden + 1);
  }
  /// With the pairs' behind them.
  int64_t size() const { return own_size() + pairs.size(); }
};

/// A form with the head that has its numbers.
struct SpanReader {
  SpanForm form;
  nn::SpanHead head;
  std::optional<nn::PairHead> pairs{};
  /// The adapter that passes over texts are given: the network's, with this head.
  nn::LoraSet set{};
};

/// What trains the network, with the head's numbers behind its own in the same flat array.
class SpanTraining final : public TrainedBeside {
 public:
  /// base: made with SpanForm::size() extras. Matrices begin normal with the deviation that torch's
  /// Linear has, 1 / sqrt(3 inputs); what a span's length adds begins as one input of deviation
  /// kLengthDeviation would, biases as SpanForm::shares has them.
  SpanTraining(std::unique_ptr<Trainable> base, DType compute, const SpanForm& form, uint64_t seed);

  void sync() override;
  const SpanReader* spans() const override { return &reader_; }
  double operations(const nn::Linear::Part& part) const override;
  void describe(std::vector<NamedValue>& options) const override;
  /// What the base saves, and span_file(run); where it has pairs, pair_file(run).
  void save(const std::filesystem::path& run, const std::string& base) const override;

  static constexpr double kLengthDeviation = 0.3;

 private:
  std::span<float> own_numbers() const;
  std::span<float> pair_numbers() const;
  void begin_pairs(DType compute, uint64_t seed);

  SpanReader reader_;
};

/// Where a run keeps it, in f32: project.weight 2H x D, width.weight W x H, output.weight C x H and
/// output.bias C.
std::filesystem::path span_file(const std::filesystem::path& run);

/// The head of a run, ready for passes.
struct LoadedSpanHead {
  nn::SpanHead head;
  std::vector<float> widths;  ///< those of the head
};
/// Throws Error naming the file where it holds no head of these sizes.
LoadedSpanHead load_span_head(const std::filesystem::path& run, const SpanForm& form,
                              DType compute);

}  // namespace relatum::train
