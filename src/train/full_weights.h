// All weights of a network, trained themselves.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/model.h"
#include "tensor/buffer.h"
#include "train/trainable.h"

namespace relatum::train {

/// One of them, by its name in Hugging Face's files; a vector has one row.
struct FullTensor {
  std::string name;
  int64_t rows = 0, cols = 0;
  int64_t offset = 0;   ///< into the flat values
  bool vector = false;  ///< has one dimension in files; else two, also where it has one row
};

/// What is trained beside the network's tensors as they are.
struct FullExtras {
  int64_t values = 0;  ///< see Trainable::extras()
  /// Rows that the table of the network's words grows by, each beginning as this token's.
  std::vector<int32_t> words_like{};
};

/// Moves all tensors of the model into one flat array, in f32, where its passes read them from then
/// on. The model outlives it; workers run without an adapter.
class FullWeights final : public Trainable {
 public:
  /// `model` is that of engine::Session::open_weights(). Throws Error that names what cannot be
  /// trained.
  explicit FullWeights(arch::Model& model, const FullExtras& extras = {});
  FullWeights(const FullWeights&) = delete;
  FullWeights& operator=(const FullWeights&) = delete;

  /// Each once, though the head may share the embedding.
  const std::vector<FullTensor>& tensors() const { return tensors_; }
  /// Rows that the first of them, the words' table, has grown by.
  int64_t added_words() const { return added_words_; }
  std::span<float> values() override { return {values_->as<float>(), size_}; }
  std::span<const float> values() const override { return {values_->as<float>(), size_}; }
  std::span<float> grads() override { return {grads_.as<float>(), size_}; }
  std::span<float> extras() override { return values().subspan(size_ - extras_); }
  std::vector<ValueGroup> groups() const override;
  bool trains_weights() const override { return true; }
  void enable_training() override;
  void zero_grads() override { grads_.zero(); }
  void sync() override;
  const nn::LoraSet* adapter() const override { return nullptr; }
  const nn::WeightGradients* weight_gradients() const override {
    return gradients_ ? &*gradients_ : nullptr;
  }
  double dropout() const override { return 0; }
  double operations(const nn::Linear::Part& part) const override {
    return 2 * double(part.weight.size());
  }
  void describe(std::vector<NamedValue>& options) const override;
  /// As a model's folder, see save_full().
  void save(const std::filesystem::path& run, const std::string& base) const override;

 private:
  std::vector<nn::Linear*> linears_;
  std::vector<FullTensor> tensors_;
  size_t size_ = 0, extras_ = 0;
  int64_t added_words_ = 0;
  std::shared_ptr<Buffer> values_;  // also the model's, whose tensors lie there
  Buffer grads_;
  std::optional<nn::WeightGradients> gradients_;
};

}  // namespace relatum::train
