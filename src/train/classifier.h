// A linear classifier over two of a network's states, trained beside what trains the network.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "nn/linear.h"
#include "train/trainable.h"

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
class ClassifierTraining final : public Trainable {
 public:
  /// base: made with ClassifierForm::size() extras. Weights begin normal with a deviation of 0.02,
  /// as BERT's heads do, biases at zero.
  ClassifierTraining(std::unique_ptr<Trainable> base, DType compute, const ClassifierForm& form,
                     uint64_t seed);
  ClassifierTraining(const ClassifierTraining&) = delete;
  ClassifierTraining& operator=(const ClassifierTraining&) = delete;

  const Trainable& base() const { return *base_; }
  std::span<float> values() override { return base_->values(); }
  std::span<const float> values() const override {
    return static_cast<const Trainable&>(*base_).values();
  }
  std::span<float> grads() override { return base_->grads(); }
  std::vector<ValueGroup> groups() const override;
  void enable_training() override { base_->enable_training(); }
  void zero_grads() override { base_->zero_grads(); }
  void sync() override;
  const nn::LoraSet* adapter() const override { return &set_; }
  bool trains_weights() const override { return base_->trains_weights(); }
  const nn::WeightGradients* weight_gradients() const override { return base_->weight_gradients(); }
  double dropout() const override { return base_->dropout(); }
  const ClassifierForm* classifier() const override { return &form_; }
  double operations(const nn::Linear::Part& part) const override;
  void describe(std::vector<NamedValue>& options) const override;
  /// What the base saves, and classifier_file(run).
  void save(const std::filesystem::path& run, const std::string& base) const override;

 private:
  std::unique_ptr<Trainable> base_;
  ClassifierForm form_;
  nn::LoraSet set_;
  std::optional<nn::Linear> head_;
};

/// Where a run keeps it: weight C x 2D and bias C, in f32.
std::filesystem::path classifier_file(const std::filesystem::path& run);
/// The classifier of a run, ready for passes of that compute type. Throws Error naming the file
/// where it holds no classifier of these sizes.
nn::Linear load_classifier(const std::filesystem::path& run, int64_t labels, int64_t inputs,
                           DType compute);

}  // namespace relatum::train
