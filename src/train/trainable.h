// What the trainer needs to know of the numbers that it trains.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nn/linear.h"
#include "nn/weight_gradients.h"
#include "train/identity.h"

namespace relatum::train {

/// A stretch of the flat values.
struct ValueRange {
  int64_t begin = 0, count = 0;
};

/// Trained numbers of one kind, by PEFT's name for it.
struct ValueGroup {
  std::string name;
  std::vector<ValueRange> ranges;
  /// They move faster with LoRA+ (Hayou et al. 2024, arXiv 2402.12354): pairs' B, and magnitudes,
  /// as in PEFT's loraplus.
  bool second_factor = false;
  double rate = 1;  ///< of their learning rate over the run's
};
int64_t count_of(const ValueGroup& group);

/// The group of Trainable::extras().
inline constexpr const char* kExtras = "extras";

struct ClassifierForm;
struct SpanReader;

/// All trained numbers in one flat array, and their gradients in another.
class Trainable {
 public:
  virtual ~Trainable() = default;

  virtual std::span<float> values() = 0;
  virtual std::span<const float> values() const = 0;
  virtual std::span<float> grads() = 0;
  /// Those behind all others that whoever made it asked for, to train along; zero at first.
  virtual std::span<float> extras() { return {}; }
  /// Which of them are what: disjoint, together all of them.
  virtual std::vector<ValueGroup> groups() const;
  /// Gives memory to gradients, which are zero then.
  virtual void enable_training() = 0;
  virtual void zero_grads() = 0;
  /// Brings what passes read up to date with values().
  virtual void sync() = 0;

  /// The adapter that passes are given; nullptr: none.
  virtual const nn::LoraSet* adapter() const = 0;
  /// Whether it is the network's own weights that are trained, not an adapter's.
  virtual bool trains_weights() const { return false; }
  /// Rows are classified by two states each; nullptr: a language model predicts their tokens.
  virtual const ClassifierForm* classifier() const { return nullptr; }
  /// Rows are texts whose spans are classified, all of them or (SpanForm::joint) some; nullptr:
  /// they are others.
  virtual const SpanReader* spans() const { return nullptr; }
  /// Where recorded passes add gradients of weights; nullptr: all weights are frozen.
  virtual const nn::WeightGradients* weight_gradients() const = 0;
  /// Share of an adapter's input that dropout takes away.
  virtual double dropout() const = 0;
  /// Operations a token that training takes at a linear's part beyond four for each of its weights.
  virtual double operations(const nn::Linear::Part& part) const = 0;
  /// Adds what a run has to share with the one that it goes on with.
  virtual void describe(std::vector<NamedValue>& options) const = 0;
  /// Writes the values into a run's folder, whole or not at all. `base`: the model's file or
  /// folder.
  virtual void save(const std::filesystem::path& run, const std::string& base) const = 0;
};

/// Neighbouring values whose learning rate has the same factor.
struct RateRange {
  ValueRange values;
  double factor = 1;
};
/// All values in order, with their group's rate, those that LoRA+ makes faster with its ratio, too.
std::vector<RateRange> rates_of(const Trainable& trained, double lora_plus);

}  // namespace relatum::train
