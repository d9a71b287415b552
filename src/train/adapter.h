// A LoRA adapter for a model: its numbers, their views by linear, and their compute copies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arch/model.h"
#include "nn/lora.h"
#include "tensor/buffer.h"
#include "train/adapter_config.h"
#include "train/magnitudes.h"
#include "train/principal_start.h"
#include "train/saved_modules.h"
#include "train/trainable.h"

namespace relatum::train {

/// One adapted linear, in PEFT's terms: lora_A is R x K, lora_B (here transposed) R x N.
struct AdapterModule {
  std::string name;  ///< e.g. "model.layers.0.self_attn.q_proj"
  int64_t in = 0, out = 0, rank = 0;
  int64_t a_offset = 0, b_offset = 0;  ///< into the flat values
  float scale = 1;                     ///< alpha / rank, or alpha / sqrt(rank)
  int64_t m_offset = -1;               ///< of DoRA's magnitudes, N values; -1: none
};

/// What an adapter with these settings consists of: costs no memory for its numbers. Error where
/// a setting cannot be or a target names no linear of the model.
std::vector<AdapterModule> adapter_modules(const arch::Model& model, const AdapterConfig& config);

/// Owns all trainable numbers in one flat array, so that the optimiser and the state file need no
/// structure. The model outlives it and is not touched: passes are given set().
class Adapter final : public Trainable {
 public:
  /// Fresh factors: A uniform in +-1/sqrt(K) (PEFT's Kaiming initialisation), B zero, or as the
  /// configuration's `start` says. Magnitudes are the norms of the weights, saved modules the
  /// model's own. Error where a target names no linear of the model. `source`: for Start::kLoftq,
  /// the model before its weights were rounded. `extras`: how many numbers are trained along.
  Adapter(const arch::Model& model, DType compute, const AdapterConfig& config, uint64_t seed,
          const arch::Model* source = nullptr, int64_t extras = 0);
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  const AdapterConfig& config() const { return config_; }
  /// What a forward pass is given; it lives as long as the adapter.
  const nn::LoraSet& set() const { return set_; }
  /// The saved modules alone, for a base that the pairs became part of (engine::Session::quantise);
  /// nullptr where there are none. Turns a saved head to integers.
  const nn::LoraSet* set_beside_integers();
  const std::vector<AdapterModule>& modules() const { return modules_; }
  /// Its model has an encoder beside its decoder.
  bool encoder_decoder() const { return encoder_decoder_; }
  /// Its model is an encoder alone.
  bool encoder() const { return encoder_; }
  /// What its numbers take: those, their copies in the compute type, their gradients.
  size_t bytes() const { return values_.size() + copies_.size() + grads_.size() + saved_.bytes(); }
  /// For inference alone: gives back the f32 numbers where passes read copies of all of them, which
  /// are half as large. values() is empty then.
  void keep_copies_alone();
  std::span<float> values() override { return {values_.as<float>(), size_}; }
  std::span<const float> values() const override { return {values_.as<float>(), size_}; }
  std::span<float> grads() override { return {grads_.as<float>(), size_}; }
  std::span<const float> grads() const { return {grads_.as<float>(), size_}; }
  std::span<float> extras() override { return values().subspan(size_ - extras_); }
  MatView<float> a(const AdapterModule& m) {
    return {values_.as<float>() + m.a_offset, m.rank, m.in};
  }
  MatView<const float> a(const AdapterModule& m) const {
    return {values_.as<float>() + m.a_offset, m.rank, m.in};
  }
  /// lora_B transposed: R x N.
  MatView<float> b(const AdapterModule& m) {
    return {values_.as<float>() + m.b_offset, m.rank, m.out};
  }
  MatView<const float> b(const AdapterModule& m) const {
    return {values_.as<float>() + m.b_offset, m.rank, m.out};
  }
  /// DoRA's magnitudes, 1 x N.
  MatView<float> magnitudes(const AdapterModule& m) {
    return {values_.as<float>() + m.m_offset, 1, m.out};
  }
  MatView<const float> magnitudes(const AdapterModule& m) const {
    return {values_.as<float>() + m.m_offset, 1, m.out};
  }
  const std::vector<SavedModule>& saved() const { return saved_.modules(); }
  MatView<float> values_of_saved(const SavedModule& m) {
    return {values_.as<float>() + m.offset, m.rows, m.cols};
  }
  MatView<const float> values_of_saved(const SavedModule& m) const {
    return {values_.as<float>() + m.offset, m.rows, m.cols};
  }
  /// Of PiSSA: the pairs' values at the start, laid out as values() are, which the base lacks;
  /// empty otherwise.
  std::span<const float> removed() const { return start_.removed(); }
  /// Gives memory to gradients; without it the adapter only runs.
  void enable_training() override;
  void zero_grads() override { grads_.zero(); }
  /// Brings the compute copies up to date with values().
  void sync() override;
  const nn::LoraSet* adapter() const override { return &set_; }
  const nn::WeightGradients* weight_gradients() const override {
    return gradients_ ? &*gradients_ : nullptr;
  }
  std::vector<ValueGroup> groups() const override;
  double dropout() const override { return config_.dropout; }
  double operations(const nn::Linear::Part& part) const override;
  void describe(std::vector<NamedValue>& options) const override;
  /// As PEFT does, see save_peft().
  void save(const std::filesystem::path& run, const std::string& base) const override;

 private:
  void initialise(uint64_t seed);
  void make_set(const arch::Model& model);
  void begin_at_principal_parts(const arch::Model& model, const arch::Model* source);
  void make_magnitudes(const arch::Model& model);
  void copy_pairs();
  ConstMat compute_view(int64_t offset, int64_t rows, int64_t cols) const;

  DType compute_;
  AdapterConfig config_;
  std::vector<AdapterModule> modules_;
  bool encoder_decoder_, encoder_;
  // Values of A and B, which come first; of all; of what comes last.
  size_t pairs_ = 0, size_ = 0, extras_ = 0;
  Buffer values_, grads_, copies_;
  std::vector<std::unique_ptr<nn::LoraGroup>> groups_;
  std::optional<Magnitudes> magnitudes_;
  SavedModules saved_;
  PrincipalStart start_;
  std::optional<nn::WeightGradients> gradients_;  // of saved modules
  nn::LoraSet set_, beside_integers_;
};

}  // namespace relatum::train
