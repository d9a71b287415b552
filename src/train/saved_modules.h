// Head and embeddings that are an adapter's own: PEFT's modules_to_save.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/model.h"
#include "nn/lora.h"
#include "train/adapter_config.h"

namespace relatum::train {

/// One of them: V x D values. Two that are tied have the same offset.
struct SavedModule {
  std::string name;  ///< "lm_head", "model.embed_tokens", …
  int64_t rows = 0, cols = 0;
  int64_t offset = 0;  ///< into the adapter's flat values
};

/// The modules of the model that an adapter may have whole, by PEFT's names: the head last.
std::vector<std::string> savable_modules(const arch::Model& model);
/// Those that the configuration names, and a tied head where it is to stay tied, in that order.
/// `offset`: where the first begins. Throws Error for a name that stands for no such module.
std::vector<SavedModule> saved_modules(const arch::Model& model, const AdapterConfig& config,
                                       int64_t offset);
/// How many values they are.
int64_t size_of(const std::vector<SavedModule>& modules);

/// What passes read in the place of the network's own head and embeddings.
class SavedModules {
 public:
  SavedModules(std::vector<SavedModule> modules, DType compute);
  SavedModules(const SavedModules&) = delete;
  SavedModules& operator=(const SavedModules&) = delete;

  const std::vector<SavedModule>& modules() const { return modules_; }
  /// Copies the network's own values to where they are trained, in the adapter's `values`, and has
  /// `set` name them.
  void open(const arch::Model& model, float* values, nn::LoraSet& set);
  /// Called when the values have changed.
  void refresh();
  /// What passes read beside the values: a head's copy in another type.
  size_t bytes() const { return head_ ? head_->resident_bytes() : 0; }
  /// Makes the head's products integers, for inference alone.
  void quantise();

 private:
  std::vector<SavedModule> modules_;
  DType compute_;
  Weight embedding_, source_embedding_;
  std::optional<nn::Linear> head_;
};

}  // namespace relatum::train
