// A linear classifier over two of a network's states, trained beside what trains the network.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "nn/linear.h"
#include "train/trained_beside.h"

namespace relatum::train {

struct ClassifierForm {
  int64_t labels = 0, inputs = 0;  ///< C classes; 2D, two states side by side
  double dropout = 0.1;            ///< before the classifier
  double own_dropout = 0.1;        ///< the network's own, see arch::ForwardOptions::own_dropout
  double rate = 1;                 ///< of its learning rate over that of all else
  /// Numbers that it is of what is trained, weights and biases.
  int64_t size() const { return labels * (inputs + 1); }
};

/// What trains the network, with the classifier's numbers behind its own in the same flat array.
class ClassifierTraining final : public TrainedBeside {
 public:
  /// base: made with ClassifierForm::size() extras. Weights begin normal with a deviation of 0.02,
  /// as BERT's heads do, biases at zero.
  ClassifierTraining(std::unique_ptr<Trainable> base, DType compute, const ClassifierForm& form,
                     uint64_t seed);
  void sync() override;
  const ClassifierForm* classifier() const override { return &form_; }
  double operations(const nn::Linear::Part& part) const override;
  void describe(std::vector<NamedValue>& options) const override;
  /// What the base saves, and classifier_file(run).
  void save(const std::filesystem::path& run, const std::string& base) const override;

 private:
  ClassifierForm form_;
  std::optional<nn::Linear> head_;
};

/// Where a run keeps it: weight C x 2D and bias C, in f32.
std::filesystem::path classifier_file(const std::filesystem::path& run);
/// The classifier of a run, ready for passes of that compute type. Throws Error naming the file
/// where it holds no classifier of these sizes.
nn::Linear load_classifier(const std::filesystem::path& run, int64_t labels, int64_t inputs,
                           DType compute);

}  // namespace relatum::train
