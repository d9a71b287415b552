// What trains the network, with numbers beside its own in the same flat array.
#pragma once

#include <memory>
#include <string>

#include "train/trainable.h"

namespace relatum::train {

/// Hands everything on to `base`, whose extras() are the numbers of the head that derives from it.
class TrainedBeside : public Trainable {
 public:
  TrainedBeside(const TrainedBeside&) = delete;
  TrainedBeside& operator=(const TrainedBeside&) = delete;

  const Trainable& base() const { return *base_; }
  std::span<float> values() override { return base_->values(); }
  std::span<const float> values() const override {
    return static_cast<const Trainable&>(*base_).values();
  }
  std::span<float> grads() override { return base_->grads(); }
  std::vector<ValueGroup> groups() const override;
  void enable_training() override { base_->enable_training(); }
  void zero_grads() override { base_->zero_grads(); }
  const nn::LoraSet* adapter() const override { return &set_; }
  bool trains_weights() const override { return base_->trains_weights(); }
  const nn::WeightGradients* weight_gradients() const override { return base_->weight_gradients(); }
  double dropout() const override { return base_->dropout(); }

 protected:
  /// `name` and `rate`: of the group that the base's extras are then.
  TrainedBeside(std::unique_ptr<Trainable> base, std::string name, double rate);

  std::unique_ptr<Trainable> base_;
  nn::LoraSet set_;  ///< the base's, for a head of one's own

 private:
  std::string name_;
  double rate_;
};

}  // namespace relatum::train
