// A LoRA adapter for a model: its numbers, their views by linear, and their compute copies.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "arch/model.h"
#include "nn/lora.h"
#include "tensor/buffer.h"
#include "train/trainable.h"

namespace relatum::train {

/// Rank and alpha of one linear that differ from the adapter's (PEFT's rank_pattern and so on).
struct OwnRank {
  int64_t rank = 0;
  double alpha = 0;
};

struct AdapterConfig {
  int64_t rank = 16;
  double alpha = 32;
  double dropout = 0.05;
  /// Last parts of linears' names, e.g. "q_proj"; empty or {"all-linear"}: all but the head.
  std::vector<std::string> targets;
  bool rank_stabilised = false;        ///< scale alpha / sqrt(rank) instead of alpha / rank
  std::map<std::string, OwnRank> own;  ///< by a linear's whole name
};

/// One adapted linear, in PEFT's terms: lora_A is R x K, lora_B (here transposed) R x N.
struct AdapterModule {
  std::string name;  ///< e.g. "model.layers.0.self_attn.q_proj"
  int64_t in = 0, out = 0, rank = 0;
  int64_t a_offset = 0, b_offset = 0;  ///< into the flat values
  float scale = 1;                     ///< alpha / rank, or alpha / sqrt(rank)
};

/// What an adapter with these settings consists of: costs no memory for its numbers. Error where
/// a setting cannot be or a target names no linear of the model.
std::vector<AdapterModule> adapter_modules(const arch::Model& model, const AdapterConfig& config);

/// Owns all trainable numbers in one flat array, so that the optimiser and the state file need no
/// structure. The model outlives it and is not touched: passes are given set().
class Adapter final : public Trainable {
 public:
  /// Fresh factors: A uniform in +-1/sqrt(K) (PEFT's Kaiming initialisation), B zero. Error where
  /// a target names no linear of the model.
  Adapter(const arch::Model& model, DType compute, const AdapterConfig& config, uint64_t seed);
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  const AdapterConfig& config() const { return config_; }
  /// What a forward pass is given; it lives as long as the adapter.
  const nn::LoraSet& set() const { return set_; }
  const std::vector<AdapterModule>& modules() const { return modules_; }
  /// Its model has an encoder beside its decoder.
  bool encoder_decoder() const { return encoder_decoder_; }
  std::span<float> values() override { return {values_.as<float>(), size_}; }
  std::span<const float> values() const override { return {values_.as<float>(), size_}; }
  std::span<float> grads() override { return {grads_.as<float>(), size_}; }
  std::span<const float> grads() const { return {grads_.as<float>(), size_}; }
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
  /// Gives memory to gradients; without it the adapter only runs.
  void enable_training() override;
  void zero_grads() override { grads_.zero(); }
  /// Brings the compute copies up to date with values().
  void sync() override;
  const nn::LoraSet* adapter() const override { return &set_; }
  const nn::WeightGradients* weight_gradients() const override { return nullptr; }
  double dropout() const override { return config_.dropout; }
  double operations(const nn::Linear::Part& part) const override;
  void describe(std::vector<NamedValue>& options) const override;
  /// As PEFT does, see save_peft().
  void save(const std::filesystem::path& run, const std::string& base) const override;

 private:
  void initialise(uint64_t seed);
  void make_set(const arch::Model& model);
  ConstMat compute_view(int64_t offset, int64_t rows, int64_t cols) const;

  DType compute_;
  AdapterConfig config_;
  std::vector<AdapterModule> modules_;
  bool encoder_decoder_;
  size_t size_ = 0;
  Buffer values_, grads_, copies_;
  std::vector<std::unique_ptr<nn::LoraGroup>> groups_;
  nn::LoraSet set_;
};

}  // namespace relatum::train
